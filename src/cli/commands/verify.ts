import { Option } from 'commander';
import type { AddCommand } from '../command.ts';
import { moveData } from '../move-data.ts';
import { FILES } from '../options.ts';

const EXAMPLES = `Examples:
  dynaferry verify migration.yaml        at any time, with both credentials
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
    .addHelpText('before', EXAMPLES)
    .action(
      act((session, files: string[], { site }: { site?: 'source' | 'target' }) =>
        moveData(session, {
          files,
          stages: ['verify'],
          move: (migration) => migration.verify({ ...(site && { site }) }),
        }),
      ),
    );
};
