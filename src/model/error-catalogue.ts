import type { ExitCode } from './exit-codes.ts';

interface ErrorDefinition {
  exit: ExitCode;
  /** Whether the same request, or the same command, may succeed later: 'throttle' asks to slow down first. */
  retry: 'no' | 'yes' | 'throttle';
  meaning: string;
  fix: string;
}

/** Every error that a user can meet. The definition is its documentation. */
export const errorCatalogue = {
  INTERNAL: {
    exit: 1,
    retry: 'no',
    meaning: 'Something happened that the program holds to be impossible.',
    fix: 'Report it with the version and the message; no data was acknowledged that is not durable.',
  },
  USAGE: { exit: 2, retry: 'no', meaning: 'The command line is not valid.', fix: 'See `dynaferry <command> --help`.' },
  CONFIG_INVALID: {
    exit: 2,
    retry: 'no',
    meaning: 'migration.yaml or transfer.yaml is not valid.',
    fix: 'The message names line, key, value and what is expected there.',
  },
  POLICY_INVALID: {
    exit: 2,
    retry: 'no',
    meaning: 'The filter or an attribute rule is not valid.',
    fix: 'The message points at the spot.',
  },
  PREFLIGHT: {
    exit: 3,
    retry: 'no',
    meaning: 'A check before the run found something that must be settled first.',
    fix: 'Each finding says what to change; `dynaferry plan` shows them all.',
  },
  CONDITIONS_IGNORED: {
    exit: 3,
    retry: 'no',
    meaning:
      'The staging bucket overwrites objects though the request forbids it (`If-None-Match`): two processes that write one change log would not notice each other.',
    fix: 'Use a service that honours `If-None-Match: *` of PutObject, as S3 does, or a newer version of this one; look for a proxy that takes the header away.',
  },
  KEY_SCHEMA_MISMATCH: {
    exit: 3,
    retry: 'no',
    meaning: 'The target table has another key than the items that the policy lets through.',
    fix: 'Rename or set the key attributes by a rule, or load into a table with the same key.',
  },
  RULE_ON_KEY: {
    exit: 3,
    retry: 'no',
    meaning: 'A rule would drop a key attribute, change its type, or make two keys one.',
    fix: 'Use a rule that keeps uniqueness on key attributes: hash, tokenize, encrypt, or none.',
  },
  EXPORT_TOO_OLD: {
    exit: 3,
    retry: 'no',
    meaning: 'The export was begun before the capture of changes: what was changed in between is in neither.',
    fix: 'Export anew behind a capture: `dynaferry run --live --restart`. Where the source did not change in between, apply with --without-load.',
  },
  LOAD_TOO_LATE: {
    exit: 3,
    retry: 'no',
    meaning: 'Changes were applied since the export began: loading it now would put older items over newer ones.',
    fix: 'Stop `dynaferry apply`, and export anew behind a capture: `dynaferry run --live --restart`.',
  },
  CREDENTIALS_MISSING: {
    exit: 4,
    retry: 'no',
    meaning: 'No credentials were found for a site.',
    fix: 'Set `profile`, `role` or `credentials` of the site in its file, or the AWS_* variables.',
  },
  CREDENTIALS_REJECTED: {
    exit: 4,
    retry: 'no',
    meaning:
      'The service does not know these credentials. Credentials of a global account do not exist in an AWS China region, nor the other way round: AWS answers InvalidAccessKeyId or UnrecognizedClientException.',
    fix: "Check that the site's profile belongs to the partition of its region.",
  },
  CREDENTIALS_EXPIRED: {
    exit: 4,
    retry: 'no',
    meaning: 'The credentials of a site have expired and could not be renewed.',
    fix: 'Sign in again (`aws sso login`, a new session token) and run the same command: it goes on.',
  },
  SIGNATURE_REJECTED: {
    exit: 4,
    retry: 'no',
    meaning: 'The secret access key does not belong to the access key id.',
    fix: 'Check the secret key of the site for missing or extra characters.',
  },
  CLOCK_SKEW: {
    exit: 4,
    retry: 'no',
    meaning: "This machine's clock differs from the service's by more than AWS accepts (15 minutes).",
    fix: 'Set the clock (`timedatectl set-ntp true`).',
  },
  CERTIFICATE_REJECTED: {
    exit: 4,
    retry: 'no',
    meaning:
      'Nobody whom this machine trusts vouches for the certificate of an endpoint or proxy, or it is not valid now.',
    fix: 'Check the endpoint and the clock; where a company signs certificates itself, set caFile of that side, or NODE_EXTRA_CA_CERTS.',
  },
  PROXY_REFUSED: {
    exit: 4,
    retry: 'no',
    meaning: 'The proxy does not let this program through to the endpoint.',
    fix: "Check user and password in the proxy's URL, or have it allow CONNECT to the endpoint.",
  },
  ACCESS_DENIED: {
    exit: 4,
    retry: 'no',
    meaning: 'The credentials lack a permission.',
    fix: 'Allow the IAM action on the resource that the message names.',
  },
  TABLE_NOT_FOUND: {
    exit: 5,
    retry: 'no',
    meaning: 'There is no such table in that region and account.',
    fix: 'Check `table` and `region` of the site.',
  },
  BUCKET_NOT_FOUND: {
    exit: 5,
    retry: 'no',
    meaning: 'There is no such bucket.',
    fix: 'Create it, or check the bucket in `staging` of the site (of a copy: its URL) and `region`.',
  },
  OBJECT_NOT_FOUND: {
    exit: 5,
    retry: 'no',
    meaning: 'An object that should be there is not.',
    fix: 'If a lifecycle rule or a person removed it: at the target, `dynaferry transfer` carries it again; at the source, --restart exports anew.',
  },
  OBJECT_ARCHIVED: {
    exit: 8,
    retry: 'no',
    meaning: 'An object lies in an archive (GLACIER, DEEP_ARCHIVE) and cannot be read before it is restored.',
    fix: 'Restore it (`aws s3api restore-object`), and copy again with --retry-failed.',
  },
  OBJECTS_FAILED: {
    exit: 8,
    retry: 'yes',
    meaning: 'Some objects could not be copied; the rest was.',
    fix: 'Read the file that the message names, settle what it says, and run the same command with --retry-failed.',
  },
  COPY_DIFFERENT: {
    exit: 7,
    retry: 'no',
    meaning: 'A comparison of two buckets found objects that are missing, extra or different.',
    fix: 'Run the same copy without --verify; with --delete where what only the target has is to go.',
  },
  DELETE_REFUSED: {
    exit: 3,
    retry: 'no',
    meaning:
      'Nothing is deleted at the target, since the listing of the source, or of one of its prefixes, is empty or was not complete.',
    fix: 'Check bucket, prefix and filters of the source; copy without --delete where it is meant to be empty.',
  },
  EXPORT_NOT_FOUND: {
    exit: 5,
    retry: 'no',
    meaning: 'There is no export under that prefix.',
    fix: 'Run `dynaferry export` first, or check the prefix.',
  },
  STREAM_GAP: {
    exit: 6,
    retry: 'no',
    meaning:
      'Changes of the source table are lost to the capture: the stream keeps them for 24 hours only, or it was switched off meanwhile.',
    fix: 'Begin anew: `dynaferry capture --restart` first, then an export with --restart; what is at the target is brought up to date by them.',
  },
  CAPTURE_RESTARTED: {
    exit: 9,
    retry: 'yes',
    meaning: 'A newer change log was begun (`--restart`), so nothing more comes in the one that this command followed.',
    fix: 'Run the same command again: it follows the newer log. What applies changes does so once the export is loaded that was made behind the newer capture.',
  },
  DATA_DAMAGED: {
    exit: 6,
    retry: 'no',
    meaning: 'A staged object differs from its checksum, is truncated, or holds another number of items than recorded.',
    fix: 'At the target: delete the object and run `dynaferry transfer`, which carries it again. At the source: run with --restart, which exports anew.',
  },
  MANIFEST_INVALID: {
    exit: 6,
    retry: 'no',
    meaning: 'A manifest cannot be read or does not agree with its own checksum.',
    fix: 'A copied export: copy it again, whole. One of this migration: run with --restart, which exports anew.',
  },
  RULE_REFUSED: {
    exit: 8,
    retry: 'no',
    meaning: 'A rule of the policy could not treat a value of an item, so the item must not leave; it is set aside.',
    fix: 'The message names rule, attribute and reason: mend the item, or give the attribute another rule.',
  },
  POLICY_MISMATCH: {
    exit: 6,
    retry: 'no',
    meaning: 'Staged data was made under another policy than the one in migration.yaml, or under none.',
    fix: 'Export again under this policy, or restore the policy that the data was made with.',
  },
  SOURCE_CHANGED: {
    exit: 6,
    retry: 'no',
    meaning: 'A staged object was replaced while it was being read.',
    fix: 'Nothing but dynaferry may write below the staging prefix; run the command again.',
  },
  VERIFY_DIFFERENT: {
    exit: 7,
    retry: 'no',
    meaning: 'The target is not the policy applied to the source.',
    fix: 'The report lists how many items are missing, extra and different, and where their keys are written.',
  },
  DEAD_LETTERS: {
    exit: 8,
    retry: 'no',
    meaning: 'Some items could not be carried over and were set aside.',
    fix: 'Read the dead letters that the message names (docs/formats/staging.md says how), mend the items or the policy, and run with --restart, which exports anew.',
  },
  ACCOUNTING: {
    exit: 8,
    retry: 'no',
    meaning: 'Items read do not equal items filtered, written, skipped and dead-lettered.',
    fix: 'Do not trust the target; run `dynaferry verify` and report the figures.',
  },
  THROTTLED: {
    exit: 9,
    retry: 'throttle',
    meaning: 'The service asks to slow down.',
    fix: 'Handled by slowing down; if a run gives up on it, lower `limits` or raise the capacity.',
  },
  UNREACHABLE: {
    exit: 9,
    retry: 'yes',
    meaning: 'An endpoint cannot be reached.',
    fix: 'Check the region, `endpoint`, proxy and network; running the same command again goes on.',
  },
  INTERRUPTED_NETWORK: {
    exit: 9,
    retry: 'yes',
    meaning: 'A connection broke, stalled, or delivered less than announced, more often than the retry limit.',
    fix: 'Run the same command again: it goes on.',
  },
  SERVICE_FAILED: {
    exit: 9,
    retry: 'yes',
    meaning: 'The service answered with an error of its own.',
    fix: 'Run the same command again: it goes on.',
  },
  REQUEST_REFUSED: {
    exit: 3,
    retry: 'no',
    meaning: 'The service refused a request as invalid.',
    fix: 'The message names the operation and the service’s error code.',
  },
  LOCKED: {
    exit: 10,
    retry: 'no',
    meaning: 'Another process runs this migration or copy.',
    fix: 'Wait for it, or stop it; `dynaferry status` shows its progress.',
  },
  LOAD_FIRST: {
    exit: 9,
    retry: 'yes',
    meaning: 'Changes wait for the load of the export that they follow.',
    fix: 'Let `dynaferry load` come to its end, then run this again. Where the target holds what the source held when capture began, give --without-load.',
  },
  WAIT_TOO_LONG: {
    exit: 9,
    retry: 'yes',
    meaning: 'The stage before this one has made no progress for too long.',
    fix: 'Run that stage, then this one again.',
  },
  LOCAL_DISK: {
    exit: 11,
    retry: 'no',
    meaning: 'The ledger or a report could not be written on this machine.',
    fix: 'Free disk space or set --state-dir to another place; progress up to the last checkpoint is safe.',
  },
  LOCAL_NODE: {
    exit: 11,
    retry: 'no',
    meaning: 'The Node.js that runs dynaferry is too old for it.',
    fix: 'Install a later Node.js, or call dynaferry with the path of one.',
  },
  LOCAL_JAVA: {
    exit: 11,
    retry: 'no',
    meaning: 'The live demo cannot start DynamoDB Local, which is a Java program.',
    fix: 'Install Java 17 or later (Debian, Ubuntu: `apt-get install default-jre-headless`), or see the demo without --live.',
  },
  INTERRUPTED: {
    exit: 130,
    retry: 'yes',
    meaning: 'Stopped on request.',
    fix: 'Run the same command again: it goes on.',
  },
} as const satisfies Record<string, ErrorDefinition>;

export type ErrorCode = keyof typeof errorCatalogue;
