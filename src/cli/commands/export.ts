import type { AddCommand } from '../command.ts';
import { moveData } from '../move-data.ts';
import { FILES } from '../options.ts';

const EXAMPLES = `Examples:
  dynaferry export migration.yaml    needs the source's credentials alone
  dynaferry export --restart m.yaml  begin a new export
`;

/** `dynaferry export`: one stage, in its own process. */
export const exportCommand: AddCommand = (program, act) => {
  program
    .command('export')
    .description("filter and mask the source and stage it in the source's bucket; goes on from where it stopped")
    .argument(...FILES)
    .option('--restart', 'forget an earlier export and begin a new one (default: go on with it)')
    .addHelpText('before', EXAMPLES)
    .action(
      act((session, files: string[], { restart = false }: { restart?: boolean }) =>
        moveData(session, { files, stages: ['export'], move: (migration) => migration.export({ restart }) }),
      ),
    );
};
