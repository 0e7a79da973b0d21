import type { GenerateOptions } from './generate/profiles.ts';

/**
 * Fake user profiles, each the text of one item in DynamoDB JSON: `{"PK":{"S":"…"},…}`; the same options give the same items. No mail address, identity
 * number or combination of name and address in them is meant to be anybody's.
 */
export async function* generateItems(options: GenerateOptions): AsyncGenerator<string> {
  // Faker's names take longer to load than all else together, and only generating needs them.
  const { generateProfiles } = await import('./generate/profiles.ts');
  yield* generateProfiles(options);
}
