import type { AddCommand } from '../command.ts';
import { generate, type GenerateCommandOptions } from '../generate.ts';
import { share, wholeNumber } from '../options.ts';

const EXAMPLES = `Examples:
  dynaferry generate --table user-us --region us-west-2 --create
  dynaferry generate --table user-us --endpoint http://127.0.0.1:8000 --create
  dynaferry generate --items 100 --exotic --out items.jsonl
  dynaferry generate --items 3       {"Item":…} a line, on standard output
`;

/** `dynaferry generate`: fake user profiles to try a migration on. */
export const generateCommand: AddCommand = (program, act) => {
  program
    .command('generate')
    .description(
      'make fake user profiles, in a DynamoDB table or as lines of DynamoDB JSON; the same seed gives the same items',
    )
    .option('--items <count>', 'how many items', wholeNumber(1, 1_000_000_000), 16_000)
    .option('--seed <number>', 'what the items are drawn by', wholeNumber(0, Number.MAX_SAFE_INTEGER), 1)
    .option('--match <share>', 'share of them, 0 to 1, that has the country China', share, 0.2)
    .option('--exotic', 'make one in four odd: all types, deep nesting, 38 digits, near 400 KB (default: plain ones)')
    .option('--table <name>', 'table to write into, with the partition key PK of type S (default: lines instead)')
    .option('--create', 'make the table where it is missing (default: refuse)')
    .option('--region <region>', 'AWS region of the table (default: AWS_REGION)')
    .option('--profile <name>', "AWS profile (default: the AWS CLI's credentials)")
    .option('--endpoint <url>', "DynamoDB endpoint (default: the region's)")
    .option('--out <path>', 'file to write lines into (default: standard output)')
    .addHelpText('before', EXAMPLES)
    .action(act((session, options: GenerateCommandOptions) => generate(session, options)));
};
