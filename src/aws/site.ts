import { partitionOf, serviceUrl } from './partition.ts';
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
  endpoint?: { dynamodb?: string; s3?: string };
  anonymous?: boolean;
  requestPayer?: boolean;
  caFile?: string;
  proxy?: string;
  pathStyle?: boolean;
}

/** One side of a migration, ready to be talked to. */
export interface Site {
  /** How messages call it. */
  role: 'source' | 'target';
  region: string;
  partitionId: string;
  dynamodbUrl: string;
  s3Url: string;
  /** Services at an endpoint of one's own are addressed with the bucket in the path. */
  s3PathStyle: boolean;
  credentials: CredentialProvider;
}

/** Nothing is contacted yet; credentials are resolved on first use, those with a prefix from `env`. */
export function openSite(role: 'source' | 'target', settings: SiteSettings, env?: CredentialEnvironment): Site {
  const { region, endpoint } = settings;
  return {
    role,
    region,
    partitionId: partitionOf(region).id,
    dynamodbUrl: endpoint?.dynamodb ?? serviceUrl('dynamodb', region),
    s3Url: endpoint?.s3 ?? serviceUrl('s3', region),
    s3PathStyle: endpoint?.s3 !== undefined,
    credentials: credentialProvider(role, settings, env),
  };
}
