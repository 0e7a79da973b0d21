import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { keysFrom } from '../../src/policy/read-key.ts';
import { Secret } from '../../src/policy/secret.ts';

const text = 'canary-key-of-many-bytes';

test('a secret shows itself nowhere', () => {
  const secret = new Secret('env:KEY', Buffer.from(text));
  const forms = [
    String(secret),
    JSON.stringify({ secret }),
    inspect({ secret }, { showHidden: true, depth: 9 }),
    secret.fingerprint,
  ];
  for (const form of forms) {
    expect(form).not.toContain(text);
    expect(form).not.toContain(Buffer.from(text).toString('hex'));
  }
  expect(JSON.stringify(secret)).toBe('"[redacted]"');
});

test('a key of fewer than 16 bytes is refused, without showing it', () => {
  expect(() => new Secret('env:KEY', Buffer.from('short-canary'))).toThrow('the key env:KEY has 12 bytes');
});

test('fingerprints and derived keys differ by key and by purpose', () => {
  const one = new Secret('env:A', Buffer.from(text));
  const other = new Secret('env:A', Buffer.from(`${text}!`));
  expect(one.fingerprint).not.toBe(other.fingerprint);
  expect(one.derive('a').equals(one.derive('b'))).toBe(false);
  // What the hash rule would write for this text must not be a key of another rule.
  expect(one.hmacHex('tokenize/1')).not.toBe(one.derive('tokenize/1').export().toString('hex'));
});

test('keys come from the environment and from files, without the last line break', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'policy-key-'));
  try {
    await writeFile(join(folder, 'govid.key'), `${text}\r\n`);
    const readKey = keysFrom({ GOVID_KEY: text, EMPTY: '' }, folder);
    expect((await readKey('file:govid.key')).toString()).toBe(text);
    expect((await readKey('env:GOVID_KEY')).toString()).toBe(text);
    await expect(readKey('env:EMPTY')).rejects.toThrow('there is no key in env:EMPTY');
    await expect(readKey('env:NONE')).rejects.toThrow('there is no key in env:NONE');
    await expect(readKey('file:none')).rejects.toThrow(/cannot be read/);
  } finally {
    await rm(folder, { recursive: true });
  }
});
