import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { newFolder } from './home.ts';
import { startProgram } from './program.ts';

function script(text: string): string {
  const path = join(newFolder(), 'script.mjs');
  writeFileSync(path, text);
  return path;
}

test('code, output and events of a program that ends by itself', async () => {
  const path = script(`
    console.log('plain');
    console.log(JSON.stringify({ type: 'summary', args: process.argv.slice(2), node: process.versions.node.split('.')[0] }));
    console.error('a warning');
    process.exitCode = 7;
  `);
  expect(await startProgram(path, ['a', 'b c']).done).toMatchObject({
    code: 7,
    signal: null,
    stderr: 'a warning',
    events: [{ type: 'summary', args: ['a', 'b c'], node: '24' }],
  });
});

test("nothing of the caller's environment gets in, and both sites' profiles are there", async () => {
  const path = script(`
    import { readFileSync } from 'node:fs';
    const { PATH, HOME, ...rest } = process.env;
    console.log(JSON.stringify({ type: 'env', names: Object.keys(rest), profiles: readFileSync(HOME + '/.aws/credentials', 'utf8') }));
  `);
  process.env.AWS_ACCESS_KEY_ID = 'leaked';
  const { events } = await startProgram(path, [], { env: { GOVID_KEY: 'x' } }).done;
  delete process.env.AWS_ACCESS_KEY_ID;
  const [{ names, profiles }] = events;
  expect(names).toEqual(expect.arrayContaining(['GOVID_KEY', 'AWS_EC2_METADATA_DISABLED']));
  expect(names).not.toContain('AWS_ACCESS_KEY_ID');
  expect(profiles).toContain('[global]\naws_access_key_id = global');
  expect(profiles).toContain('[china]\naws_access_key_id = china');
});

const endless = `
  let n = 0;
  setInterval(() => console.log(JSON.stringify({ type: 'tick', n: n++ })), 1);
`;

test('killed at the event that matches', async () => {
  const result = await startProgram(script(endless), [], { killWhen: (_, event) => event?.n === 5 }).done;
  expect(result).toMatchObject({ code: null, signal: 'SIGKILL' });
  expect(result.events).toContainEqual({ type: 'tick', n: 5 });
});

test('killed after a time', async () => {
  const result = await startProgram(script(endless), [], { killAfterMs: 100 }).done;
  expect(result).toMatchObject({ code: null, signal: 'SIGKILL' });
});

test('another signal reaches the program, which may answer it', async () => {
  const polite = `process.on('SIGINT', () => process.exit(130)); ${endless}`;
  const result = await startProgram(script(polite), [], { killWhen: (_, event) => event?.n === 1, signal: 'SIGINT' })
    .done;
  expect(result).toMatchObject({ code: 130, signal: null });
});
