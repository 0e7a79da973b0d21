/** Exit codes of the command line, each with its meaning. `docs/errors.md` is generated from this table and the error catalogue. */
export const exitCodes = {
  0: 'Done, and everything is accounted for.',
  1: 'A fault in dynaferry itself.',
  2: 'The command line, migration.yaml, transfer.yaml or the policy is not valid.',
  3: 'Preflight refuses: the migration as described would lose, merge or leak data, or cannot work.',
  4: 'Credentials are missing, wrong, expired, or lack a permission.',
  5: 'A table, bucket, export or object does not exist.',
  6: 'Staged data is damaged, truncated, or not what the manifest says.',
  7: 'Verification found differences.',
  8: 'The work is done but not all of it: items were dead-lettered, objects failed or must be restored first, or the sums do not agree.',
  9: 'A service could not be reached or would not serve; running the same command again goes on.',
  10: 'Another process is running this migration or copy.',
  11: 'This machine lacks something: disk space, a file, a permission, a recent Node.js, Java.',
  130: 'Stopped by Ctrl-C; progress is saved and running the same command again goes on.',
} as const;

export type ExitCode = keyof typeof exitCodes;
