import { AttributeJudge } from '../../src/conflict/attribute-judge.ts';
import { AttributeMerge } from '../../src/conflict/attribute-merge.ts';
import type { Judge } from '../../src/conflict/judge.ts';
import { ManagedJudge } from '../../src/conflict/managed-judge.ts';
import { ManagedMerge } from '../../src/conflict/managed-merge.ts';
import { MARK } from '../../src/conflict/mark.ts';
import type { Merge } from '../../src/conflict/merge.ts';
import type { StampedTable } from '../../src/conflict/stamped-table.ts';
import type { Tombstones } from '../../src/conflict/tombstones.ts';
import type { StampAttributes } from '../../src/model/stamp.ts';
import { compilePolicy } from '../../src/policy/compile-policy.ts';
import type { Policy } from '../../src/policy/policy.ts';
import { Sealer } from '../../src/staging/seal.ts';
import { ChangeFold } from '../../src/stages/apply/change-fold.ts';
import { ChangeProcessor } from '../../src/stages/capture/change-processor.ts';
import { Settler } from '../../src/stages/capture/settler.ts';
import type { Random } from '../world/random.ts';
import { MemoryTable } from './memory-table.ts';
import { MemoryTombstones } from './memory-tombstones.ts';
import type { RandomTurns } from './random-turns.ts';

const key = { partition: { name: 'PK', type: 'S' } } as const;
/** A kill lies at one of the first so many moments of a step. */
const LAST_KILL = 30;
const quiet = new AbortController().signal;

export class Killed extends Error {}

/** A policy that lets everything pass but our mark, with the names that are looked for. */
export function policyFor(conflict: 'managed' | StampAttributes): Promise<Policy> {
  return compilePolicy(
    {},
    {
      readKey: () => Promise.reject(new Error('there is no key')),
      loadFunction: () => Promise.reject(new Error('there is no function')),
      keySchema: key,
      ...(conflict === 'managed' ? { ours: MARK } : { namesBesides: [conflict.version, conflict.origin] }),
    },
  );
}

export interface SiteOptions {
  origin: string;
  otherOrigin: string;
  conflict: 'managed' | StampAttributes;
  policy: Policy;
  random: Random;
  turns: RandomTurns;
  /** True time, in milliseconds since 1970, and how far the service's clock is off. */
  trueMs: () => number;
  skewMs: number;
  /** How many of all steps of capture and apply die at one of their operations. */
  kills: number;
}

/** One site: its table with a stream, its tombstones, the capture of its table, and the apply of the other site's log. */
export class SimulatedSite {
  readonly table: MemoryTable;
  readonly tombstones = new MemoryTombstones();
  /** What capture has staged for the other site: objects of lines. */
  readonly log: Buffer[] = [];
  readonly #options: SiteOptions;
  readonly #processor: ChangeProcessor;
  /** What is durable of the capture. */
  #read = 0;
  #clockMicros = 0;
  /** Objects of the other site's log that were applied, and up to which one tombstones have expired since. */
  readonly #applied = new Set<number>();
  #expiredTo = 0;
  /** Objects of which some changes may have been applied when the process died: they are applied again, maybe with others. */
  #begun: readonly number[] = [];

