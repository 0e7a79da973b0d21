import { residentIdentityNumber, socialSecurityNumber } from './government-id.ts';
import type { Population, World } from './population.ts';
import type { Random } from './random.ts';

/** Updates lie in the year before this: 2024-06-01T00:00:00Z, in seconds since 1970. Fixed, so that the same seed gives the same items on every day. */
const REFERENCE_SECONDS = 1_717_200_000;
const YEAR_SECONDS = 365 * 24 * 60 * 60;

/** Reserved for examples (RFC 2606): no mail reaches anybody. */
const mailDomains = ['example.com', 'example.org', 'example.net'];

/** The attributes of one fake user as the inside of a DynamoDB JSON object: `"PK":{"S":"…"},…`, without braces around. */
export function profileAttributes(random: Random, world: World, from: Population): string {
  const sex = random.below(2) === 0 ? 'F' : 'M';
  const place = random.pick(from.places);
  const mail = `${random.pick(world.mailNames)}${random.below(10_000)}@${random.pick(mailDomains)}`;
  const govid = from.isChina ? residentIdentityNumber(random) : socialSecurityNumber(random);
  const updatedSeconds = REFERENCE_SECONDS - 1 - random.below(YEAR_SECONDS);
  return (
    `"PK":{"S":"${random.uuid()}"},` +
    `"first_name":{"S":${random.pick(from.firstNames[sex])}},` +
    `"last_name":{"S":${random.pick(from.lastNames)}},` +
    `"email":{"S":"${mail}"},` +
    `"sex":{"S":"${sex}"},` +
    `"street_address":{"S":${random.pick(from.streets)}},` +
    `"state":{"S":${place.state}},` +
    `"city":{"S":${place.city}},` +
    `"zipcode":{"S":${place.zipcode}},` +
    `"country":{"S":${from.country}},` +
    `"govid":{"S":"${govid}"},` +
    `"last_update_timestamp":{"N":"${updatedSeconds}.${random.digits(5)}${1 + random.below(9)}"},` +
    `"last_updater_region":{"S":"us-west-2"}`
  );
}
