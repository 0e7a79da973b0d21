import type { StageName } from '../../index.ts';
import type { AddCommand } from '../command.ts';
import { moveData } from '../move-data.ts';
import { FILES } from '../options.ts';

const EXAMPLES = `Examples:
  dynaferry run migration.yaml       everything; run again after a stop: goes on
  dynaferry run a.yaml b.yaml        several tables; caps hold over all together
  dynaferry run --json m.yaml        one event a line, the last one the summary
  dynaferry run --restart m.yaml     forget an earlier export, begin a new one
  dynaferry run --live m.yaml        of a table in use: changes follow, on and on
`;

const MOVING: readonly StageName[] = ['export', 'transfer', 'load'];
const LIVE: readonly StageName[] = ['capture', ...MOVING, 'transfer-changes', 'apply'];

/** `dynaferry run`: the whole migration. */
export const runCommand: AddCommand = (program, act) => {
  program
    .command('run')
    .description('export, transfer and load side by side, then verify; goes on from where an earlier run stopped')
    .argument(...FILES)
    .option('--restart', 'forget an earlier export and begin a new one (default: go on with it)')
    .option('--skip-verify', 'leave verification out (default: verify all items)')
    .option(
      '--live',
      'capture changes from before the export on and apply them after the load, until Ctrl-C; cutover verifies (default: the table rests)',
    )
    .addHelpText('before', EXAMPLES)
    .action(
      act((session, files: string[], { restart = false, skipVerify = false, live = false }: RunOptions) =>
        moveData(session, {
          files,
          stages: live ? LIVE : skipVerify ? MOVING : [...MOVING, 'verify'],
          move: (migration) => migration.run({ restart, skipVerify, live }),
        }),
      ),
    );
};

interface RunOptions {
  restart?: boolean;
  skipVerify?: boolean;
  live?: boolean;
}
