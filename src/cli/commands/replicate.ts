import type { AddCommand } from '../command.ts';
import { moveData } from '../move-data.ts';
import { FILES } from '../options.ts';

const EXAMPLES = `Examples:
  dynaferry replicate migration.yaml            from where it stopped, on and on
  dynaferry replicate --until-caught-up m.yaml  what was written by now, then end
`;

/** `dynaferry replicate`: changes only, all their stages in one process. */
export const replicateCommand: AddCommand = (program, act) => {
  program
    .command('replicate')
    .description('capture, transfer and apply changes side by side, until Ctrl-C; goes on from where it stopped')
    .argument(...FILES)
    .option('--until-caught-up', 'end when all that was written before is at the target (default: go on without end)')
    .option(
      '--without-load',
      'no export needs to be loaded: the target holds what the source held (default: wait for it)',
    )
    .addHelpText('before', EXAMPLES)
    .action(
      act((session, files: string[], options: ReplicateOptions) =>
        moveData(session, {
          files,
          stages: ['capture', 'transfer-changes', 'apply'],
          move: (migration) => migration.replicate(options),
        }),
      ),
    );
};

interface ReplicateOptions {
  untilCaughtUp?: boolean;
  withoutLoad?: boolean;
}
