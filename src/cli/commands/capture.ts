import type { AddCommand } from '../command.ts';
import { moveData } from '../move-data.ts';
import { FILES, eachOf } from '../options.ts';

const EXAMPLES = `Examples:
  dynaferry capture migration.yaml    needs the source's credentials alone
  dynaferry capture --until-caught-up m.yaml   what there is by now, then end
  dynaferry capture --restart m.yaml  begin anew; an export must follow
  dynaferry capture --from s3://exports/AWSDynamoDB/<id>/ m.yaml   no stream
`;

/** `dynaferry capture`: changes of the source table, in its own process. */
export const captureCommand: AddCommand = (program, act) => {
  program
    .command('capture')
    .description(
      "filter and mask changes of the source table and stage them in the source's bucket, until Ctrl-C; goes on from where it stopped",
    )
    .argument(...FILES)
    .option('--restart', 'forget an earlier capture and begin a new one (default: go on with it)')
    .option('--until-caught-up', 'end when all changes up to now are staged (default: go on without end)')
    .option(
      '--from <uri>',
      'take an incremental export by DynamoDB in place of the stream; again for further ones (default: the stream)',
      eachOf,
    )
    .addHelpText('before', EXAMPLES)
    .action(
      act((session, files: string[], options: CaptureOptions) =>
        moveData(session, { files, stages: ['capture'], move: (migration) => migration.capture(options) }),
      ),
    );
};

interface CaptureOptions {
  restart?: boolean;
  untilCaughtUp?: boolean;
  from?: string[];
}
