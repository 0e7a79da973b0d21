import type { Clock } from '../../engine/pacer.ts';
import { runPool } from '../../engine/pool.ts';
import { isKeyed, type Candidate, type KeyedCandidate } from './differences.ts';
import type { Look } from './recheck.ts';
import { Settling } from './settling.ts';
import type { Tally } from './tally.ts';

/** How differences between tables that are written to are looked at until they settle. */
export interface SettleSettings {
  /** How long a difference may last. */
  ms: number;
  clock: Clock;
  /** From 0 to 1, for jitter. */
  random: () => number;
  /** Hears, before each round, how many differences are looked at again. */
  onRound?: (waiting: number) => void;
}

export interface SettleOptions extends SettleSettings {
  look: (candidate: KeyedCandidate) => Promise<Look>;
  tally: Tally;
  looksAtOnce: number;
  /** Differences that are waited for at a time; others are reported as the first look found them. */
  waitingMax: number;
  scope: AbortController;
  signal: AbortSignal;
}

/** A difference that may settle yet. */
interface Waiting {
  candidate: KeyedCandidate;
  settling: Settling;
}

const PAUSE_MS_MIN = 100;
const PAUSE_MS_FIRST = 500;
/** Pauses grow up to this share of the time that a difference may last: so the number of looks has a bound, too. */
const PAUSE_SHARE_MAX = 0.1;
/** Each pause is longer or shorter by so much, or looks could keep step with whoever writes. */
const JITTER = 0.25;

/**
 * Looks at each difference once, and in rounds again at those that are left, with ever longer pauses, until each has settled or outlived its time. Memory is that of
 * the differences that are waited for.
 */
export async function settleDifferences(candidates: Iterable<Candidate>, options: SettleOptions): Promise<void> {
  const { tally, ms, waitingMax, clock, looksAtOnce, scope, signal } = options;
  let waiting: Waiting[] = [];
  /** Those to be looked at once more. */
  let left: Waiting[] = [];
  const look = async (one: Waiting): Promise<void> => {
    const { candidate, settling } = one;
    const startedMs = clock.nowMs();
    const found = await options.look(candidate);
    const nowMs = clock.nowMs();
    const verdict = settling.look(found, startedMs, nowMs);
    if (verdict === 'settled') tally.add(candidate, { kind: settledAs(found) });
    else if (verdict === 'changing') tally.addChanging();
    else if (verdict === 'lasting' || left.length >= waitingMax) tally.add(candidate, found, settling.lastedMs(nowMs));
    else left.push(one);
  };
  const first = async (candidate: Candidate): Promise<void> => {
    if (isKeyed(candidate)) await look({ candidate, settling: new Settling(ms) });
    else tally.add(candidate);
  };
  await runPool(candidates, looksAtOnce, first, scope);
  for (let pauseMs = PAUSE_MS_FIRST; left.length > 0; pauseMs *= 2) {
    [waiting, left] = [left, []];
    options.onRound?.(waiting.length);
    await clock.sleep(jittered(Math.min(pauseMs, ms * PAUSE_SHARE_MAX), options.random()), signal);
    await runPool(waiting, looksAtOnce, look, scope);
  }
}

/** The target follows: it has the item, or has had a deletion. */
function settledAs({ target }: Look): 'equal' | 'gone' {
  return target === '' ? 'gone' : 'equal';
}

function jittered(ms: number, random: number): number {
  return Math.max(PAUSE_MS_MIN, ms * (1 + JITTER * (2 * random - 1)));
}
