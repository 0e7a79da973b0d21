import { z } from 'zod';
import { flag, map, parsed, s3Uri, text } from './leaf-schema.ts';

const ROLE_ARN = /^arn:aws(?:-[a-z]+)*:iam::\d{12}:role\/[\w+=,.@/-]+$/;

const roleArn = text(
  ROLE_ARN,
  "a role's ARN such as arn:aws:iam::111122223333:role/dynaferry, or a map with arn, externalId and sessionName",
  'ARN of the role to assume.',
);

/** Bounds of AssumeRole: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html */
const assumedRole = map(
  {
    arn: roleArn,
    externalId: text(
      /^[\w+=,.@:/-]{2,1224}$/,
      'an external id: 2 to 1224 letters, digits and _+=,.@:/-',
      "External id that the role's trust policy asks for.",
    ).optional(),
    sessionName: text(
      /^[\w+=,.@-]{2,64}$/,
      'a session name: 2 to 64 letters, digits and _+=,.@-',
      "Name of the session in the other account's CloudTrail; `dynaferry` where absent.",
    ).optional(),
  },
  'a map with arn, externalId and sessionName',
  'The role with the options of assuming it.',
);

const role = z
  .union([roleArn, assumedRole], { error: "expected a role's ARN, or a map with arn, externalId and sessionName" })
  .describe('Role to assume with the credentials that `profile`, `credentials` or the environment give.');

const endpointUrl = (service: string) =>
  parsed(
    /^https?:\/\/[^/?#@]+\/?$/,
    parseOrigin,
    `an http:// or https:// URL of host and port, such as http://127.0.0.1:8000`,
    `URL of ${service}, instead of the region's public endpoint.`,
  ).optional();

const endpoint = map(
  { dynamodb: endpointUrl('DynamoDB'), s3: endpointUrl('S3') },
  'a map with dynamodb and s3, such as { dynamodb: http://127.0.0.1:8000 }',
  'Endpoints other than the public ones: emulators, VPC endpoints.',
);

/** Host and port only: a path, a user or a query would get lost when requests are addressed. */
function parseOrigin(value: string): string | undefined {
  const url = URL.parse(value);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) return undefined;
  const bare =
    url.username === '' && url.password === '' && url.search === '' && url.hash === '' && url.pathname === '/';
  return bare ? url.origin : undefined;
}

/** What both sites have. */
const site = {
  region: text(
    /^[a-z]{2,4}(?:-[a-z]+)+-\d{1,2}$/,
    'an AWS region such as us-west-2 or cn-north-1',
    'AWS region of the site; it decides the partition too (cn-… is aws-cn).',
  ),
  profile: text(
    /^\S(?:[^\r\n\t]*\S)?$/,
    'the name of a profile in ~/.aws/config or ~/.aws/credentials',
    'Profile of ~/.aws/config or ~/.aws/credentials that gives the credentials.',
  ).optional(),
  credentials: text(
    /^env:[A-Za-z_][A-Za-z0-9_]*_$/,
    'env:PREFIX_ with an underscore at the end; env:SOURCE_ reads SOURCE_AWS_ACCESS_KEY_ID, SOURCE_AWS_SECRET_ACCESS_KEY and SOURCE_AWS_SESSION_TOKEN',
    'Where the credentials come from instead of a profile: `env:PREFIX_` reads PREFIX_AWS_ACCESS_KEY_ID, PREFIX_AWS_SECRET_ACCESS_KEY and, if set, PREFIX_AWS_SESSION_TOKEN.',
  ).optional(),
  role: role.optional(),
  staging: s3Uri('s3://bucket/prefix/', 'Where the site stages objects: s3://bucket/prefix/.'),
  endpoint: endpoint.optional(),
};

const tableName = (description: string) =>
  text(/^[A-Za-z0-9_.-]{3,255}$/, "a table's name (not its ARN): 3 to 255 letters, digits and _ - .", description);

/** The site that data comes from. That exactly one of `table` and `export` is there is a check of its own, as `oneOf` tells editors. */
export const sourceSchema = map(
  {
    ...site,
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
    table: tableName('Table to load into.'),
    create: flag(
      "Whether a missing table is created after the source's definition; true where absent. With false a missing table is an error.",
    ).optional(),
  },
  'a map with region, staging and table',
  'The site that data goes to.',
);
