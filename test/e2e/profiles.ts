import { generateProfiles, type GenerateOptions } from '../../src/demo/generate/profiles.ts';
import { Random } from '../world/random.ts';

/** There is no room for more in an item of almost 400 KB. */
const NEAR_LIMIT_CHARACTERS = 200_000;

/**
 * Generated users, each with so many bytes that no compression makes smaller, so that a small table fills many objects. The text of DynamoDB JSON.
 */
export function* paddedProfiles(options: GenerateOptions, padBytes: number): Generator<string> {
  const random = new Random(options.seed);
  for (const profile of generateProfiles(options)) {
    if (profile.length > NEAR_LIMIT_CHARACTERS) {
      yield profile;
      continue;
    }
    const pad = Buffer.from(Array.from({ length: padBytes }, () => random.integer(0, 255)));
    yield `${profile.slice(0, -1)},"pad":{"B":"${pad.toString('base64')}"}}`;
  }
}
