import { describe, expect, test, vi } from 'vitest';
import type { ProgramResult } from '../world/program.ts';
import { useWorld } from '../world/use-world.ts';
import { writeWireItems } from '../world/wire-table.ts';
import type { TableDefinition } from '../world/world-site.ts';
import { expectDone, expectFailure, Scenario } from './scenario.ts';

const world = await useWorld('dynamodb', 's3');

/** Each test is a dozen commands, one after the other. */
const FINISH = ['--until-caught-up'];

/** A source table with some items, and a stream that is switched on when a capture begins unless told. */
async function prepare(sourceTable: TableDefinition = {}): Promise<Scenario> {
  const scenario = await Scenario.create(world, { sourceTable });
  scenario.yaml.export = { segments: 4 };
  scenario.yaml.replicate = { stream: 'enable' };
  await write(scenario, 'before');
  return scenario;
}

async function write(scenario: Scenario, value: string): Promise<void> {
  const items = ['a', 'b', 'c'].map((key) => `{"PK":{"S":"${key}"},"value":{"S":"${value}"}}`);
  await writeWireItems(world.source, scenario.sourceTable, items);
}

async function expectEqual(scenario: Scenario, items: number): Promise<void> {
  expect(await scenario.compare()).toEqual({ equal: items, missing: [], different: [], extra: [] });
}

/** That Ctrl-C ended it. */
function expectStopped({ code, events }: ProgramResult): void {
  expect({ code, error: events.at(-1)?.['error'] }).toMatchObject({ code: 130, error: { code: 'INTERRUPTED' } });
}

/** Capture and transfer of what there is by now. */
async function carry(scenario: Scenario): Promise<void> {
  expectDone(await scenario.run('capture', FINISH));
  expectDone(await scenario.run('transfer', ['--changes', ...FINISH]));
}

