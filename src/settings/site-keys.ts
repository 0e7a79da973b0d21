import { z } from 'zod';
import { map, parsed, text } from './leaf-schema.ts';

/** What a site is described by in every file that has sites. */

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

export const roleKey = z
  .union([roleArn, assumedRole], { error: "expected a role's ARN, or a map with arn, externalId and sessionName" })
  .describe('Role to assume with the credentials that `profile`, `credentials` or the environment give.');

/** URL of a service at an endpoint of one's own. */
export const endpointKey = (service: string) =>
  parsed(
    /^https?:\/\/[^/?#@]+\/?$/,
    parseOrigin,
    `an http:// or https:// URL of host and port, such as http://127.0.0.1:8000`,
    `URL of ${service}, instead of the region's public endpoint.`,
  );

/** Host and port only: a path, a user or a query would get lost when requests are addressed. */
function parseOrigin(value: string): string | undefined {
  const url = URL.parse(value);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) return undefined;
  const bare =
    url.username === '' && url.password === '' && url.search === '' && url.hash === '' && url.pathname === '/';
  return bare ? url.origin : undefined;
}

export const regionKey = text(
  /^[a-z]{2,4}(?:-[a-z]+)+-\d{1,2}$/,
  'an AWS region such as us-west-2 or cn-north-1',
  'AWS region of the site; it decides the partition too (cn-… is aws-cn).',
);

export const profileKey = text(
  /^\S(?:[^\r\n\t]*\S)?$/,
  'the name of a profile in ~/.aws/config or ~/.aws/credentials',
  'Profile of ~/.aws/config or ~/.aws/credentials that gives the credentials.',
);

export const credentialsKey = text(
  /^env:[A-Za-z_][A-Za-z0-9_]*_$/,
  'env:PREFIX_ with an underscore at the end; env:SOURCE_ reads SOURCE_AWS_ACCESS_KEY_ID, SOURCE_AWS_SECRET_ACCESS_KEY and SOURCE_AWS_SESSION_TOKEN',
  'Where the credentials come from instead of a profile: `env:PREFIX_` reads PREFIX_AWS_ACCESS_KEY_ID, PREFIX_AWS_SECRET_ACCESS_KEY and, if set, PREFIX_AWS_SESSION_TOKEN.',
);
