import { execFileSync, spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A command, or the path of a file, and the Debian package that brings it. */
export interface Need {
  command: string;
  aptPackage: string;
}

const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'].filter((folder) => folder !== '');

function has(command: string): boolean {
  if (command.startsWith('/')) return existsSync(command);
  return folders.some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** What to put in front of a command that needs root; undefined where root is out of reach. */
function rootPrefix(): string[] | undefined {
  if (process.getuid?.() === 0) return [];
  // -n: a password prompt would hang where nobody sits.
  return has('sudo') && spawnSync('sudo', ['-n', 'true']).status === 0 ? ['sudo', '-n'] : undefined;
}

function run(command: string[]): void {
  const [file, ...args] = command;
  console.error(`  ${command.join(' ')}`);
  execFileSync(file, args, { stdio: ['ignore', 'ignore', 'inherit'] });
}

function install(packages: string[], prefix: string[]): void {
  const apt = [...prefix, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-q', '-o', 'Acquire::Retries=3'];
  run([...apt, 'update']);
  run([...apt, 'install', '-y', '--no-install-recommends', ...packages]);
}

/** Installs what is missing. Says why on standard error, and returns false, where it cannot. */
export function provide(who: string, needs: readonly Need[]): boolean {
  const missing = needs.filter(({ command }) => !has(command));
  if (missing.length === 0) return true;
  const packages = missing.map(({ aptPackage }) => aptPackage);
  const commands = missing.map(({ command }) => command).join(', ');
  console.error(`${who} need ${commands}: installing ${packages.join(', ')}`);
  const prefix = rootPrefix();
  if (!has('apt-get') || prefix === undefined) {
    const lacking = has('apt-get')
      ? 'root is needed (neither root nor sudo without a password)'
      : 'there is no apt-get';
    console.error(`Cannot install: ${lacking}. Provide ${commands}`);
    console.error(`yourself; on Debian or Ubuntu: apt-get install --no-install-recommends ${packages.join(' ')}`);
    return false;
  }
  install(packages, prefix);
  const stillMissing = needs.filter(({ command }) => !has(command)).map(({ command }) => command);
  if (stillMissing.length > 0) console.error(`Installed, but still not found: ${stillMissing.join(', ')}`);
  return stillMissing.length === 0;
}
