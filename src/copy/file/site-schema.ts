import { explained, flag, map, text } from '../../settings/leaf-schema.ts';
import { parseS3Prefix } from '../../settings/s3-uri.ts';
import { credentialsKey, endpointKey, profileKey, roleKey } from '../../settings/site-keys.ts';

export const url = explained(
  /^s3:\/\/[A-Za-z0-9]/,
  parseS3Prefix,
  's3://bucket/prefix',
  'Bucket and prefix: s3://bucket/prefix. The prefix is taken to the letter; write the / at its end to mean a folder.',
);

/** Services other than AWS have regions of their own naming; whether it is one of AWS's is asked where there is no endpoint. */
export const region = text(
  /^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/,
  'a region such as us-west-2 or cn-north-1',
  'Region of the bucket. Where absent: that of `profile`, AWS_REGION, AWS_DEFAULT_REGION, that of the default profile, and us-east-1 where there is an `endpoint`.',
);

const PROXY = 'an http:// or https:// URL of host and port such as http://proxy.acme.example:3128, or env:NAME';

/** A user and password of the proxy are no more written into the file than those of the sites. */
const proxy = text(
  /^(?:https?:\/\/[^/?#@\s]+\/?|env:[A-Za-z_][A-Za-z0-9_]*)$/,
  `${PROXY}; a URL with user and password goes into the environment variable`,
  'Proxy that the site is reached through: its URL, or env:NAME for a variable that holds one with user and password. Where absent, HTTPS_PROXY and NO_PROXY.',
);

const site = {
  url,
  region: region.optional(),
  profile: profileKey.optional(),
  role: roleKey.optional(),
  endpoint: endpointKey('S3').optional(),
  pathStyle: flag(
    'Whether the bucket is addressed in the path instead of the host name; true where there is an endpoint, false elsewhere.',
  ).optional(),
  caFile: text(
    /^[^\0]+$/,
    'the path of a file of certificates in PEM',
    'Certificates (PEM) that are trusted beside the usual ones; relative paths count from the folder of the file.',
  ).optional(),
  proxy: proxy.optional(),
};

/** The site that objects come from. */
export const sourceSchema = map(
  {
    ...site,
    credentials: text(
      /^(?:anonymous|env:[A-Za-z_][A-Za-z0-9_]*_)$/,
      'env:PREFIX_ with an underscore at the end, or anonymous',
      'Where the credentials come from instead of a profile: `env:PREFIX_` reads PREFIX_AWS_ACCESS_KEY_ID, PREFIX_AWS_SECRET_ACCESS_KEY and, if set, PREFIX_AWS_SESSION_TOKEN; `anonymous` signs nothing, for public buckets.',
    ).optional(),
    requestPayer: flag(
      'Whether the requester pays for requests and traffic, which a requester-pays bucket wants to be told; false where absent.',
    ).optional(),
  },
  'a map with url, such as { url: s3://bucket/prefix/ }',
  'The site that objects come from.',
);

/** The site that objects go to. */
export const targetSchema = map(
  { ...site, credentials: credentialsKey.optional() },
  'a map with url, such as { url: s3://bucket/prefix/ }',
  'The site that objects go to.',
);
