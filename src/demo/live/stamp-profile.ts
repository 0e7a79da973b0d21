/** A generated profile, written at a time. */
export interface StampedProfile {
  key: string;
  country: string;
  /** DynamoDB JSON. */
  text: string;
}

/** A generated profile that says it was updated then, in seconds since 1970. */
export function stampProfile(profile: string, stamp: number): StampedProfile {
  const item = JSON.parse(profile) as {
    PK: { S: string };
    country: { S: string };
    last_update_timestamp: { N: string };
  };
  item.last_update_timestamp = { N: String(stamp) };
  return { key: item.PK.S, country: item.country.S, text: JSON.stringify(item) };
}
