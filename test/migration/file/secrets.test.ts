import { describe, expect, test } from 'vitest';
import { parseMigrationFile } from '../../../src/migration/file/parse.ts';
import { DynaferryError } from '../../../src/model/errors.ts';
import { changed, example } from './examples.ts';

const CANARY = 'canary-7f3a';
const ACCESS_KEY_ID = 'AKIAIOSFODNN7EXAMPLE';
const SECRET_ACCESS_KEY = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';

/** Everything that an error could print. */
function refusal(text: string): string {
  try {
    parseMigrationFile(text, 'm.yaml');
  } catch (error) {
    if (!(error instanceof DynaferryError)) throw error;
    return `\n${error.message}\n${error.fix}\n${error.stack}\n${String(error.cause)}`;
  }
  throw new Error('the file was taken');
}

describe('no message shows', () => {
  test('the key of a rule, which is refused', () => {
    const message = refusal(changed(example, 'env:GOVID_KEY', CANARY));
    expect(message).not.toContain(CANARY);
    expect(message).toContain('write key: env:NAME or key: file:PATH');
    expect(message).toContain('key: (not shown)');
  });

  test.each([
    ['on a line of its own', `\n        hash:\n          key:\n            ${CANARY}`],
    ['as a block', `\n        hash:\n          key: |\n            ${CANARY}`],
    ['in quotes', `{ hash: { key: "${CANARY}" } }`],
    ['as a list', `{ hash: { key: [${CANARY}] } }`],
    ['in place of its map', `{ hash: ${CANARY} }`],
    ['beside a mistake', `{ hash: { key: ${CANARY}, kye: 1 } }`],
  ])('the key of a rule %s', (_, rule) => {
    expect(refusal(changed(example, '{ hash: { key: env:GOVID_KEY } }', rule))).not.toContain(CANARY);
  });

  test.each([
    'accessKeyId',
    'secretAccessKey',
    'sessionToken',
    'aws_secret_access_key',
    'aws_session_token',
    'password',
    'secret',
    'token',
  ])('what stands under %s', (key) => {
    const message = refusal(changed(example, '  profile: china\n', `  ${key}: ${CANARY}\n`));
    expect(message).not.toContain(CANARY);
    expect(message).toContain('credentials are never written into this file');
  });

  test.each([ACCESS_KEY_ID, SECRET_ACCESS_KEY])('what looks like an AWS key: %s', (secret) => {
    expect(refusal(changed(example, 'region: cn-north-1', `region: ${secret}`))).not.toContain(secret);
    expect(refusal(changed(example, 'profile: china', `credentials: ${secret}`))).not.toContain(secret);
    expect(refusal(changed(example, 'profile: china', `${secret}: x`))).not.toContain(secret);
    expect(refusal(`${example}${secret}`)).not.toContain(secret);
  });

  test('user and password of an endpoint', () => {
    const message = refusal(changed(example, 'http://127.0.0.1:8000', `http://root:${CANARY}@127.0.0.1:8000`));
    expect(message).not.toContain(CANARY);
    expect(message).toContain('an http:// or https:// URL of host and port');
  });

  test.each([
    '{ hash: { key: %s }',
    '{ hash: { "key": %s }',
    "{ hash: { key: '%s }",
    "'x' key: %s",
    "'x' { key: %s }",
    '\n\tkey: %s',
    '\n      key: %s: x',
  ])('the key of a rule in text that is not YAML: %j', (rule) => {
    expect(refusal(changed(example, '{ hash: { key: env:GOVID_KEY } }', rule.replace('%s', CANARY)))).not.toContain(
      CANARY,
    );
  });
});

describe('shown are', () => {
  test('references to keys', () => {
    expect(
      refusal(changed(example, 'govid: { hash: { key: env:GOVID_KEY } }', 'govid: { hash: { key: env:GOVID_KEY } }}')),
    ).toContain('env:GOVID_KEY');
  });
  test('attributes that are called like secrets', () => {
    expect(refusal(changed(example, 'sex: drop', 'token: ${RULE}'))).toContain('token: ${RULE}');
  });
});
