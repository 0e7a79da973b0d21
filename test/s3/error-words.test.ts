import { expect, test } from 'vitest';
import { errorWords } from '../../src/s3/error-words.ts';

test('words are told as they are', () => {
  const words = "Key 'arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab' does not exist";
  expect(errorWords(words)).toBe(words);
  expect(errorWords('')).toBe('');
});

test('nothing in them moves the cursor, turns the direction of writing, or begins a line', () => {
  expect(errorWords(' a\u001b[31mb\r\n\tc\u202ed\u2028e\ud800 ')).toBe('a [31mb c d e');
});

test('many words are cut, and not within a character', () => {
  expect(errorWords('é😀 '.repeat(100))).toBe(`${'é😀 '.repeat(66)}é…`);
});

test.each([
  'The AWS Access Key Id AKIAIOSFODNN7EXAMPLE is unknown',
  'AKIAIOSFODNN7EXAMPLE may not do that',
  'invalid AWSAccessKeyId=x',
  'the signature x is another one',
  'StringToSign: x',
  'Credential=x/20260101/us-east-1/s3/aws4_request',
])('what tells of credentials is left out: %s', (message) => expect(errorWords(message)).toBe(''));

test('what is as long as a secret or a digest is left out of them', () => {
  expect(errorWords(`got wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY, and ${'0f'.repeat(32)}`)).toBe('got …, and …');
});
