/** The two sites of every test: accounts that know nothing of each other. */
export type SiteName = 'source' | 'target';

/** An access key as the AWS SDK takes it. */
export interface AccessKey {
  accessKeyId: string;
  secretAccessKey: string;
}

/** Where a site's services listen; `http://127.0.0.1:<port>`. */
export interface SiteEndpoints {
  dynamodb: string;
  s3: string;
}

interface SiteIdentity {
  region: string;
  credentials: AccessKey;
}

/**
 * Region and key of each site. DynamoDB Local keeps a database for each pair of key and region; each radosgw knows only its own
 * site's key and answers InvalidAccessKeyId to the other's.
 */
export const siteIdentities: Record<SiteName, SiteIdentity> = {
  source: { region: 'us-west-2', credentials: { accessKeyId: 'global', secretAccessKey: 'globalsecret0123456789' } },
  target: { region: 'cn-north-1', credentials: { accessKeyId: 'china', secretAccessKey: 'chinasecret0123456789' } },
};
