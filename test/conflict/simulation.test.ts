import { describe, expect, it } from 'vitest';
import { simulate } from './simulation.ts';
import { policyFor } from './simulated-site.ts';

/** More of them are tried with SEEDS=5000 in the environment. */
const SEEDS = Number(process.env['SEEDS'] ?? 12);
const FROM = Number(process.env['FROM'] ?? 1);

describe.each([
  ['attributes of the application', { version: 'ver', origin: 'by' }],
  ['marks of ours', 'managed' as const],
])('two sites that write to the same items, with stamps in %s', (_, conflict) => {
  it.each([
    ['in order', false],
    ['in any order, and again', true],
  ])(
    'end equal, each item as the greatest stamp has it, when changes come %s',
    async (__, permuted) => {
      const policy = await policyFor(conflict);
      for (let seed = FROM; seed < FROM + SEEDS; seed++) {
        for (const { here, there, greatest } of await simulate({ seed, conflict, policy, permuted })) {
          expect(here, `seed ${seed}`).toEqual(there);
          expect(here, `seed ${seed}`).toEqual(greatest);
        }
      }
    },
    600_000,
  );
});
