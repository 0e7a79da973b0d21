interface CapacityEntry {
  atMs: number;
  units: number;
}

interface ConsumedCapacity {
  CapacityUnits?: number;
}

/** Adds up the ConsumedCapacity of DynamoDB answers as they pass, so that a test can see whether a cap held. */
export class CapacityMeter {
  readonly #entries: CapacityEntry[] = [];
  #total = 0;

  /** Takes an answer that passed at `atMs` on a clock that only goes forward. Answers that report no capacity count nothing. */
  add(body: Buffer, atMs: number): void {
    if (!body.includes('"ConsumedCapacity"')) return;
    const { ConsumedCapacity: consumed } = JSON.parse(body.toString()) as {
      ConsumedCapacity?: ConsumedCapacity | ConsumedCapacity[];
    };
    if (consumed === undefined) return;
    const units = [consumed].flat().reduce((sum, each) => sum + (each.CapacityUnits ?? 0), 0);
    this.#entries.push({ atMs, units });
    this.#total += units;
  }

  /** Units in all. */
  get total(): number {
    return this.#total;
  }

  /** The most units that any window of that length saw: at a cap of C with a burst of B it is at most C × windowMs / 1000 + B. */
  largestIn(windowMs: number): number {
    let largest = 0;
    let sum = 0;
    let first = 0;
    for (const { atMs, units } of this.#entries) {
      sum += units;
      while (this.#entries[first].atMs <= atMs - windowMs) sum -= this.#entries[first++].units;
      largest = Math.max(largest, sum);
    }
    return largest;
  }
}
