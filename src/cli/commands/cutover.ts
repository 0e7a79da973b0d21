import type { AddCommand } from '../command.ts';
import { moveData } from '../move-data.ts';
import { FILES } from '../options.ts';

const EXAMPLES = `Examples:
  dynaferry cutover migration.yaml   when nothing writes to the source any more
`;

/** `dynaferry cutover`: whether it is safe to switch to the target. */
export const cutoverCommand: AddCommand = (program, act) => {
  program
    .command('cutover')
    .description(
      'wait until all that was written to the source is at the target, verify, and say that it is safe to switch; replication by another process goes on',
    )
    .argument(...FILES)
    .addHelpText('before', EXAMPLES)
    .action(
      act((session, files: string[]) =>
        moveData(session, {
          files,
          stages: ['capture', 'transfer-changes', 'apply', 'verify'],
          move: (migration) => migration.cutover(),
        }),
      ),
    );
};
