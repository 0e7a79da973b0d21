import type { AddCommand } from '../command.ts';
import { share, wholeNumber } from '../options.ts';
import { demo, type DemoCommandOptions } from '../demo.ts';

const EXAMPLES = `Examples:
  dynaferry demo                     a table moved between two sites, in seconds
  dynaferry demo --live              while an application changes it; needs Java
  dynaferry demo --keep              leave the sites up, to look at them
  dynaferry demo --items 200000      a larger table
`;

/** `dynaferry demo`: the whole job with nothing set up. */
export const demoCommand: AddCommand = (program, act) => {
  program
    .command('demo')
    .description(
      'see the whole job on this machine: two sites on loopback, generated items, inspect, plan, run, verify',
    )
    .option(
      '--items <count>',
      'items in the source table (default: 16000, with --live 5000)',
      wholeNumber(1, 10_000_000),
    )
    .option('--match <share>', 'share of them, 0 to 1, that the filter lets pass', share, 0.2)
    .option('--seed <number>', 'what the items are drawn by', wholeNumber(0, Number.MAX_SAFE_INTEGER), 1)
    .option(
      '--live',
      'change the table while it is moved, replicate, cut over; needs Java and a clone of the project (default: the table rests)',
    )
    .option('--keep', 'leave the sites up until Ctrl-C, and print how to look at them (default: drop them)')
    .addHelpText('before', EXAMPLES)
    .action(act((session, options: DemoCommandOptions) => demo(session, options)));
};
