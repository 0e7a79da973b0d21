import { MARK } from '../../src/conflict/mark.ts';
import { compareChanges, stampOf, type Stamp, type StampAttributes } from '../../src/model/stamp.ts';
import type { Policy } from '../../src/policy/policy.ts';
import { Random } from '../world/random.ts';
import { wireJson, type WireItem } from '../world/wire-table.ts';
import { RandomTurns } from './random-turns.ts';
import { SimulatedApplication } from './simulated-application.ts';
import { Killed, SimulatedSite } from './simulated-site.ts';

export interface SimulationOptions {
  seed: number;
  conflict: 'managed' | StampAttributes;
  policy: Policy;
  /** Whether change objects come in any order and some again and again. */
  permuted: boolean;
  kills?: number;
}

/** What each site holds at the end, and what it should hold: of each key the change with the greatest stamp of all that were made. */
export interface Outcome {
  here: Map<string, string>;
  there: Map<string, string>;
  greatest: Map<string, string>;
}

const WRITES = 14;
const SKEW_MS_MAX = 10_000;
/** Steps in which everything comes to rest. */
const STEPS_MAX = 20_000;

/** Two sites whose applications write to the same few keys, until all is at rest; once more after all tombstones have expired. Everything follows from the seed. */
export async function simulate(options: SimulationOptions): Promise<Outcome[]> {
  const random = new Random(options.seed);
  const turns = new RandomTurns(random);
  let trueMs = 1_700_000_000_000;
  const site = (origin: string, otherOrigin: string, skewMs: number): SimulatedSite =>
    new SimulatedSite({
      ...options,
      origin,
      otherOrigin,
      random,
      turns,
      skewMs,
      trueMs: () => (trueMs += random.integer(0, 400)),
      kills: options.kills ?? 0.3,
    });
  const skew = (): number => random.integer(-SKEW_MS_MAX, SKEW_MS_MAX);
  const [here, there] = [site('here', 'there', skew()), site('there', 'here', skew())];
  const applications = [here, there].map(
    ({ table }, i) =>
      new SimulatedApplication({ ...options, table, random, turns, origin: i === 0 ? 'here' : 'there' }),
  );
  const outcomes: Outcome[] = [];
  const greatest = new GreatestChanges();
  for (let generation = 0; generation < 2; generation++) {
    const from = [here, there].map(({ log }) => log.length);
    await live(here, there, applications, { ...options, random, turns });
    [here, there].forEach(({ log }, i) => greatest.take(log.slice(from[i])));
    outcomes.push({ here: contentsOf(here), there: contentsOf(there), greatest: greatest.contents() });
    for (const each of [here, there]) each.expire();
    greatest.expire();
    for (const application of applications) application.forget();
  }
  return outcomes;
}

async function live(
  here: SimulatedSite,
  there: SimulatedSite,
  applications: readonly SimulatedApplication[],
  { random, turns, permuted }: SimulationOptions & { random: Random; turns: RandomTurns },
): Promise<void> {
  let writing = applications.length;
  const isAtRest = (): boolean =>
    writing === 0 && here.isCaptured && there.isCaptured && here.hasApplied(there) && there.hasApplied(here);
  const untilRest = (step: () => Promise<void>) => async (): Promise<void> => {
    for (let steps = 0; !isAtRest(); steps++) {
      if (steps > STEPS_MAX) throw new Error('it does not come to rest');
      // A process is away for a while, and then catches up.
      if (random.next() < 0.05) for (let away = random.integer(1, 60); away > 0; away--) await turns.turn();
      await step().catch((error: unknown) => {
        if (!(error instanceof Killed)) throw error;
      });
    }
  };
  await turns.run([
    ...applications.map((application) => async (): Promise<void> => {
      for (let n = 0; n < WRITES; n++) {
        await application.act();
        for (let idle = random.integer(0, 25); idle > 0; idle--) await turns.turn();
      }
      writing--;
    }),
    untilRest(() => here.capture()),
    untilRest(() => there.capture()),
    untilRest(() => here.apply(there, { permuted })),
    untilRest(() => there.apply(here, { permuted })),
  ]);
}

function contentsOf({ table }: SimulatedSite): Map<string, string> {
  return new Map([...table.items].map(([key, item]) => [key, withoutMark(item)]));
}

function withoutMark(item: WireItem): string {
  return wireJson(Object.fromEntries(Object.entries(item).filter(([name]) => name !== MARK)));
}

interface Line {
  Stamp: { v: { N: string }; o: { S: string } };
  Keys: WireItem;
  NewImage?: WireItem;
}

/** Of each key the change with the greatest stamp, as the logs have them. */
class GreatestChanges {
  readonly #changes = new Map<string, { stamp: Stamp; deletes: boolean; image: WireItem | undefined }>();

  take(log: readonly Buffer[]): void {
    for (const text of log.flatMap((lines) => lines.toString().trim().split('\n'))) {
      const { Stamp: at, Keys, NewImage: image } = JSON.parse(text) as Line;
      const name = Keys['PK']?.S ?? '';
      const change = { stamp: stampOf(at.v, at.o)!, deletes: image === undefined, image };
      const known = this.#changes.get(name);
      if (known === undefined || compareChanges(change, known) > 0) this.#changes.set(name, change);
    }
  }

  /** Of deletes nobody knows any more. */
  expire(): void {
    for (const [name, { deletes }] of this.#changes) if (deletes) this.#changes.delete(name);
  }

  contents(): Map<string, string> {
    const there = [...this.#changes].flatMap(([name, { image }]) =>
      image === undefined ? [] : [[name, wireJson(image)] as const],
    );
    return new Map(there);
  }
}
