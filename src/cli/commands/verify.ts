import { Option } from 'commander';
import type { VerifyRequest } from '../../index.ts';
import type { AddCommand } from '../command.ts';
import { moveData } from '../move-data.ts';
import { FILES, age } from '../options.ts';

const EXAMPLES = `Examples:
  dynaferry verify migration.yaml        at any time, with both credentials
  dynaferry verify --settle 5min m.yaml  while the tables are written to
  dynaferry verify --site source m.yaml  the source's half: leaves digests,
  dynaferry transfer m.yaml              which the transfer carries,
  dynaferry verify --site target m.yaml  and which the target compares
`;

/** `dynaferry verify`: whether the target is the policy applied to the source. */
export const verifyCommand: AddCommand = (program, act) => {
  program
    .command('verify')
    .description('compare policy(source) with the target, all items; changes no table; exit code 7 where they differ')
    .argument(...FILES)
    .addOption(
      new Option('--site <site>', "do one site's half, with its credentials alone (default: both)").choices([
        'source',
        'target',
      ]),
    )
    .option(
      '--settle <time>',
      'look at differences again until they settle or have lasted so long (default: 60s with replicate in the file, else 0s: once more)',
      age,
    )
    .addHelpText('before', EXAMPLES)
    .action(
      act((session, files: string[], { site, settle }: VerifyOptions) => {
        const request: VerifyRequest = { ...(site && { site }), ...(settle !== undefined && { settleMs: settle }) };
        return moveData(session, { files, stages: ['verify'], move: (migration) => migration.verify(request) });
      }),
    );
};

interface VerifyOptions {
  site?: 'source' | 'target';
  /** Milliseconds. */
  settle?: number;
}