/** Side by side, since they wait most of the time. */
describe.concurrent('where an export and changes meet', () => {
  test('changes wait for the load of the export that they follow, and are applied then', async () => {
    const scenario = await prepare();
    await carry(scenario);
    expectFailure(await scenario.run('apply', FINISH), 9, 'LOAD_FIRST');
    // Without an end it waits, and says what to do where there is nothing to wait for.
    const waiting = scenario.start('apply');
    await waiting.said(({ type, message }) => type === 'notice' && String(message).includes('--without-load'));
    waiting.process.kill('SIGINT');
    expectStopped(await waiting.done);
    expectDone(await scenario.run('export'));
    expectDone(await scenario.run('transfer'));
    expectFailure(await scenario.run('apply', FINISH), 9, 'LOAD_FIRST');
    expectDone(await scenario.run('load'));
    await write(scenario, 'after');
    await carry(scenario);
    const summary = expectDone(await scenario.run('apply', FINISH));
    expect(summary['applied']).toMatchObject({ puts: 3, deadLettered: 0 });
    await expectEqual(scenario, 3);
    // A load that is done stays done, and takes nothing back.
    expectDone(await scenario.run('load'));
    await expectEqual(scenario, 3);
    expectDone(await scenario.run('cutover'));
  });

  test('an export that began before the capture is not followed by changes, until it is made anew', async () => {
    const scenario = await prepare();
    expectDone(await scenario.run('run'));
    expectFailure(await scenario.run('run', ['--live']), 3, 'EXPORT_TOO_OLD');
    await carry(scenario);
    const { fix } = expectFailure(await scenario.run('apply', FINISH), 3, 'EXPORT_TOO_OLD');
    expect(fix).toContain('--restart');
    await write(scenario, 'after');
    const live = scenario.start('run', ['--live', '--restart'], {
      killWhen: (_, event) => event?.type === 'notice' && String(event['message']).includes('has caught up'),
      signal: 'SIGINT',
    });
    await vi.waitFor(() => expectEqual(scenario, 3), { timeout: 120_000, interval: 200 });
    await write(scenario, 'later');
    expectStopped(await live.done);
    expectDone(await scenario.run('cutover'));
    await expectEqual(scenario, 3);
  });

  test('a load that comes after changes is refused, and leaves what they made', async () => {
    const scenario = await prepare();
    expectDone(await scenario.run('capture', FINISH));
    expectDone(await scenario.run('export'));
    expectDone(await scenario.run('transfer'));
    scenario.yaml.target.table = await world.target.createTable();
    await write(scenario, 'after');
    expectDone(await scenario.run('replicate', ['--without-load', ...FINISH]));
    await expectEqual(scenario, 3);
    expectFailure(await scenario.run('load'), 3, 'LOAD_TOO_LATE');
    await expectEqual(scenario, 3);
  });

  test('cutover says where it is not safe to switch, and a stage that another process runs is not run twice', async () => {
    const scenario = await prepare();
    expectDone(await scenario.run('run'));
    expectDone(await scenario.run('replicate', ['--without-load', ...FINISH]));
    await writeWireItems(world.target, scenario.targetTable, ['{"PK":{"S":"extra"}}']);
    expectFailure(await scenario.run('cutover'), 7, 'VERIFY_DIFFERENT');
    const live = scenario.start('replicate');
    await live.said(({ stage }) => stage === 'capture');
    expectFailure(await scenario.run('replicate'), 10, 'LOCKED');
    live.process.kill('SIGINT');
    expectStopped(await live.done);
  });

  test('items that a rule refuses are told of, and it is not safe to switch before they are mended', async () => {
    const scenario = await prepare();
    scenario.yaml.policy = { attributes: { email: { mask: 'email' } } };
    await writeWireItems(world.source, scenario.sourceTable, ['{"PK":{"S":"a"},"email":{"M":{}}}']);
    expectDone(await scenario.run('capture', FINISH));
    expectFailure(await scenario.run('run'), 8, 'DEAD_LETTERS');
    expectFailure(await scenario.run('cutover'), 8, 'DEAD_LETTERS');
    await write(scenario, 'mended');
    expectDone(await scenario.run('cutover'));

    await writeWireItems(world.source, scenario.sourceTable, ['{"PK":{"S":"new"},"email":{"M":{}}}']);
    expectFailure(await scenario.run('replicate', FINISH), 8, 'DEAD_LETTERS');
    const refused = await scenario.run('cutover');
    expect(expectFailure(refused, 8, 'DEAD_LETTERS').message).toContain('/dynaferry/dead-letters/');
    expect(refused.events.at(-1)?.['verify']).toEqual({ equal: 3, missing: 0, extra: 0, different: 0, refused: 1 });
    // Nothing was set aside anew.
    expectDone(await scenario.run('replicate', FINISH));
  });

  test('changes that the target refuses are told of, and applied when their cause is mended', async () => {
    const scenario = await prepare({
      StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
    });
    scenario.yaml.target.table = await world.target.createTable({
      AttributeDefinitions: [
        { AttributeName: 'PK', AttributeType: 'S' },
        { AttributeName: 'n', AttributeType: 'N' },
      ],
      GlobalSecondaryIndexes: [
        {
          IndexName: 'by-n',
          KeySchema: [{ AttributeName: 'n', KeyType: 'HASH' }],
          Projection: { ProjectionType: 'KEYS_ONLY' },
        },
      ],
    });
    await writeWireItems(world.source, scenario.sourceTable, [
      '{"PK":{"S":"good"},"n":{"N":"1"}}',
      '{"PK":{"S":"bad"},"n":{"S":"not a number"}}',
    ]);
    await carry(scenario);
    const refused = await scenario.run('apply', ['--without-load', ...FINISH]);
    expect(expectFailure(refused, 8, 'DEAD_LETTERS').fix).toContain('--retry-dead-letters');
    expect(refused.events.at(-1)?.['applied']).toMatchObject({ puts: 4, deadLettered: 1 });

    scenario.yaml.target.table = await world.target.createTable();
    const retried = expectDone(await scenario.run('apply', ['--retry-dead-letters', ...FINISH]));
    expect(retried['applied']).toMatchObject({ puts: 5, deadLettered: 0 });
    expect((await scenario.compare()).missing).not.toContain('[{"S":"bad"}]');
  });
});
