import type { SecureContext } from 'node:tls';
import { partitionOf, serviceUrl } from './partition.ts';
import { DynaferryError } from '../model/errors.ts';
import { parseProxy, proxyFromEnvironment } from './proxy.ts';
import type { Route } from './route.ts';
import { trustWith } from './trust.ts';
import {
  credentialProvider,
  type CredentialEnvironment,
  type CredentialProvider,
  type CredentialSource,
} from './credentials.ts';

/** One side of a migration as the user describes it: partition (by its region), credentials and endpoints. */
export interface SiteSettings extends CredentialSource {
  region: string;
  /** Other endpoints than the public ones: emulators, VPC endpoints. */
  endpoint?: { dynamodb?: string; s3?: string; streams?: string };
  /** Requests are not signed: for buckets that are open to everyone. DynamoDB has nothing of the kind. */
  anonymous?: boolean;
  /** Whoever asks pays for requests and traffic, as a bucket may demand that is not one's own. */
  requestPayer?: boolean;
  /** A PEM file with the certificates of those who sign for this side's endpoints and proxy, besides those whom Node trusts anyway. */
  caFile?: string;
  /**
   * `http://` or `https://` URL of a proxy that opens tunnels, with `user:password@` where it asks for them; or `env:NAME`, for a variable that holds one. Where absent, HTTPS_PROXY, HTTP_PROXY and
   * NO_PROXY hold as they do for the AWS CLI; where given, they are not looked at.
   *
   * Requests of the credential chain (STS, IAM Identity Center, instance metadata) are the SDK's: neither `proxy` nor the variables nor `caFile` hold for them. Where
   * those cannot be reached directly, get the credentials otherwise: keys, or a `credential_process` that goes its own way.
   */
  proxy?: string;
  /** Whether the bucket is named in the path and not in the host; where absent: at an endpoint of one's own. */
  pathStyle?: boolean;
}

/** One side of a migration, ready to be talked to. */
export interface Site {
  /** How messages call it. */
  role: 'source' | 'target';
  region: string;
  partitionId: string;
  dynamodbUrl: string;
  /** Of DynamoDB Streams, which has a host of its own; at an emulator it is the same. */
  streamsUrl: string;
  s3Url: string;
  /** Services at an endpoint of one's own are addressed with the bucket in the path. */
  s3PathStyle: boolean;
  credentials: CredentialProvider;
  /** Requests are not signed, and credentials are never asked for. */
  isAnonymous?: boolean;
  /** S3 requests say that we pay for them. */
  requestPayer?: boolean;
  /** How an endpoint is reached; directly where absent. Throws CONFIG_INVALID where proxy or CA file are not what they should be. */
  route?: (endpoint: string) => Route;
}

/**
 * Nothing is contacted or read yet; credentials are resolved on first use, those with a prefix from `env`, and so is the CA file: another machine may run
 * the other side. Throws CONFIG_INVALID where `proxy` is no URL of one.
 */
export function openSite(
  role: 'source' | 'target',
  settings: SiteSettings,
  env: CredentialEnvironment = process.env,
): Site {
  const { region, endpoint } = settings;
  return {
    role,
    region,
    partitionId: partitionOf(region).id,
    dynamodbUrl: endpoint?.dynamodb ?? serviceUrl('dynamodb', region),
    streamsUrl: endpoint?.streams ?? endpoint?.dynamodb ?? serviceUrl('streams.dynamodb', region),
    s3Url: endpoint?.s3 ?? serviceUrl('s3', region),
    s3PathStyle: settings.pathStyle ?? endpoint?.s3 !== undefined,
    credentials: credentialProvider(role, settings, env),
    isAnonymous: settings.anonymous === true,
    requestPayer: settings.requestPayer === true,
    route: routes(role, settings, env),
  };
}

function routes(
  role: string,
  { caFile, proxy }: SiteSettings,
  env: CredentialEnvironment,
): (endpoint: string) => Route {
  const own = proxy === undefined ? undefined : parseProxy(`${role}: proxy`, proxyUrl(role, proxy, env));
  let secureContext: SecureContext | undefined;
  return (endpoint) => {
    // One for all: it takes longer to make than a connection.
    if (caFile !== undefined) secureContext ??= trustWith(`${role}: caFile`, caFile);
    return { secureContext, proxy: own ?? proxyFromEnvironment(role, new URL(endpoint), env) };
  };
}

/** Settings that people keep in files hold no password: they name the variable that has the URL. */
function proxyUrl(role: string, proxy: string, env: CredentialEnvironment): string {
  if (!proxy.startsWith('env:')) return proxy;
  const name = proxy.slice('env:'.length);
  const url = env[name];
  if (url) return url;
  throw new DynaferryError('CONFIG_INVALID', `${role}: proxy: the environment variable ${name} is not set`, {
    fix: `Set ${name} to the URL of the proxy, or remove proxy.`,
  });
}