  constructor(options: SiteOptions) {
    const { origin, otherOrigin, conflict, policy, trueMs, skewMs } = options;
    this.#options = options;
    this.table = new MemoryTable(conflict === 'managed' ? 'mark' : conflict);
    this.table.now = () => trueMs() + skewMs;
    this.tombstones.now = trueMs;
    const judge: Judge = conflict === 'managed' ? new ManagedJudge(origin) : new AttributeJudge(conflict, otherOrigin);
    const settings = { deletes: 'apply', ttlDeletes: 'apply' } as const;
    this.#processor = new ChangeProcessor(policy, new Sealer(Sealer.newKey()), settings, 0, {
      conflicts: { judge, key },
    });
  }

  get isCaptured(): boolean {
    return this.#read === this.table.records.length;
  }

  hasApplied(other: SimulatedSite): boolean {
    return this.#applied.size === other.log.length;
  }

  /** All tombstones expire; what was applied before does not come again. */
  expire(): void {
    this.tombstones.kept.clear();
    this.#expiredTo = this.#applied.size;
  }

  /** Reads some records, settles them, and commits; or dies on the way. */
  async capture(): Promise<void> {
    const page = this.table.records.slice(this.#read, this.#read + this.#options.random.integer(1, 6));
    if (page.length === 0) return this.#options.turns.turn();
    const clock = { lastMicros: this.#clockMicros };
    const outcome = this.#processor.process(Buffer.from(`{"Records":[${page.join(',')}]}`), clock);
    await this.#mayDie((merge) => new Settler(merge).settle(outcome.settlements, quiet));
    this.#read += page.length;
    this.#clockMicros = clock.lastMicros;
    if (outcome.deadLetters.length > 0) throw new Error('a rule refused a change');
    const lines = Buffer.from(outcome.lines);
    if (lines.length > 0) this.log.push(lines);
  }

  /** Applies objects of the other site's log: the next ones, or with `permuted` any, some of them again. */
  async apply(other: SimulatedSite, { permuted }: { permuted: boolean }): Promise<void> {
    const { turns } = this.#options;
    const group = permuted ? this.#anyObjects(other) : this.#nextObjects(other);
    if (group.length === 0) return turns.turn();
    this.#begun = group;
    await this.#mayDie(async (merge) => {
      const fold = new ChangeFold(key, { isStamped: true });
      for (const i of group) {
        const block = other.log[i];
        for (let at = 0; at < block.length; at = block.indexOf(0x0a, at) + 1)
          fold.add(block, at, block.indexOf(0x0a, at));
      }
      const changes = [...fold.changes].map(({ bytes, start, end, deletes, keyStart, keyEnd, identity, stamp }) => ({
        identity,
        stamp: stamp!,
        key: { bytes, start: keyStart, end: keyEnd },
        image: deletes === true ? undefined : { bytes, start, end },
      }));
      await Promise.all(changes.map((change) => merge.merge(change, quiet)));
    });
    for (const i of group) this.#applied.add(i);
    this.#begun = [];
  }

  #nextObjects({ log }: SimulatedSite): number[] {
    const next = this.#applied.size;
    const size = Math.min(this.#options.random.integer(1, 4), log.length - next);
    return Array.from({ length: size }, (_, i) => next + i);
  }

  /** One that is missing, and one that may have been applied before. */
  #anyObjects({ log }: SimulatedSite): number[] {
    const { random } = this.#options;
    const missing = log.flatMap((_, i) => (this.#applied.has(i) ? [] : [i]));
    if (missing.length === 0) return [];
    const some = [random.integer(this.#expiredTo, log.length - 1), missing[random.integer(0, missing.length - 1)]];
    return [...new Set([...this.#begun, ...some])];
  }

  /** At each operation of dynaferry others may have their turns, before and behind it, and it may die there. */
  async #mayDie(work: (merge: Merge) => Promise<void>): Promise<void> {
    const { random, turns, kills, conflict, origin } = this.#options;
    let left = random.next() < kills ? random.integer(1, LAST_KILL) : Infinity;
    const around = async (): Promise<void> => {
      await turns.turn();
      if (--left <= 0) throw new Killed();
    };
    const table = withTurns<StampedTable>(this.table, ['put', 'delete', 'mark', 'read'], around);
    const tombstones = withTurns<Tombstones>(this.tombstones, ['find', 'raise', 'touch'], around);
    await work(
      conflict === 'managed' ? new ManagedMerge(table, tombstones, origin) : new AttributeMerge(table, tombstones),
    );
  }
}

/** The same, with something before and behind each operation. */
function withTurns<Target extends object>(
  target: Target,
  names: readonly (keyof Target)[],
  around: () => Promise<void>,
): Target {
  const wrapped = names.map((name) => {
    const method = target[name] as (...args: unknown[]) => Promise<unknown>;
    const call = async (...args: unknown[]): Promise<unknown> => {
      await around();
      const result = await method.apply(target, args);
      await around();
      return result;
    };
    return [name, call];
  });
  return Object.fromEntries(wrapped) as Target;
}
