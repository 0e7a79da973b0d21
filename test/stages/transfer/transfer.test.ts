import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Ledger } from '../../../src/engine/ledger.ts';
import { Pacer } from '../../../src/engine/pacer.ts';
import { BufferBudget } from '../../../src/engine/buffer-budget.ts';
import { ConnectionGate } from '../../../src/engine/connection-gate.ts';
import { StageMeter } from '../../../src/engine/stage-context.ts';
import { StagedCopier } from '../../../src/stages/transfer/staged-copier.ts';
import { runTransfer } from '../../../src/stages/transfer/transfer-stage.ts';
import { CommitSignal, readCommit, type DataObject } from '../../../src/staging/commit-log.ts';
import { sha256Hex } from '../../../src/staging/data-object.ts';
import { ExportLayout } from '../../../src/staging/layout.ts';
import { policyOf } from '../../policy/policy-of.ts';
import { MemoryBucket } from '../../staging/memory-bucket.ts';
import { MemorySource } from '../export/memory-source.ts';
import { contextOf, exportOnce, PREFIX, readExport } from '../export/run-export.ts';

const PART = 1000;
let folder: string;
let source: MemoryBucket;
let target: MemoryBucket;
let ledger: Ledger;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dynaferry-transfer-'));
  source = new MemoryBucket('from', 'source');
  target = new MemoryBucket('to', 'target');
  ledger = Ledger.open(folder);
});
afterEach(() => {
  ledger.close();
  rmSync(folder, { recursive: true });
});

const body = Buffer.from(Array.from({ length: 5300 }, (_, i) => (i * 7919) % 251));
const metadata = { 'dynaferry-sha256': sha256Hex(body) };

/** The object as committed; with one part where it is put whole. */
async function staged(partSizeBytes = PART): Promise<DataObject> {
  const etag = await source.put('s', body);
  const partSha256: string[] = [];
  for (let at = 0; at < body.length; at += partSizeBytes)
    partSha256.push(sha256Hex(body.subarray(at, at + partSizeBytes)));
  const md5Base64 = createHash('md5').update(body).digest('base64');
  return {
    key: 's',
    items: 1,
    sizeBytes: body.length,
    jsonBytes: 1,
    etag,
    md5Base64,
    sha256: sha256Hex(body),
    partSizeBytes,
    partSha256,
  };
}

let retries = 0;
function copy(object: DataObject): Promise<string> {
  retries = 0;
  const link = {
    source,
    target,
    bandwidth: new Pacer(Infinity),
    gate: new ConnectionGate({ min: 3, max: 3 }),
    memory: new BufferBudget(1e6),
    onBytes: () => undefined,
    onRetry: () => retries++,
    signal: new AbortController().signal,
  };
  const copier = new StagedCopier(link, ledger);
  return copier.copy(1, object, 's', 't', metadata);
}

describe.each([
  ['whole', body.length],
  ['in parts', PART],
])('copying an object %s', (how, partSize) => {
  it('brings the very bytes, and carries them once', async () => {
    const object = await staged(partSize);
    const etag = await copy(object);
    expect(target.objects.get('t')?.body.equals(body)).toBe(true);
    expect(target.objects.get('t')?.metadata).toEqual(metadata);
    expect(etag).toBe(target.objects.get('t')?.etag);
    target.calls.length = source.calls.length = 0;
    expect(await copy(object)).toBe(etag);
    expect([source.calls, target.calls]).toEqual([[], ['head t']]);
  });

  it('reads again what came wrong though as long as it should be, and holds it to be damaged when it stays so', async () => {
    const object = await staged(partSize);
    let damage = 2;
    source.onGet = (bytes) => {
      if (damage-- > 0) bytes[9] ^= 4;
      return bytes;
    };
    await copy(object);
    expect(target.objects.get('t')?.body.equals(body)).toBe(true);
    expect(retries).toBe(2);
    target.objects.clear();
    damage = Infinity;
    await expect(copy(object)).rejects.toMatchObject({ code: 'DATA_DAMAGED' });
    expect(target.objects.has('t')).toBe(false);
  });

  it('notices that the source object is replaced underneath', async () => {
    const object = await staged(partSize);
    let gets = 0;
    source.before = (operation) => {
      if (operation === 'get' && ++gets === (how === 'whole' ? 1 : 3))
        source.objects.set('s', {
          body: Buffer.alloc(body.length),
          sizeBytes: body.length,
          etag: '"other"',
          metadata: {},
        });
    };
    await expect(copy(object)).rejects.toMatchObject({ code: 'SOURCE_CHANGED' });
    expect(target.objects.has('t')).toBe(false);
  });

  it('believes no 200: an object that is not there, or is another, is not believed to have arrived', async () => {
    const object = await staged(partSize);
    let lies = 1;
    target.after = (operation) => {
      if ((operation === 'put' || operation === 'completeUpload') && lies-- > 0) target.objects.delete('t');
    };
    await expect(copy(object)).rejects.toMatchObject({ code: 'SERVICE_FAILED' });
    expect(await copy(object)).toBe(target.objects.get('t')?.etag);
    target.after = (operation) => {
      if (operation === 'put' || operation === 'completeUpload')
        target.objects.set('t', { body: Buffer.from('short'), sizeBytes: 5, etag: '"x"', metadata });
    };
    target.objects.clear();
    await expect(copy(object)).rejects.toMatchObject({ code: 'DATA_DAMAGED' });
  });
});

