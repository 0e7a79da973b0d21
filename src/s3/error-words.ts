const CHARACTERS_MAX = 200;
/** No words of S3's are nearly as long. */
const READ_MAX = 2000;
/** Control and format characters, which move the cursor or turn the direction of writing, and blanks of any kind. */
const unprintable = /[\p{C}\p{Z}]+/gu;
/** What tells of how a request was signed may quote the key id, or what was signed. */
const ofCredentials =
  /access.?key|canonical|credential|secret|sign(?:ature|ed|ing)|string.?to.?sign|\bA[KS]IA[A-Z0-9]{8}/i;
/** As long as a secret, a digest or a session token. */
const longCode = /[A-Za-z0-9+/]{40,}=*/g;

/**
 * The `<Message>` of an error of S3's, cut and fit for a terminal and a file; empty where it has none, or tells of credentials. S3's messages name buckets, keys, settings and limits
 * (https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html), and nothing that is in an object.
 */
export function errorWords(message: string): string {
  const words = message.slice(0, READ_MAX).replace(unprintable, ' ').trim();
  if (ofCredentials.test(words)) return '';
  const shown = Array.from(words.replace(longCode, '…'));
  return shown.length > CHARACTERS_MAX ? `${shown.slice(0, CHARACTERS_MAX - 1).join('')}…` : shown.join('');
}
