import type { AddCommand } from '../command.ts';
import { moveData } from '../move-data.ts';
import { FILES } from '../options.ts';

const EXAMPLES = `Examples:
  dynaferry load migration.yaml      needs the target's credentials alone
`;

/** `dynaferry load`: one stage, in its own process. */
export const loadCommand: AddCommand = (program, act) => {
  program
    .command('load')
    .description(
      "load what has arrived in the target's staging into the target table; follows a transfer that still runs",
    )
    .argument(...FILES)
    .addHelpText('before', EXAMPLES)
    .action(
      act((session, files: string[]) =>
        moveData(session, { files, stages: ['load'], move: (migration) => migration.load() }),
      ),
    );
};
