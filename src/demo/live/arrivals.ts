import { setTimeout as sleep } from 'node:timers/promises';
import type { DynamoDbClient } from '../../dynamodb/client.ts';
import { LagWindow, type LagStatistics } from '../../engine/lag-window.ts';
import { DynaferryError } from '../../model/errors.ts';

/** The most that one BatchGetItem takes. */
const KEYS_AT_ONCE = 100;

interface Waiting {
  /** What the item's `last_update_timestamp` will be. */
  stamp: number;
  writtenMs: number;
}

interface BatchAnswer {
  Responses: Record<string, { PK: { S: string }; last_update_timestamp: { N: string } }[]>;
}

/**
 * Looks at the target table for profiles that were put at the source, and so knows how long each took, whatever time a stream tells: DynamoDB Local tells the minute. Of
 * a profile that is put again before it is seen the later put counts.
 */
export class Arrivals {
  readonly #client: DynamoDbClient;
  readonly #table: string;
  readonly #window: LagWindow;
  /** By key, the longest waited for first. */
  readonly #waiting = new Map<string, Waiting>();

  /** Statistics are of what arrived in the last `windowMs`. */
  constructor(client: DynamoDbClient, table: string, windowMs: number) {
    this.#client = client;
    this.#table = table;
    this.#window = new LagWindow(windowMs);
  }

  /** How many are on their way. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Since when the longest waited for is on its way, by `performance.now()`; undefined where none is. */
  get oldestMs(): number | undefined {
    return this.#waiting.values().next().value?.writtenMs;
  }

  /** Undefined where nothing arrived of late. */
  get statistics(): LagStatistics | undefined {
    return this.#window.statistics(performance.now());
  }

  /** A profile with this stamp has been put at the source just now. */
  put(key: string, stamp: number): void {
    this.forget(key);
    this.#waiting.set(key, { stamp, writtenMs: performance.now() });
  }

  /** What was put has been deleted, or is kept back by the policy now. */
  forget(key: string): void {
    this.#waiting.delete(key);
  }

  /** Looks again and again, `everyMs` apart while all is not yet there, until the signal ends it by throwing its reason. */
  async watch(everyMs: number, signal: AbortSignal): Promise<never> {
    for (;;) if ((await this.#look(signal)) < KEYS_AT_ONCE) await sleep(everyMs, undefined, { signal });
  }

  /** How many of the longest waited for have arrived. */
  async #look(signal: AbortSignal): Promise<number> {
    const keys = [...this.#waiting.keys().take(KEYS_AT_ONCE)];
    const before = this.#waiting.size;
    for (const { PK, last_update_timestamp: stamp } of keys.length === 0 ? [] : await this.#read(keys, signal)) {
      const waiting = this.#waiting.get(PK.S);
      if (waiting?.stamp !== Number(stamp.N)) continue;
      const nowMs = performance.now();
      this.#window.add(nowMs, nowMs - waiting.writtenMs);
      this.#waiting.delete(PK.S);
    }
    return before - this.#waiting.size;
  }

  async #read(keys: readonly string[], signal: AbortSignal): Promise<BatchAnswer['Responses'][string]> {
    const input = {
      RequestItems: {
        [this.#table]: {
          Keys: keys.map((PK) => ({ PK: { S: PK } })),
          ProjectionExpression: 'PK, last_update_timestamp',
          ConsistentRead: true,
        },
      },
    };
    try {
      const answer = await this.#client.callJson<BatchAnswer>('BatchGetItem', this.#table, input, signal);
      return answer.Responses[this.#table] ?? [];
    } catch (error) {
      // Whoever moves the table makes it when the first items arrive.
      if (error instanceof DynaferryError && error.code === 'TABLE_NOT_FOUND') return [];
      throw error;
    }
  }
}
