import { existsSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCli, startCli } from '../world/cli.ts';
import { newFolder } from '../world/home.ts';
import { expectError, useCliWorld } from './cli-world.ts';

const world = await useCliWorld({ items: 1 });

describe('dynaferry demo', () => {
  it('shows the whole job, accounts for every item, and leaves nothing behind', async () => {
    const { code, stdout, stderr } = await runCli(['demo', '--items', '1000']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/1\. Fill table.*2\. Look at.*3\. Say what may leave.*4\. Move it/s);
    expect(stdout).toMatch(/^users-to-china: done in .*, and everything is accounted for$/m);
    expect(stdout).toMatch(/^ {2}verified +200 {2}items/m);
    expect(stderr).toContain('verify: done');
  });

  it('ends with the summary of the run with --json', async () => {
    const { code, stdout, events } = await runCli([
      'demo',
      '--items',
      '1000',
      '--match',
      '0.5',
      '--seed',
      '7',
      '--json',
    ]);
    expect(code).toBe(0);
    expect(events).toHaveLength(stdout.split('\n').length);
    expect(events.at(-1)).toMatchObject({
      type: 'summary',
      ok: true,
      read: 1000,
      filtered: 500,
      written: 500,
      verify: { equal: 500, missing: 0, extra: 0, different: 0 },
    });
  });

  it('keeps the sites up with --keep until Ctrl-C, and says how to look at them', async () => {
    const { process: child, done } = startCli(['demo', '--items', '200', '--keep'], {
      signal: 'SIGINT',
      killWhen: (line) => line.includes(' verify /'),
    });
    const { code, stdout } = await done;
    expect([code, child.signalCode]).toEqual([0, null]);
    expect(stdout).toContain('--endpoint-url http://127.0.0.1:');
    const migration = /The migration is (\S+migration\.yaml)\./.exec(stdout)?.[1] ?? '';
    expect(migration).not.toBe('');
    expect(existsSync(migration)).toBe(false);
  });
});

describe('dynaferry demo --live', () => {
  it('moves a table that is changed meanwhile, tells how far the target lies behind, and cuts over', async () => {
    const { code, events } = await runCli(['demo', '--live', '--items', '500', '--json']);
    expect(code).toBe(0);
    expect(events.filter(({ type, stage }) => type === 'lag' && stage === 'apply')).not.toEqual([]);
    const summary = events.at(-1) as { applied?: { puts: number; deletes: number } } | undefined;
    expect(summary).toMatchObject({ type: 'summary', ok: true, verify: { missing: 0, extra: 0, different: 0 } });
    expect(summary?.applied?.puts).toBeGreaterThan(0);
    expect(summary?.applied?.deletes).toBeGreaterThan(0);
  });

  it('says what to do where there is no Java', async () => {
    const PATH = newFolder();
    symlinkSync('/bin/sh', join(PATH, 'sh'));
    const { code, stderr } = await runCli(['demo', '--live'], { env: { PATH } });
    expect(code).toBe(11);
    expect(stderr).toContain('needs Java');
    expect(stderr).toContain('Install Java');
  });
});

describe('dynaferry generate', () => {
  it('makes the same items for the same seed, as lines of an export', async () => {
    const folder = newFolder();
    const generate = async (name: string): Promise<string> => {
      const out = join(folder, name);
      const args = ['--items', '50', '--seed', '3', '--match', '0.1', '--exotic', '--out', out];
      expect((await runCli(['generate', ...args])).code).toBe(0);
      return readFileSync(out, 'utf8');
    };
    const text = await generate('one');
    expect(await generate('other')).toBe(text);
    const lines = text.trimEnd().split('\n');
    const items = lines.map((line) => (JSON.parse(line) as { Item: { country?: { S: string } } }).Item);
    expect(items).toHaveLength(50);
    expect(items.filter(({ country }) => country?.S === 'China')).toHaveLength(5);
  });

  it('prints them where nothing else is said, and ends when nobody reads any more', async () => {
    const { stdout } = await runCli(['generate', '--items', '3']);
    expect(stdout.match(/^\{"Item":\{"PK":/gm)).toHaveLength(3);
    const { process: child, done } = startCli(['generate', '--items', '100000000']);
    child.stdout?.once('data', () => child.stdout?.destroy());
    expect(await done).toMatchObject({ code: 0, stderr: '' });
  });

  it('writes into a table, which it makes only when asked to', async () => {
    const { demo } = world;
    const env = {
      AWS_ACCESS_KEY_ID: demo.env['GLOBAL_AWS_ACCESS_KEY_ID'],
      AWS_SECRET_ACCESS_KEY: demo.env['GLOBAL_AWS_SECRET_ACCESS_KEY'],
    };
    const args = [
      'generate',
      '--table',
      'made',
      '--region',
      'us-west-2',
      '--endpoint',
      demo.sites.source.dynamodb,
      '--items',
      '30',
    ];
    expectError(await runCli(args, { env }), 5, 'TABLE_NOT_FOUND');
    const made = await runCli([...args, '--create', '--json'], { env });
    expect(made.events.at(-1)).toMatchObject({ type: 'generated', items: 30 });
    const inspect = await world.run(['inspect', world.migration('made', (yaml) => (yaml['source'].table = 'made'))]);
    expect(inspect.stdout).toContain('all 30 items');
  });
});