describe('copying in parts', () => {
  it('goes on after a cut with the parts that are missing, and no others', async () => {
    const object = await staged();
    let parts = 0;
    target.after = (operation) => {
      if (operation === 'uploadPart' && ++parts >= 3) throw new Error('cut');
    };
    await expect(copy(object)).rejects.toThrow('cut');
    target.after = () => undefined;
    await expect
      .poll(() => target.calls.filter((call) => call.startsWith('uploadPart')).length)
      .toBeGreaterThanOrEqual(3);
    const there = [...target.uploads.values()][0].parts.size;
    expect(there).toBeGreaterThanOrEqual(3);
    source.calls.length = 0;
    await copy(object);
    expect(target.objects.get('t')?.body.equals(body)).toBe(true);
    expect(source.calls.filter((call) => call.startsWith('get'))).toHaveLength(6 - there);
    expect(target.uploads.size).toBe(0);
  });

  it('begins anew, and leaves no upload behind, where the upload was of another version, or is gone', async () => {
    const object = await staged();
    for (const sourceEtag of ['"an older one"', object.etag]) {
      target.objects.clear();
      const { uploadId: id } = await target.createUpload('t', {});
      await target.uploadPart('t', id, 1, Buffer.alloc(PART));
      ledger.setUpload(1, id, sourceEtag);
      if (sourceEtag === object.etag) target.uploads.clear();
      await copy(object);
      expect(target.objects.get('t')?.body.equals(body)).toBe(true);
      expect(target.uploads.size).toBe(0);
    }
  });

  it('whose Complete took effect and lost its answer has arrived', async () => {
    const object = await staged();
    let lost = false;
    const complete = target.completeUpload.bind(target);
    // As the client does it: the same request again.
    target.completeUpload = async (...request) => {
      await complete(...request);
      lost = true;
      await complete(...request);
    };
    await copy(object);
    expect(lost).toBe(true);
    expect(target.objects.get('t')?.body.equals(body)).toBe(true);
  });
});

describe('a transfer that is killed and run again', () => {
  it('carries every object and commit, in order and once, whichever operation at the target was the last', async () => {
    const policy = await policyOf({ filter: "country = 'China'" });
    const items = Array.from(
      { length: 12 },
      (_, i) => `{"PK":{"S":"k${i}"},"country":{"S":"${i < 9 ? 'China' : 'x'}"}}`,
    );
    const sourceLayout = await exportOnce({
      bucket: source,
      folder: join(folder, 'e'),
      source: new MemorySource(items, { segments: 4, pageItems: 2 }),
      policy,
    });
    const expected = await readExport(source, sourceLayout);
    const targetLayout = ExportLayout.of('q/', sourceLayout.exportId);
    const transfer = async (state: string): Promise<void> => {
      const mine = Ledger.open(join(folder, state));
      const context = contextOf();
      try {
        await runTransfer({
          context,
          source,
          sourceLayout,
          target,
          targetLayout,
          policyHash: policy.hash,
          ledger: mine,
          meter: new StageMeter(context, 'transfer'),
          bandwidth: new Pacer(Infinity),
          gate: new ConnectionGate({ min: 4, max: 4 }),
          memory: new BufferBudget(1e6),
          recheck: false,
          exportWake: new CommitSignal(),
          wake: new CommitSignal(),
        });
      } finally {
        mine.close();
      }
    };
    for (const moment of ['before', 'after'] as const)
      for (let nth = 1; ; nth++) {
        target = new MemoryBucket('to', 'target');
        let count = 0;
        let dead = false;
        target[moment] = () => {
          dead ||= ++count === nth;
          if (dead) throw new Error('killed');
        };
        if (moment === 'after')
          target.before = () => {
            if (dead) throw new Error('killed');
          };
        await transfer(`${moment}${nth}`).catch(() => undefined);
        const wasKilled = dead;
        target.before = target.after = () => undefined;
        const keys = [...target.objects.keys()].filter((one) => one.includes('/commits/'));
        keys.sort().forEach((one, i) => expect(one).toBe(targetLayout.commit(i + 1)));
        await transfer(`${moment}${nth}`);
        const arrived = await readExport(target, targetLayout);
        expect(arrived.items).toEqual(expected.items);
        expect(arrived.commits.map(({ seq }) => seq)).toEqual(expected.commits.map(({ seq }) => seq));
        for (const { checkpoints } of arrived.commits) expect(checkpoints).toBeUndefined();
        expect([...target.objects.keys()].some((one) => one.endsWith('seal.key'))).toBe(false);
        if (!wasKilled) break;
        expect(nth).toBeLessThan(200);
      }
    expect(sourceLayout.root.startsWith(PREFIX)).toBe(true);
    expect((await readCommit(source, sourceLayout, 1))?.checkpoints?.length).toBeGreaterThan(0);
  });
});
