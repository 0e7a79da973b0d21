import type { Fault, FaultKind, FaultRule } from './fault.ts';
import type { Random } from './random.ts';

interface RuleState {
  rule: FaultRule;
  matched: number;
  /** Requests that are still to get the fault because of one before. */
  burstLeft: number;
}

/** Decides which requests get which fault, and counts. */
export class FaultPlan {
  #rules: RuleState[] = [];
  readonly #injected = new Map<FaultKind, number>();
  readonly #random: Random;

  constructor(rules: readonly FaultRule[], random: Random) {
    this.#random = random;
    this.replaceRules(rules);
  }

  /** Rules from the next request on; their counting for `at` begins anew, what was injected stays counted. */
  replaceRules(rules: readonly FaultRule[]): void {
    this.#rules = rules.map((rule) => ({ rule, matched: 0, burstLeft: 0 }));
  }

  /** The fault for a request, which counts as injected; undefined for none. */
  decide(operation: string, path: string): Fault | undefined {
    let decided: Fault | undefined;
    // Every rule counts every request that it matches, whichever decides: `at` would be hard to foresee otherwise.
    for (const entry of this.#rules) {
      const { rule } = entry;
      if (rule.operations !== undefined && !rule.operations.includes(operation)) continue;
      if (rule.path !== undefined && !rule.path.test(path)) continue;
      entry.matched++;
      if (this.#isDue(entry)) decided ??= rule.fault;
    }
    if (decided !== undefined) this.#injected.set(decided.kind, this.injected(decided.kind) + 1);
    return decided;
  }

  /** How many faults were injected, of one kind or in all. */
  injected(kind?: FaultKind): number {
    if (kind !== undefined) return this.#injected.get(kind) ?? 0;
    return [...this.#injected.values()].reduce((sum, count) => sum + count, 0);
  }

  #isDue(entry: RuleState): boolean {
    const { at, probability, burst = 1 } = entry.rule;
    if (entry.burstLeft > 0) {
      entry.burstLeft--;
      return true;
    }
    const isTurn =
      at === undefined ? probability === undefined || this.#random.next() < probability : at.includes(entry.matched);
    if (isTurn) entry.burstLeft = burst - 1;
    return isTurn;
  }
}
