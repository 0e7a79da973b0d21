import type { AddCommand } from '../command.ts';
import { moveData } from '../move-data.ts';
import { FILES } from '../options.ts';

const EXAMPLES = `Examples:
  dynaferry apply migration.yaml     needs the target's credentials alone
  dynaferry apply --until-caught-up m.yaml      what there is by now, then end
  dynaferry apply --retry-dead-letters m.yaml   when their cause is mended
`;

/** `dynaferry apply`: changes into the target table, in its own process. */
export const applyCommand: AddCommand = (program, act) => {
  program
    .command('apply')
    .description(
      "apply changes that arrive in the target's staging to the target table, until Ctrl-C; waits for the load before",
    )
    .argument(...FILES)
    .option('--until-caught-up', 'end when all that has arrived is applied (default: go on without end)')
    .option('--retry-dead-letters', 'try once more the changes that were set aside (default: leave them)')
    .option(
      '--without-load',
      'no export needs to be loaded: the target holds what the source held (default: wait for it)',
    )
    .addHelpText('before', EXAMPLES)
    .action(
      act((session, files: string[], options: ApplyOptions) =>
        moveData(session, { files, stages: ['apply'], move: (migration) => migration.apply(options) }),
      ),
    );
};

interface ApplyOptions {
  untilCaughtUp?: boolean;
  retryDeadLetters?: boolean;
  withoutLoad?: boolean;
}
