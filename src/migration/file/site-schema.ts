import { explained, flag, map, text } from '../../settings/leaf-schema.ts';
import { parseS3Uri } from '../../settings/s3-uri.ts';
import { credentialsKey, endpointKey, profileKey, regionKey, roleKey } from '../../settings/site-keys.ts';

const s3Uri = (expected: string, description: string) =>
  explained(/^s3:\/\/[a-z0-9]/, parseS3Uri, expected, description);

const endpoints = { dynamodb: endpointKey('DynamoDB').optional(), s3: endpointKey('S3').optional() };
const ENDPOINTS = 'Endpoints other than the public ones: emulators, VPC endpoints.';

/** What both sites have. */
const site = {
  region: regionKey,
  profile: profileKey.optional(),
  credentials: credentialsKey.optional(),
  role: roleKey.optional(),
  staging: s3Uri('s3://bucket/prefix/', 'Where the site stages objects: s3://bucket/prefix/.'),
};

const tableName = (description: string) =>
  text(/^[A-Za-z0-9_.-]{3,255}$/, "a table's name (not its ARN): 3 to 255 letters, digits and _ - .", description);

/** The site that data comes from. That exactly one of `table` and `export` is there is a check of its own, as `oneOf` tells editors. */
export const sourceSchema = map(
  {
    ...site,
    endpoint: map(
      { ...endpoints, streams: endpointKey('DynamoDB Streams').optional() },
      'a map with dynamodb, s3 and streams, such as { dynamodb: http://127.0.0.1:8000 }',
      ENDPOINTS,
    ).optional(),
    table: tableName('Table to read. Exactly one of `table` and `export` is given.').optional(),
    export: s3Uri(
      's3://bucket/prefix/AWSDynamoDB/<export id>/',
      'Finished export to read instead of the table: s3://bucket/prefix/AWSDynamoDB/<export id>/, one made by DynamoDB (DYNAMODB_JSON, full) or by dynaferry. It uses no read capacity.',
    ).optional(),
    consistentRead: flag(
      'Whether the table is read with strong consistency, at twice the capacity; false where absent.',
    ).optional(),
  },
  'a map with region, staging and table (or export)',
  'The site that data comes from.',
).meta({ oneOf: [{ required: ['table'] }, { required: ['export'] }] });

/** The site that data goes to. */
export const targetSchema = map(
  {
    ...site,
    endpoint: map(
      endpoints,
      'a map with dynamodb and s3, such as { dynamodb: http://127.0.0.1:8000 }',
      ENDPOINTS,
    ).optional(),
    table: tableName('Table to load into.'),
    create: flag(
      "Whether a missing table is created after the source's definition; true where absent. With false a missing table is an error.",
    ).optional(),
  },
  'a map with region, staging and table',
  'The site that data goes to.',
);
