import { execFileSync, spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * Installs what the tests run against and npm does not have: Ceph's object gateway, and Java for DynamoDB Local (which itself is
 * a devDependency). Does nothing where all is there.
 */
interface Need {
  command: string;
  aptPackage: string;
}

const needs: Need[] = [
  { command: 'ceph', aptPackage: 'ceph-common' },
  { command: 'ceph-mon', aptPackage: 'ceph-mon' },
  { command: 'ceph-osd', aptPackage: 'ceph-osd' },
  { command: 'radosgw', aptPackage: 'radosgw' },
  { command: 'java', aptPackage: 'default-jre-headless' },
  { command: 'openssl', aptPackage: 'openssl' },
];

const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'].filter((folder) => folder !== '');

function has(command: string): boolean {
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
  console.log(`  ${command.join(' ')}`);
  execFileSync(file, args, { stdio: ['ignore', 'ignore', 'inherit'] });
}

function install(packages: string[], prefix: string[]): void {
  const apt = [...prefix, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-q', '-o', 'Acquire::Retries=3'];
  run([...apt, 'update']);
  run([...apt, 'install', '-y', '--no-install-recommends', ...packages]);
}

function main(): void {
  const missing = needs.filter(({ command }) => !has(command));
  if (missing.length === 0) return;
  const packages = missing.map(({ aptPackage }) => aptPackage);
  console.log(`Tests need ${missing.map(({ command }) => command).join(', ')}: installing ${packages.join(', ')}`);
  const prefix = rootPrefix();
  if (!has('apt-get') || prefix === undefined) {
    const lacking = has('apt-get')
      ? 'root is needed (neither root nor sudo without a password)'
      : 'there is no apt-get';
    console.error(
      `Cannot install: ${lacking}. Provide the commands ${missing.map(({ command }) => command).join(', ')}`,
    );
    console.error(`yourself; on Debian or Ubuntu: apt-get install --no-install-recommends ${packages.join(' ')}`);
    process.exitCode = 1;
    return;
  }
  install(packages, prefix);
  const stillMissing = needs.filter(({ command }) => !has(command)).map(({ command }) => command);
  if (stillMissing.length === 0) return;
  console.error(`Installed, but still not found: ${stillMissing.join(', ')}`);
  process.exitCode = 1;
}

main();
