import { createHmac } from 'node:crypto';
import { describe, expect, test, vi } from 'vitest';
import { runCli } from '../world/cli.ts';
import { newFolder } from '../world/home.ts';
import type { ProgramOptions, ProgramResult, RunningProgram } from '../world/program.ts';
import { Random } from '../world/random.ts';
import { useWorld } from '../world/use-world.ts';
import { readWireItems, wireJson, type WireItem } from '../world/wire-table.ts';
import type { TableDefinition } from '../world/world-site.ts';
import { readChangeLog } from './change-log-reader.ts';
import { isKilled, startDoomed } from './random-kill.ts';
import { HASH_KEY, Scenario, expectDone, expectFailure, siteEnvironment, type ScenarioOptions } from './scenario.ts';
import { TableWriter } from './table-writer.ts';
import { WatchedSites } from './watched-sites.ts';

const world = await useWorld('dynamodb', 's3');

const policy = {
  filter: "country = 'China'",
  attributes: { PK: { hash: { key: 'env:HASH_KEY' } }, govid: 'drop', name: { rename: 'given' } },
};

/** The same policy, written down a second time. */
function oracle(item: WireItem): WireItem | undefined {
  if (item['country']?.S !== 'China') return undefined;
  const { PK, govid: _dropped, name, ...rest } = item;
  const hashed = createHmac('sha256', HASH_KEY)
    .update(PK.S ?? '')
    .digest('hex');
  return { ...rest, PK: { S: hashed }, ...(name && { given: name }) };
}

async function expected(scenario: Scenario): Promise<Map<string, string>> {
  const items = (await readWireItems(world.source, scenario.sourceTable))
    .map(oracle)
    .filter((item) => item !== undefined);
  return new Map(items.map((item) => [wireJson({ PK: item['PK'] }), wireJson(item)]));
}

const withStream = (StreamViewType: 'NEW_AND_OLD_IMAGES' | 'KEYS_ONLY'): TableDefinition => ({
  StreamSpecification: { StreamEnabled: true, StreamViewType },
});

async function prepare(options: ScenarioOptions = {}): Promise<Scenario> {
  const scenario = await Scenario.create(world, { sourceTable: withStream('NEW_AND_OLD_IMAGES'), ...options });
  scenario.yaml.policy = policy;
  return scenario;
}

const sourceOnly: ProgramOptions = { env: siteEnvironment.source };
const catchUp = (scenario: Scenario): Promise<ProgramResult> =>
  scenario.run('capture', ['--until-caught-up'], sourceOnly);

