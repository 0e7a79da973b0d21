import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { DynaferryError } from '../model/errors.ts';
import type { Action, ActWith, AddCommand } from './command.ts';
import { applyCommand } from './commands/apply.ts';
import { captureCommand } from './commands/capture.ts';
import { copyCommand } from './commands/copy.ts';
import { cutoverCommand } from './commands/cutover.ts';
import { demoCommand } from './commands/demo.ts';
import { exportCommand } from './commands/export.ts';
import { generateCommand } from './commands/generate.ts';
import { inspectCommand } from './commands/inspect.ts';
import { loadCommand } from './commands/load.ts';
import { planCommand } from './commands/plan.ts';
import { replicateCommand } from './commands/replicate.ts';
import { runCommand } from './commands/run.ts';
import { statusCommand } from './commands/status.ts';
import { transferCommand } from './commands/transfer.ts';
import { verifyCommand } from './commands/verify.ts';
import { reportFailure } from './failure.ts';
import { Session, type GlobalOptions } from './session.ts';

const EXAMPLES = `Examples:
  dynaferry demo                     the whole job on this machine
  dynaferry inspect migration.yaml   what is in the source table
  dynaferry plan migration.yaml      dry run: check both sites, show the effect
  dynaferry run migration.yaml       do it; after a stop, the same again goes on
  dynaferry run a.yaml b.yaml        several migrations, under common limits
  dynaferry run --live m.yaml        of a table in use: changes follow
  dynaferry cutover m.yaml           is all of it there? is it safe to switch?
  dynaferry status migration.yaml    where it stands
  dynaferry copy transfer.yaml       objects from any bucket to any bucket
`;

const commands: readonly AddCommand[] = [
  inspectCommand,
  planCommand,
  runCommand,
  exportCommand,
  transferCommand,
  loadCommand,
  captureCommand,
  applyCommand,
  replicateCommand,
  cutoverCommand,
  verifyCommand,
  copyCommand,
  statusCommand,
  generateCommand,
  demoCommand,
];

/** Runs one command line and resolves with the exit code. `check` throws where this machine cannot run it. */
export async function runProgram(args: readonly string[], check: () => void = () => undefined): Promise<number> {
  let exitCode = 0;
  // What goes wrong before options are parsed has to be told in the right form too.
  let session = new Session({ json: args.includes('--json'), color: !args.includes('--no-color') });
  session.watchStreams();
  // What nobody awaited leaves the process in a state that nobody knows.
  process.once('uncaughtException', (error) => process.exit(reportFailure(session, error)));
  const act: ActWith = (action) => {
    const perform = action as Action<unknown[]>;
    return async (...given) => {
      const command = given.at(-1) as Command;
      session = new Session(command.optsWithGlobals<GlobalOptions>());
      exitCode = await perform(session, ...given.slice(0, -1));
    };
  };
  try {
    check();
    await makeProgram(act).parseAsync(args, { from: 'user' });
  } catch (error) {
    exitCode = error instanceof CommanderError ? shownBy(error) : reportFailure(session, error);
  } finally {
    session.close();
  }
  return exitCode;
}

/** The program with all its commands, each of which does what `act` makes of it. */
export function makeProgram(act: ActWith): Command {
  const program = new Command('dynaferry')
    .description(
      'Moves DynamoDB tables between sites that AWS does not connect: filtered, masked, staged in S3, loaded and verified.',
    )
    .version(packageVersion(), '--version', 'print the version')
    .helpOption('-h, --help', 'show this help')
    .helpCommand(false)
    .option('--json', 'print one JSON event a line on standard output, the last one being the result (default: text)')
    .option('--state-dir <folder>', 'where ledgers are kept (default: .dynaferry beside the migration file)')
    .option('--no-color', 'no colours; also by the environment variable NO_COLOR')
    .configureHelp({ showGlobalOptions: true, sortSubcommands: false })
    .configureOutput({ outputError: () => undefined })
    .addHelpText('before', EXAMPLES);
  refuseBadUsage(program);
  for (const add of commands) add(program, act);
  for (const command of program.commands) refuseBadUsage(command);
  return program;
}

/** Turns commander's complaints into errors of ours; help and version come through as they are. */
function refuseBadUsage(command: Command): void {
  command.exitOverride((error) => {
    if (error.exitCode === 0 || error.code === 'commander.help') throw error;
    const [message, hint] = error.message.replace(/^error: /, '').split('\n');
    const path = command.parent === null ? 'dynaferry' : `dynaferry ${command.name()}`;
    throw new DynaferryError('USAGE', hint === undefined ? message : `${message} ${hint}`, {
      fix: `See \`${path} --help\`.`,
    });
  });
}

/** Help and version are on screen by now; help that nobody asked for means that the command was missing. */
function shownBy(error: CommanderError): number {
  return error.code === 'commander.help' ? 2 : error.exitCode;
}

function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
