import { fileURLToPath } from 'node:url';
import { accessKey } from '../messages.ts';
import { SOURCE_BUCKET, TARGET_BUCKET } from './data-sets.ts';

type AccessKey = typeof accessKey;

/** What is to be copied: all objects below the prefix, to the same keys. */
export interface CopyJob {
  endpoints: { source: string; target: string };
  /** Ends with `/`. */
  prefix: string;
}

export interface Command {
  file: string;
  args: string[];
  env: Record<string, string>;
}

/** A program that copies, with its settings. */
export interface Tool {
  name: string;
  command: (job: CopyJob) => Command;
}

const PATH = process.env['PATH'] ?? '';
const fileOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** rclone with the least that it needs to know, and what is said besides. Its sites come from the environment, so that no file of the user's is read. */
export function rclone(name: string, settings: readonly string[] = []): Tool {
  return {
    name,
    command: ({ endpoints, prefix }) => ({
      file: 'rclone',
      args: [
        'copy',
        `src:${SOURCE_BUCKET}/${prefix}`,
        `tgt:${TARGET_BUCKET}/${prefix}`,
        '--config',
        '',
        '--s3-no-check-bucket',
        '--quiet',
        ...settings,
      ],
      env: { PATH, ...rcloneRemote('SRC', endpoints.source), ...rcloneRemote('TGT', endpoints.target) },
    }),
  };
}

/** One of rclone's sites as variables of its environment. */
export function rcloneRemote(name: string, endpoint: string, key: AccessKey = accessKey): Record<string, string> {
  const variables = {
    TYPE: 's3',
    // For 'AWS' it would put buckets into host names, whatever it is told.
    PROVIDER: 'Minio',
    ENDPOINT: endpoint,
    REGION: 'us-east-1',
    ACCESS_KEY_ID: key.accessKeyId,
    SECRET_ACCESS_KEY: key.secretAccessKey,
  };
  return Object.fromEntries(Object.entries(variables).map(([key_, value]) => [`RCLONE_CONFIG_${name}_${key_}`, value]));
}

/** GetObject's stream into Upload of @aws-sdk/lib-storage, so many objects at once. */
export function sdkLoop(name: string, objectsAtOnce: number): Tool {
  return {
    name,
    command: ({ endpoints, prefix }) => ({
      file: process.execPath,
      args: [fileOf('./sdk-loop/main.ts'), endpoints.source, endpoints.target, prefix, String(objectsAtOnce)],
      env: { PATH, ...keyVariables(''), AWS_CONFIG_FILE: '/dev/null', AWS_SHARED_CREDENTIALS_FILE: '/dev/null' },
    }),
  };
}

/** The command line as it is built, so that what is measured is what people run. */
export function dynaferry(
  name: string,
  settings: readonly string[] = [],
  keys: { source: AccessKey; target: AccessKey } = { source: accessKey, target: accessKey },
): Tool {
  return {
    name,
    command: ({ endpoints, prefix }) => ({
      file: process.execPath,
      args: [
        fileOf('../../dist/cli/main.js'),
        'copy',
        `s3://${SOURCE_BUCKET}/${prefix}`,
        `s3://${TARGET_BUCKET}/${prefix}`,
        `--source-endpoint=${endpoints.source}`,
        `--target-endpoint=${endpoints.target}`,
        '--source-region=us-west-2',
        '--target-region=cn-north-1',
        '--source-credentials=env:SRC_',
        '--target-credentials=env:TGT_',
        ...settings,
      ],
      env: { PATH, ...keyVariables('SRC_', keys.source), ...keyVariables('TGT_', keys.target) },
    }),
  };
}

function keyVariables(prefix: string, key: AccessKey = accessKey): Record<string, string> {
  return {
    [`${prefix}AWS_ACCESS_KEY_ID`]: key.accessKeyId,
    [`${prefix}AWS_SECRET_ACCESS_KEY`]: key.secretAccessKey,
  };
}
