import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inject } from 'vitest';
import { siteIdentities } from './site.ts';

/** A new home folder whose AWS profiles `global` and `china` hold the source's and the target's keys. */
export function newHome(): string {
  const home = newFolder();
  mkdirSync(join(home, '.aws'));
  const profiles = Object.values(siteIdentities).map(
    ({ credentials: { accessKeyId, secretAccessKey } }) =>
      `[${accessKeyId}]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`,
  );
  writeFileSync(join(home, '.aws', 'credentials'), profiles.join('\n'));
  return home;
}

/** A new empty folder that goes away when the test run ends. */
export function newFolder(): string {
  return mkdtempSync(join(inject('runDirectory'), 'folder-'));
}
