import { bulk, oddities } from './exotic.ts';
import { fakerWorld } from './population.ts';
import { profileAttributes } from './profile.ts';
import { Random } from './random.ts';

export interface GenerateOptions {
  /** How many. */
  readonly items: number;
  /** A safe integer. The same seed gives the same items, and fewer of them are the first of more. */
  readonly seed: number;
  /** The share, from 0 to 1, that has the country China; spread evenly. 0.2 by default. */
  readonly match?: number;
  /** Makes one item in four odd in some way: every type, deep nesting, sets, numbers at the limits, odd names, close to 400 KB, few attributes. */
  readonly exotic?: boolean;
}

/** Of items, one in how many is odd; of the odd ones, one in how many is as big as can be, and one in how many has few attributes. */
const ODD_ONE_IN = 4;
const BIG_ONE_IN = 128;
const SPARSE_ONE_IN = 16;
/** The first big and the first sparse item come early, so that a small sample has them. */
const FIRST_BIG = 7;
const FIRST_SPARSE = 3;

/** The share is kept in millionths, so that whole numbers decide and rounding never does. */
const MILLION = 1_000_000;

/**
 * Fake user profiles, each the text of one item in DynamoDB JSON: `{"PK":{"S":"…"},…}`. No mail address, identity number or combination of name
 * and address in them is meant to be anybody's.
 */
export function* generateProfiles(options: GenerateOptions): Generator<string> {
  const { items, seed, match = 0.2, exotic = false } = options;
  const world = fakerWorld();
  const random = new Random(seed);
  const millionths = Math.round(match * MILLION);
  for (let i = 0; i < items; i++) {
    const matches = Math.floor(((i + 1) * millionths) / MILLION) > Math.floor((i * millionths) / MILLION);
    const attributes = profileAttributes(random, world, matches ? world.china : random.pick(world.others));
    yield exotic && i % ODD_ONE_IN === ODD_ONE_IN - 1
      ? oddItem(random, attributes, Math.floor(i / ODD_ONE_IN), matches)
      : `{${attributes}}`;
  }
}

const kinds = Object.values(oddities);

/** The n-th odd item: a profile with something added to it. */
function oddItem(random: Random, profile: string, n: number, matches: boolean): string {
  // What matches keeps its country, so that the share stays what was asked for.
  if (n % SPARSE_ONE_IN === FIRST_SPARSE && !matches) return `{"PK":{"S":"${random.uuid()}"}}`;
  // JSON text is never shorter than what DynamoDB counts.
  const more =
    n % BIG_ONE_IN === FIRST_BIG ? bulk(random, Buffer.byteLength(profile)) : kinds[n % kinds.length](random);
  return `{${profile},${JSON.stringify(more).slice(1)}`;
}
