import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { expectError, useCliWorld } from './cli-world.ts';

const world = await useCliWorld({ items: 2000 });

/** Of 2,000 items a fifth passes. */
const whole = {
  type: 'summary',
  ok: true,
  read: 2000,
  filtered: 1600,
  passed: 400,
  written: 400,
  skipped: 0,
  deadLettered: 0,
  objects: expect.any(Number) as number,
  bytes: expect.any(Number) as number,
  verify: { equal: 400, missing: 0, extra: 0, different: 0 },
  seconds: expect.any(Number) as number,
};

describe('dynaferry run', () => {
  it('prints one JSON event a line, the last one being the summary, and nothing else', async () => {
    const { code, stdout, stderr, events } = await world.run(['run', '--json', world.migration('json')]);
    expect([code, stderr]).toEqual([0, '']);
    expect(events).toHaveLength(stdout.split('\n').length);
    expect(events.at(-1)).toEqual({ ...whole, migration: 'json' });
    expect(new Set(events.map(({ type }) => type))).toEqual(new Set(['stage', 'progress', 'summary']));
  });

  it('tells progress in plain lines on standard error and the sums in words on standard output', async () => {
    const path = world.migration('words');
    const { code, stdout, stderr } = await world.run(['run', path]);
    expect(code).toBe(0);
    for (const stage of ['export', 'transfer', 'load', 'verify']) expect(stderr).toContain(`${stage}: done`);
    expect(stdout).toMatch(/^words: done in .*, and everything is accounted for$/m);
    expect(stdout).toMatch(/^ {2}kept back +1,600 {2}by the filter/m);
    expect(stdout).toContain(join(dirname(path), '.dynaferry', 'words'));
    // eslint-disable-next-line no-control-regex
    expect(stdout + stderr).not.toMatch(/\u001b/);
  });

  it('changes nothing when it is run again, and begins anew with --restart', async () => {
    const path = world.migration('again');
    await world.run(['run', path]);
    const again = await world.run(['run', '--json', path]);
    expect(again.events.at(-1)).toEqual({ ...whole, migration: 'again' });
    expect(again.events).toContainEqual({ type: 'stage', migration: 'again', stage: 'export', state: 'resumed' });
    const anew = await world.run(['run', '--json', '--restart', '--skip-verify', path]);
    const { verify: _verify, ...moved } = whole;
    expect(anew.events.at(-1)).toEqual({ ...moved, migration: 'again' });
    expect(anew.events).toContainEqual({ type: 'stage', migration: 'again', stage: 'export', state: 'started' });
  });

  it('runs several files side by side and sums them up', async () => {
    const files = [
      world.migration('first'),
      world.migration('second', (yaml) => (yaml['policy'].filter = "country = 'Japan'")),
    ];
    const { code, events } = await world.run(['run', '--json', ...files]);
    expect(code).toBe(0);
    const summary = events.at(-1);
    expect(summary).toMatchObject({ type: 'summary', ok: true, read: 4000 });
    expect(summary?.['migrations']).toEqual([
      { migration: 'first', ...whole },
      expect.objectContaining({ migration: 'second', ok: true, read: 2000 }),
    ]);
  });

  it('ends as the first file that failed, and finishes the others', async () => {
    const files = [world.migration('gone', (yaml) => (yaml['source'].table = 'nobody')), world.migration('good')];
    const result = await world.run(['run', ...files]);
    expectError(result, 5, 'TABLE_NOT_FOUND');
    expect(result.stderr).toMatch(/^error: gone: /m);
    expect(result.stdout).toMatch(/^good: done/m);
  });

  it('refuses two files of the same name', async () => {
    const result = await world.run(['run', world.migration('twin'), world.migration('twin')]);
    expectError(result, 2, 'CONFIG_INVALID');
  });

  it('stops at Ctrl-C with its progress saved, is refused to others meanwhile, and goes on', async () => {
    // So slow that it has to be stopped: 400 items at 20 a second.
    const slow = world.migration('stopped', (yaml) => (yaml['limits'] = { write: 20 }));
    const stateDir = join(dirname(slow), 'state');
    let loading = (): void => undefined;
    const isLoading = new Promise<void>((fulfil) => (loading = fulfil));
    const running = world.start(['run', '--json', '--state-dir', stateDir, slow], {
      killWhen: (_, event) => {
        if (event?.type === 'progress' && event['stage'] === 'load' && Number(event['items']) > 0) loading();
        return false;
      },
    });
    await isLoading;
    const status = await world.run(['status', '--json', '--state-dir', stateDir, slow]);
    expect(status.events[0]['stages']).toContainEqual(
      expect.objectContaining({ stage: 'load', state: 'running', processId: running.process.pid }),
    );
    expectError(await world.run(['run', '--state-dir', stateDir, slow]), 10, 'LOCKED');
    running.process.kill('SIGINT');
    const stopped = await running.done;
    expect(stopped.code).toBe(130);
    expect(stopped.stderr).toContain('stopping: saving progress; press Ctrl-C again to quit at once');
    expect(stopped.events.at(-1)).toMatchObject({ type: 'summary', ok: false, error: { code: 'INTERRUPTED' } });
    const fast = world.migration('stopped');
    const finished = await world.run(['run', '--json', '--state-dir', stateDir, fast]);
    expect(finished.events.at(-1)).toEqual({ ...whole, migration: 'stopped' });
    expect(existsSync(join(dirname(fast), '.dynaferry'))).toBe(false);
  });

  it('can be cut into its stages, each its own process', async () => {
    const path = world.migration('staged');
    for (const stage of ['export', 'transfer', 'load', 'verify'])
      expect(await world.run([stage, path])).toMatchObject({
        code: 0,
        stderr: expect.stringContaining(`${stage}: done`) as string,
      });
    const { stdout } = await world.run(['status', path]);
    expect(stdout).toMatch(/read +2,000 = 1,600 kept back by the filter \+ 400 passed/);
    expect(stdout).toMatch(/passed +400 = 400 written \+ 0 skipped \+ 0 dead-lettered/);
    expect(stdout).toMatch(/verified .*400 equal, 0 missing, 0 extra, 0 different/);
  });

  it('goes on when nobody reads what it prints', async () => {
    const path = world.migration('unread');
    const running = world.start(['run', '--json', path]);
    running.process.stdout?.destroy();
    expect((await running.done).code).toBe(0);
  });
});

