import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Sealer } from '../../../src/staging/seal.ts';
import type { ItemPages, SideSettings, Subject } from '../../../src/stages/verify/side.ts';
import type { VerifySettings } from '../../../src/stages/verify/verify.ts';
import { policyOf } from '../../policy/policy-of.ts';

/** A folder of its own under the system's temporary one. */
export function newFolder(): string {
  return mkdtempSync(join(tmpdir(), 'dynaferry-verify-'));
}

export const sealer = new Sealer(Buffer.alloc(32, 7));

export const keepAll = await policyOf({});

export const subjectPK: Subject = {
  policyHash: keepAll.hash,
  keySchema: { partition: { name: 'PK', type: 'S' } },
  ignore: [],
};

export function side(items: ItemPages, of = 'a table'): SideSettings {
  return { items, of, concurrency: 2, sealer };
}

/** Settings that compare two sides under the empty policy; key PK of type S. */
export function settingsOf(source: ItemPages, target: ItemPages, more: Partial<VerifySettings> = {}): VerifySettings {
  return {
    subject: subjectPK,
    source: { ...side(source, 'source table'), policy: keepAll, keySchema: subjectPK.keySchema },
    target: side(target, 'target table'),
    folder: newFolder(),
    nowMs: () => 1_800_000_000_000,
    ...more,
  };
}
