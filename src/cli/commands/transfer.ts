import type { AddCommand } from '../command.ts';
import { moveData } from '../move-data.ts';
import { FILES } from '../options.ts';

const EXAMPLES = `Examples:
  dynaferry transfer migration.yaml  needs both staging buckets, and no table
`;

/** `dynaferry transfer`: one stage, in its own process. */
export const transferCommand: AddCommand = (program, act) => {
  program
    .command('transfer')
    .description("carry staged objects from the source's staging to the target's; follows an export that still runs")
    .argument(...FILES)
    .addHelpText('before', EXAMPLES)
    .action(
      act((session, files: string[]) =>
        moveData(session, { files, stages: ['transfer'], move: (migration) => migration.transfer() }),
      ),
    );
};