describe('a terminal', () => {
  const main = resolve(import.meta.dirname, '../../dist/cli/main.js');

  /** What `dynaferry status` shows on a pseudo terminal. */
  async function onTerminal(name: string, args: string, env: Record<string, string>): Promise<string> {
    const command = `${resolve('node_modules/.bin/node')} ${main} status ${args} ${world.migration(name)}`;
    const { stdout } = await promisify(execFile)('script', ['-qec', command, '/dev/null'], {
      env: { PATH: process.env['PATH'], TERM: 'xterm', ...env },
    });
    return stdout;
  }

  it('gets colours, unless NO_COLOR or --no-color says otherwise', async () => {
    expect(await onTerminal('coloured', '', {})).toContain('\u001b[1m');
    expect(await onTerminal('plain', '', { NO_COLOR: '1' })).not.toContain('\u001b');
    expect(await onTerminal('option', '--no-color', {})).not.toContain('\u001b');
  });
});

describe('dynaferry inspect and plan', () => {
  it('show values only as far as they are asked for', async () => {
    const path = world.migration('look');
    const inspect = await world.run(['inspect', path]);
    expect(inspect.code).toBe(0);
    expect(inspect.stdout).toMatch(/^Full scan: all 2,000 items/m);
    // Which is seen first depends on the segment that is read first.
    const sexes = / (?:F \| M|M \| F)$/m;
    expect(inspect.stdout).not.toMatch(sexes);
    expect((await world.run(['inspect', '--examples', '2', path])).stdout).toMatch(sexes);
    expect((await world.run(['plan', '--show', '0', path])).stdout).not.toContain('@example');
    expect((await world.run(['plan', path])).stdout).toContain('@example');
  });

  it('leave a catalog file and a verdict', async () => {
    const path = world.migration('verdict');
    const catalog = join(dirname(path), 'catalog.json');
    const [inspect] = (await world.run(['inspect', '--json', '--catalog', catalog, path])).events;
    expect(inspect).toEqual({ type: 'catalog', ...(JSON.parse(readFileSync(catalog, 'utf8')) as object) });
    expect(inspect).toMatchObject({ format: 'dynaferry-catalog', coverage: { items: 2000 } });
    const plan = await world.run(['plan', path]);
    expect([plan.code, plan.stderr]).toEqual([0, '']);
    expect(plan.stdout).toContain('This migration can run.');
    expect(plan.stdout).toMatch(/govid .*hash$/m);
  });
});
