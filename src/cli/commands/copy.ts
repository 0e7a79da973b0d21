import type { AddCommand } from '../command.ts';
import type { CopyFlags } from '../copy/flags.ts';
import { eachOf } from '../options.ts';

const EXAMPLES = `Examples:
  dynaferry copy s3://acme-us/data/ s3://acme-cn/data/ \\
    --source-profile global --target-profile china
  dynaferry copy transfer.yaml                 what the file says; again: goes on
  dynaferry copy transfer.yaml --dry-run       what would be copied, and why
  dynaferry copy transfer.yaml --verify        compare both sides, copy nothing
  dynaferry copy transfer.yaml --retry-failed  what failed last time
  dynaferry copy transfer.yaml --every 10m     again and again, one at a time
  dynaferry copy s3://a/ s3://b/ --include 'logs/**' --exclude '**/*.tmp' \\
    --newer-than 7d --bandwidth '50 Mbit/s'
`;

/** `dynaferry copy`: objects from any bucket to any bucket. */
export const copyCommand: AddCommand = (program, act) => {
  program
    .command('copy')
    .description(
      'copy objects from bucket to bucket, and know that they are right; options stand over what the file says',
    )
    .argument('<source>', 's3://bucket/prefix, or a transfer.yaml')
    .argument('[target]', 's3://bucket/prefix, where the source is one')
    .option('--source-profile <name>', "AWS profile of the source (default: the AWS CLI's credentials)")
    .option('--target-profile <name>', "AWS profile of the target (default: the AWS CLI's credentials)")
    .option('--source-region <region>', "region of the source (default: the profile's, or AWS_REGION)")
    .option('--target-region <region>', "region of the target (default: the profile's, or AWS_REGION)")
    .option('--source-endpoint <url>', "S3 endpoint of the source (default: the region's)")
    .option('--target-endpoint <url>', "S3 endpoint of the target (default: the region's)")
    .option('--source-credentials <env:PREFIX_>', 'variables with the credentials, such as env:SOURCE_')
    .option('--target-credentials <env:PREFIX_>', 'variables with the credentials, such as env:TARGET_')
    .option('--anonymous-source', 'sign nothing at the source, for public buckets (default: sign)')
    .option('--request-payer', 'pay for requests to the source, as its bucket demands (default: do not)')
    .option('--include <pattern>', 'copy only keys that match: * ** ? [a-z] {a,b}; repeatable (default: all)', eachOf)
    .option('--exclude <pattern>', 'leave out keys that match; repeatable (default: none)', eachOf)
    .option('--newer-than <age|time>', 'only objects modified since: 7d, 12h, 2026-01-31 (default: all)')
    .option('--older-than <age|time>', 'only objects modified before (default: all)')
    .option('--min-size <size>', 'only objects of this size or more, such as 1 KB (default: all)')
    .option('--max-size <size>', 'only objects of this size or less, such as 5 GB (default: all)')
    .option('--compare <mode>', 'what makes an object differ: etag, size, mtime, checksum, missing (default: etag)')
    .option('--delete', 'delete objects of the target that the source does not have (default: leave them)')
    .option('--storage-class <class>', "storage class at the target (default: the source's)")
    .option('--acl <acl>', "canned ACL at the target, such as bucket-owner-full-control (default: the bucket's)")
    .option('--sse <kind>', "encryption: AES256, kms or kms:<key> (default: the bucket's)")
    .option('--bandwidth <rate>', 'bandwidth to use at most, such as 50 Mbit/s (default: no cap)')
    .option('--connections <n|min-max>', 'connections to use (default: found by itself, 4-256)')
    .option('--part-size <size>', "size of parts, a multiple of 5 MiB (default: by the object's size)")
    .option('--dry-run', 'show what would be copied, why, how much and how long; change nothing')
    .option('--verify', 'compare both sides by checksums, copy nothing; exit code 7 where they differ')
    .option('--retry-failed', 'copy the objects that failed last time, and no others')
    .option('--abort-stale [age]', 'abort unfinished uploads at the target that are older (7d where no age is given)')
    .option('--every <time>', 'run now and then every 10m, 6h, 1d, until Ctrl-C (default: once)')
    .option('--cron <pattern>', "run at '0 2 * * *' and so on, until Ctrl-C (default: once)")
    .option('--time-zone <zone>', "zone that --cron counts in, such as Asia/Shanghai (default: this machine's)")
    .option('--watch', 'run again 10 s after each run, until Ctrl-C (default: once)')
    .addHelpText('before', EXAMPLES)
    .action(
      act(async (session, source: string, target: string | undefined, flags: CopyFlags) => {
        const { copyBuckets } = await import('../copy/copy-buckets.ts');
        return copyBuckets(session, [source, target], flags);
      }),
    );
};