/** Side by side: what takes long is the stream, which a capture that somebody waits for gives two seconds. */
describe.concurrent('capture', () => {
  test('switches the stream on where it may, stages changes under the policy, and goes on where it stopped', async () => {
    const scenario = await Scenario.create(world);
    scenario.yaml.policy = policy;
    scenario.yaml.replicate = { stream: 'enable' };
    const writer = new TableWriter(world.source.dynamodb, scenario.sourceTable, new Random(11));
    expectDone(await catchUp(scenario));
    for (const changes of [150, 100]) {
      await writer.write(changes);
      const summary = expectDone(await catchUp(scenario));
      const log = await readChangeLog(world.source, scenario.buckets.source);
      expect(log.folded).toEqual(await expected(scenario));
      expect(log.count('read')).toBe(writer.changes);
      expect(summary['captured']).toMatchObject({ read: writer.changes, puts: log.count('puts'), before: 0 });
    }
    const status = await runCli(scenario.arguments('status'), {});
    expect(status.events.at(-1)).toMatchObject({ changes: { captured: { read: writer.changes } } });
  });

  test('stages changes as they are made, and is stopped by Ctrl-C with exit code 130, its progress saved', async () => {
    const scenario = await prepare();
    const running = scenario.start('capture', [], sourceOnly);
    const writer = new TableWriter(world.source.dynamodb, scenario.sourceTable, new Random(12));
    for (const changes of [20, 20]) {
      await writer.write(changes);
      const folded = await expected(scenario);
      const staged = async () => (await readChangeLog(world.source, scenario.buckets.source)).folded;
      await vi.waitFor(async () => expect(await staged()).toEqual(folded), { timeout: 120_000, interval: 200 });
    }
    running.process.kill('SIGINT');
    const result = await running.done;
    expect(result.code).toBe(130);
    expect(result.events.at(-1)).toMatchObject({ type: 'summary', error: { code: 'INTERRUPTED' } });
    const again = await catchUp(scenario);
    expectDone(again);
    expect((await readChangeLog(world.source, scenario.buckets.source)).count('read')).toBe(writer.changes);
  });

  test.each([
    ['without a stream', undefined, /has no stream/, /replicate: { stream: enable }/],
    ['with keys alone', withStream('KEYS_ONLY'), /KEYS_ONLY/, /NEW_AND_OLD_IMAGES/],
  ])('refuses a table %s, and says what to do', async (_, sourceTable, message, fix) => {
    const scenario = await Scenario.create(world, { ...(sourceTable && { sourceTable }) });
    const error = expectFailure(await catchUp(scenario), 3, 'PREFLIGHT');
    expect(error.message).toMatch(message);
    expect(error.fix).toMatch(fix);
  });

  test('goes on with the log that another machine has begun anew, and a machine that follows the one before is told', async () => {
    const scenario = await prepare();
    const writer = new TableWriter(world.source.dynamodb, scenario.sourceTable, new Random(13));
    const [one, another] = [newFolder(), newFolder()];
    const running = scenario.start('capture', ['--state-dir', one], sourceOnly);
    await writer.write(20);
    const read = async (): Promise<number> =>
      (await readChangeLog(world.source, scenario.buckets.source)).count('read');
    await vi.waitFor(async () => expect(await read()).toBe(writer.changes), { timeout: 120_000, interval: 200 });
    const capture = (...more: string[]): Promise<ProgramResult> =>
      scenario.run('capture', ['--until-caught-up', ...more], sourceOnly);
    expectDone(await capture('--state-dir', another, '--restart'));
    expectFailure(await running.done, 9, 'CAPTURE_RESTARTED');
    await writer.write(20);
    expectDone(await capture('--state-dir', one));
    expect(await read()).toBe(writer.changes);
  });

  test('refuses a policy that would make two keys one', async () => {
    const scenario = await prepare();
    scenario.yaml.policy = { attributes: { PK: { truncate: { length: 1 } } } };
    expectFailure(await catchUp(scenario), 3, 'RULE_ON_KEY');
  });
});

const RUNS = 6;
/** A capture makes some requests to begin with and a few a second then. */
const REQUESTS_MAX = 30;

describe.concurrent('capture that is killed with SIGKILL at random moments (seed 21)', () => {
  test('while the table is written to, loses no change and stages none twice', async () => {
    await using sites = await WatchedSites.start(world);
    const random = new Random(21);
    const scenario = await prepare({ endpoints: sites.endpoints });
    const writer = new TableWriter(world.source.dynamodb, scenario.sourceTable, random);
    expectDone(await catchUp(scenario));
    // Two machines that take turns: each lacks what the other one did.
    const stateDirs = [newFolder(), newFolder()];
    const stop = new AbortController();
    const written = (async () => {
      while (!stop.signal.aborted) await writer.write(5);
    })();
    let kills = 0;
    for (let runs = 0; runs < RUNS; runs++) {
      const start = (options: ProgramOptions): RunningProgram =>
        scenario.start('capture', ['--state-dir', stateDirs[runs % 2]], {
          ...sourceOnly,
          ...options,
        });
      if (isKilled(await startDoomed(sites, random, start, REQUESTS_MAX).done)) kills++;
    }
    stop.abort();
    await written;
    expectDone(await catchUp(scenario));
    expect(kills).toBe(RUNS);
    const log = await readChangeLog(world.source, scenario.buckets.source);
    expect(log.folded).toEqual(await expected(scenario));
    expect(log.count('read')).toBe(writer.changes);
    expect(log.count('filtered') + log.count('puts') + log.count('deletes')).toBe(writer.changes);
  });
});
