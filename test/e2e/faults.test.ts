import { expect, test } from 'vitest';
import type { FaultRule, PlainFault } from '../world/fault.ts';
import type { ProgramResult } from '../world/program.ts';
import { useWorld } from '../world/use-world.ts';
import { writeWireItems } from '../world/wire-table.ts';
import { paddedProfiles } from './profiles.ts';
import { expectDone, Scenario } from './scenario.ts';
import { userOracle, userPolicy } from './user-policy.ts';
import { WatchedSites, type WatchedSitesOptions } from './watched-sites.ts';

const world = await useWorld('dynamodb', 's3');

const sometimes = (kind: PlainFault, probability: number, ...operations: string[]): FaultRule => ({
  fault: { kind },
  probability,
  ...(operations.length > 0 && { operations }),
});

const at = (kind: PlainFault, n: number, ...operations: string[]): FaultRule => ({
  fault: { kind },
  at: [n],
  operations,
});

const certain = ['throttle', 'server-error', 'reset-before', 'reset-after', 'truncate', 'corrupt'] as const;

/** What any service may do to any request. */
const troubles: FaultRule[] = [
  sometimes('throttle', 0.05),
  sometimes('server-error', 0.04),
  sometimes('reset-before', 0.04),
  sometimes('reset-after', 0.04),
  sometimes('truncate', 0.04),
];

async function migrate(items: Iterable<string>, options: WatchedSitesOptions, change: (scenario: Scenario) => void) {
  await using sites = await WatchedSites.start(world, options);
  const scenario = await Scenario.create(world, { endpoints: sites.endpoints });
  await writeWireItems(world.source, scenario.sourceTable, items);
  scenario.yaml.policy = userPolicy;
  change(scenario);
  const result = await scenario.run('run');
  const summary = expectDone(result);
  const compared = await scenario.compare(userOracle);
  expect(compared).toMatchObject({ missing: [], extra: [], different: [] });
  expect(summary).toMatchObject({
    passed: compared.equal,
    written: compared.equal,
    verify: { equal: compared.equal, missing: 0, extra: 0, different: 0 },
  });
  return { result, injected: (kind: PlainFault): number => sites.injected(kind) };
}

/** What the stages said of themselves at last. */
function counted({ events }: ProgressEvents, member: 'throttles' | 'retries'): number {
  const last = new Map(events.filter(({ type }) => type === 'progress').map((event) => [event['stage'], event]));
  return [...last.values()].reduce((sum, event) => sum + Number(event[member]), 0);
}

type ProgressEvents = Pick<ProgramResult, 'events'>;

test.each([2, 3])(
  'throttles, partial batches, resets, truncation, wrong bytes and 500s in front of all services (seed %i)',
  async (seed) => {
    const { result, injected } = await migrate(
      paddedProfiles({ items: 1200, seed, match: 0.5, exotic: true }, 800),
      {
        seed,
        rules: (service) =>
          service === 'dynamodb'
            ? [
                // Chance alone may leave a kind out: each has one that is certain.
                ...certain.map((kind, i) => at(kind, 2 + 3 * i, 'Scan')),
                at('partial-batch', 2, 'BatchWriteItem'),
                sometimes('partial-batch', 0.3, 'BatchWriteItem'),
                sometimes('corrupt', 0.05, 'Scan', 'BatchWriteItem'),
                ...troubles,
              ]
            : [sometimes('corrupt', 0.03, 'GetObject'), ...troubles],
      },
      ({ yaml }) => {
        yaml.export = { objectSize: '16 KiB', segments: 48 };
      },
    );
    for (const kind of [
      'throttle',
      'partial-batch',
      'server-error',
      'reset-before',
      'reset-after',
      'truncate',
      'corrupt',
    ] as const)
      expect([kind, injected(kind)]).not.toEqual([kind, 0]);
    expect(counted(result, 'throttles')).toBeGreaterThan(0);
    expect(counted(result, 'retries')).toBeGreaterThan(0);
  },
);

test('objects of several parts, whose Complete fails late in an answer of status 200', async () => {
  const { injected } = await migrate(
    paddedProfiles({ items: 160, seed: 4, match: 0.9 }, 150_000),
    {
      seed: 4,
      rules: (service) => (service === 's3' ? [at('error-in-200', 1, 'CompleteMultipartUpload'), ...troubles] : []),
    },
    ({ yaml }) => {
      yaml.export = { objectSize: '64 MiB', segments: 16 };
    },
  );
  expect(injected('error-in-200')).toBeGreaterThan(0);
});

test('connections that stall', async () => {
  const { injected } = await migrate(
    paddedProfiles({ items: 200, seed: 5, match: 0.5 }, 800),
    {
      seed: 5,
      // The first two pass at the same time.
      rules: (service, site) => {
        if (service === 's3') return site === 'target' ? [at('stall', 2, 'GetObject')] : [];
        return [site === 'source' ? at('stall', 2, 'Scan') : at('stall', 1, 'BatchWriteItem')];
      },
    },
    ({ yaml }) => {
      yaml.export = { objectSize: '16 KiB', segments: 48 };
    },
  );
  expect(injected('stall')).toBe(3);
});
