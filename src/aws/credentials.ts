import { fromNodeProviderChain, fromTemporaryCredentials } from '@aws-sdk/credential-providers';
import type { ErrorCode } from '../model/error-catalogue.ts';
import { DynaferryError } from '../model/errors.ts';
import type { Credentials } from './signer.ts';

/** Where a site's credentials come from. Without any setting: the default chain of the AWS CLI. */
export interface CredentialSource {
  region: string;
  /** A profile of ~/.aws/config or ~/.aws/credentials: keys, SSO, a process, a role. */
  profile?: string;
  /** Prefix of the three AWS_* variables, for a second set of them in one environment: `CHINA_` reads CHINA_AWS_ACCESS_KEY_ID and so on. */
  environmentPrefix?: string;
  /** A role to assume with the credentials above. */
  role?: { arn: string; externalId?: string; sessionName?: string };
}

/** Gives credentials that are valid now; renews them when they near their end, or when `refresh` says that the service refused them as expired. */
export type CredentialProvider = (options?: { refresh?: boolean }) => Promise<Credentials>;

/** Renew this long before the end, so that no request is signed with credentials that expire on the way. */
const RENEW_BEFORE_MS = 5 * 60_000;

interface ExpiringCredentials extends Credentials {
  expiration?: Date;
}

/** Variables that credentials can be read from. */
export type CredentialEnvironment = Readonly<Record<string, string | undefined>>;

/**
 * Resolves credentials once for all requests that wait for them, and again before they expire. `env` is where a prefix is looked up; the default chain
 * reads the process's own environment.
 */
export function credentialProvider(
  site: string,
  source: CredentialSource,
  env: CredentialEnvironment = process.env,
): CredentialProvider {
  let current: ExpiringCredentials | undefined;
  let pending: Promise<Credentials> | undefined;
  const resolve = async (refused: boolean): Promise<Credentials> => {
    try {
      // A fresh chain each time: the SDK's memoised one would hand out what the service just refused.
      current = await chain(source, env)();
      return current;
    } catch (error) {
      // Renewal begins early: while what is there still holds, a failure of it may pass.
      const expiresMs = current?.expiration?.getTime() ?? 0;
      if (!refused && current !== undefined && expiresMs > Date.now()) return current;
      // Who gave credentials before is right; where it cannot be reached, the link is down, which comes back.
      if (current !== undefined && isUnreachable(error)) throw unreachable(site, source, error);
      throw missing(site, source, error);
    } finally {
      pending = undefined;
    }
  };
  return async (options) => {
    const expiresMs = current?.expiration?.getTime() ?? Infinity;
    if (current !== undefined && options?.refresh !== true && expiresMs - Date.now() > RENEW_BEFORE_MS) return current;
    pending ??= resolve(options?.refresh === true);
    return pending;
  };
}

function chain(source: CredentialSource, env: CredentialEnvironment): () => Promise<ExpiringCredentials> {
  const base = source.environmentPrefix === undefined ? nodeChain(source) : fromPrefix(source.environmentPrefix, env);
  if (source.role === undefined) return base;
  // STS in the site's own region: the SDK's default is us-east-1, which knows nobody in China.
  return fromTemporaryCredentials({
    masterCredentials: base,
    params: {
      RoleArn: source.role.arn,
      RoleSessionName: source.role.sessionName ?? 'dynaferry',
      ExternalId: source.role.externalId,
    },
    clientConfig: { region: source.region },
  });
}

/**
 * The region is told as a client tells it, which is how STS gets it (profiles with a role, web identity). `clientConfig` would give it to
 * IAM Identity Center too, in place of the profile's `sso_region` (https://github.com/aws/aws-sdk-js-v3/issues/6864).
 */
function nodeChain(source: CredentialSource): () => Promise<ExpiringCredentials> {
  const provider = fromNodeProviderChain(source.profile === undefined ? {} : { profile: source.profile });
  return () => provider({ callerClientConfig: { region: async () => source.region } });
}

function fromPrefix(prefix: string, env: CredentialEnvironment): () => Promise<ExpiringCredentials> {
  return async () => {
    const accessKeyId = env[`${prefix}AWS_ACCESS_KEY_ID`];
    const secretAccessKey = env[`${prefix}AWS_SECRET_ACCESS_KEY`];
    const sessionToken = env[`${prefix}AWS_SESSION_TOKEN`];
    if (!accessKeyId || !secretAccessKey)
      throw new Error(`${prefix}AWS_ACCESS_KEY_ID or ${prefix}AWS_SECRET_ACCESS_KEY is not set`);
    return { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) };
  };
}

const NETWORK_ERRORS = new Set([
  'ENOTFOUND',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EPIPE',
]);

/** Whether it is that nobody answered, or answered with a fault of its own, as the SDK tells it. */
function isUnreachable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code, $metadata } = error as { code?: unknown; $metadata?: { httpStatusCode?: number } };
  if (error.name === 'TimeoutError' || NETWORK_ERRORS.has(String(code))) return true;
  return ($metadata?.httpStatusCode ?? 0) >= 500 || isUnreachable(error.cause);
}

function unreachable(site: string, source: CredentialSource, error: unknown): DynaferryError {
  const reason = error instanceof Error ? error.message : 'unknown reason';
  return new DynaferryError(
    'UNREACHABLE',
    `${site}: credentials from ${placeOf(source)} cannot be renewed: ${reason}`,
    {
      cause: error,
    },
  );
}

/** For messages. */
function placeOf(source: CredentialSource): string {
  const where =
    source.environmentPrefix !== undefined
      ? `the environment variables ${source.environmentPrefix}AWS_ACCESS_KEY_ID and ${source.environmentPrefix}AWS_SECRET_ACCESS_KEY`
      : source.profile !== undefined
        ? `profile '${source.profile}'`
        : 'the default credential chain';
  return source.role === undefined ? where : `${where}, assuming ${source.role.arn}`;
}

function missing(site: string, source: CredentialSource, error: unknown): DynaferryError {
  // The provider's own message names files and profiles, which helps, and no secret.
  const reason = error instanceof Error ? error.message : 'unknown reason';
  return new DynaferryError(codeOf(error, reason), `${site}: no credentials from ${placeOf(source)}: ${reason}`, {
    cause: error,
  });
}

/** STS tells apart by its own codes what the chain only fails to give (https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html). */
function codeOf(error: unknown, reason: string): ErrorCode {
  if (/expired|sso login/i.test(reason))
    return /^signature expired/i.test(reason) ? 'CLOCK_SKEW' : 'CREDENTIALS_EXPIRED';
  switch (error instanceof Error ? error.name : '') {
    case 'InvalidClientTokenId':
    case 'UnrecognizedClientException':
      return 'CREDENTIALS_REJECTED';
    case 'AccessDenied':
    case 'AccessDeniedException':
      return 'ACCESS_DENIED';
    case 'SignatureDoesNotMatch':
      return /not yet current/i.test(reason) ? 'CLOCK_SKEW' : 'SIGNATURE_REJECTED';
    default:
      return 'CREDENTIALS_MISSING';
  }
}
