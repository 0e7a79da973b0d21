import type { AddCommand } from '../command.ts';
import { moveData } from '../move-data.ts';
import { FILES } from '../options.ts';

const EXAMPLES = `Examples:
  dynaferry transfer migration.yaml  needs both staging buckets, and no table
  dynaferry transfer --changes m.yaml   changes in place of an export, on and on
`;

/** `dynaferry transfer`: one stage, in its own process. */
export const transferCommand: AddCommand = (program, act) => {
  program
    .command('transfer')
    .description("carry staged objects from the source's staging to the target's; follows an export that still runs")
    .argument(...FILES)
    .option('--changes', 'carry changes as they are captured, until Ctrl-C (default: an export)')
    .option(
      '--until-caught-up',
      'with --changes: end when all that is captured is carried (default: go on without end)',
    )
    .addHelpText('before', EXAMPLES)
    .action(
      act((session, files: string[], { changes = false, untilCaughtUp = false }: TransferOptions) =>
        moveData(session, {
          files,
          stages: [changes ? 'transfer-changes' : 'transfer'],
          move: (migration) => migration.transfer({ changes, untilCaughtUp }),
        }),
      ),
    );
};

interface TransferOptions {
  changes?: boolean;
  untilCaughtUp?: boolean;
}
