import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Ledger } from '../../src/engine/ledger.ts';
import { isLocked, Lock, lockHolder } from '../../src/engine/lock.ts';
import type { DataObject } from '../../src/staging/commit-log.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dynaferry-ledger-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const counts = { items: 3, bytes: 100, sourceBytes: 900, read: 10, filtered: 6, deadLettered: 1 };
const object: DataObject = {
  key: 'data/x.json.gz',
  items: 3,
  sizeBytes: 100,
  jsonBytes: 300,
  etag: '"e"',
  md5Base64: 'm',
  sha256: 'a'.repeat(64),
  partSizeBytes: 8,
  partSha256: ['b'],
};

/** Runs TypeScript in a process of its own, with the modules of src/engine in reach. */
function script(code: string): string[] {
  const engine = new URL('../../src/engine/', import.meta.url);
  const imports = `const { Ledger } = await import('${new URL('ledger.ts', engine).href}'); const { Lock, isLocked } = await import('${new URL('lock.ts', engine).href}');`;
  return ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', `${imports} ${code}`];
}
const run = (code: string): Promise<{ stdout: string }> => promisify(execFile)(process.execPath, script(code));

describe('Ledger', () => {
  it('holds everything after it was opened again', () => {
    const before = Ledger.open(folder);
    before.setFact('exportId', 'x');
    before.setFact('exportId', 'y');
    before.commit(1, counts, object, [{ segment: 0, sealed: 's', done: false }]);
    before.commit(2, { ...counts, items: 0 }, null, [{ segment: 0, sealed: null, done: true }]);
    before.setUpload(1, 'u', '"e"');
    const loaded = { linesDone: 2, finished: false, written: 1, skipped: 1, deadLettered: 0 };
    before.setLoaded(1, { items: 3, bytes: 100 }, loaded);
    before.close();
    const after = Ledger.open(folder);
    expect(after.fact('exportId')).toBe('y');
    expect(after.fact('exportDone')).toBeUndefined();
    expect(after.lastCommit()).toBe(2);
    expect([...after.checkpoints().values()]).toEqual([{ segment: 0, sealed: null, done: true }]);
    expect(after.committedObjects()).toEqual([{ ...object, seq: 1 }]);
    expect(after.upload(1)).toEqual({ uploadId: 'u', sourceEtag: '"e"' });
    expect(after.loaded(1)).toEqual(loaded);
    after.markTransferred(1, 3, 100);
    expect([after.isTransferred(1), after.upload(1)]).toEqual([true, undefined]);
    expect(after.totals()).toMatchObject({
      export: { objects: 1, items: 3, read: 20, filtered: 12, deadLettered: 2, sourceBytes: 1800 },
      transfer: { objects: 1, items: 3, bytes: 100 },
      load: { objects: 0, items: 2, written: 1, skipped: 1, deadLettered: 0 },
    });
    after.clear();
    expect([after.fact('exportId'), after.lastCommit(), after.totals().load.items]).toEqual([undefined, 0, 0]);
    after.close();
  });

  it('takes a commit once: told again, neither counts nor checkpoints change', () => {
    const ledger = Ledger.open(folder);
    ledger.commit(1, counts, object, [{ segment: 4, sealed: 'first', done: false }]);
    ledger.commit(2, counts, null, [{ segment: 4, sealed: 'second', done: false }]);
    ledger.commit(1, { ...counts, read: 99 }, object, [{ segment: 4, sealed: 'first', done: false }]);
    ledger.markTransferred(1, 3, 100);
    ledger.markTransferred(1, 3, 100);
    expect(ledger.totals().export.read).toBe(20);
    expect(ledger.totals().transfer.objects).toBe(1);
    expect(ledger.checkpoints().get(4)?.sealed).toBe('second');
    ledger.close();
  });

  it('says where following begins: the first commit that is missing, gaps included', () => {
    const ledger = Ledger.open(folder);
    expect([ledger.firstMissing('transferred'), ledger.firstMissing('loaded')]).toEqual([1, 1]);
    for (const seq of [1, 2, 4]) ledger.markTransferred(seq, 1, 1);
    expect(ledger.firstMissing('transferred')).toBe(3);
    const one = { items: 1, bytes: 1 };
    const loaded = (finished: boolean) => ({ linesDone: 1, finished, written: 0, skipped: 0, deadLettered: 0 });
    ledger.setLoaded(2, one, loaded(true));
    expect(ledger.firstMissing('loaded')).toBe(1);
    ledger.setLoaded(1, one, loaded(false));
    expect(ledger.firstMissing('loaded')).toBe(1);
    ledger.setLoaded(1, one, loaded(true));
    expect(ledger.firstMissing('loaded')).toBe(3);
    ledger.close();
  });

  it('keeps what was committed when its process is killed', async () => {
    const child = spawn(
      process.execPath,
      script(`const ledger = Ledger.open(${JSON.stringify(folder)});
        for (let seq = 1; ; seq++) {
          ledger.commit(seq, ${JSON.stringify(counts)}, null, [{ segment: 0, sealed: String(seq), done: false }]);
          console.log(seq);
        }`),
    );
    let said = '';
    for await (const chunk of child.stdout) {
      said += String(chunk);
      if (said.split('\n').length > 20) break;
    }
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    const acknowledged = Number(said.split('\n').slice(0, -1).at(-1));
    const ledger = Ledger.open(folder);
    const last = ledger.lastCommit();
    expect(last).toBeGreaterThanOrEqual(acknowledged);
    expect(ledger.checkpoints().get(0)?.sealed).toBe(String(last));
    expect(ledger.totals().export.read).toBe(last * counts.read);
    ledger.close();
  });

  it('can be opened for the first time by many processes at once', async () => {
    const open = `const ledger = Ledger.open(${JSON.stringify(folder)}); ledger.setFact('exportId', String(process.pid)); ledger.close();`;
    await Promise.all(Array.from({ length: 6 }, () => run(open)));
  });

  it('refuses a file of another version, and what is no ledger', () => {
    Ledger.open(folder).close();
    const db = new DatabaseSync(join(folder, 'ledger.sqlite'));
    db.exec('PRAGMA user_version = 999');
    db.close();
    expect(() => Ledger.open(folder)).toThrow(
      expect.objectContaining({ code: 'LOCAL_DISK', message: expect.stringContaining('999') as string }),
    );
    writeFileSync(join(folder, 'ledger.sqlite'), 'x'.repeat(10_000));
    rmSync(join(folder, 'ledger.sqlite-wal'), { force: true });
    expect(() => Ledger.open(folder)).toThrow(expect.objectContaining({ code: 'LOCAL_DISK' }));
  });

  it('that is no database is LOCAL_DISK, and says how to go on without it', () => {
    writeFileSync(join(folder, 'ledger.sqlite'), 'no database at all, '.repeat(300));
    expect(() => Ledger.open(folder)).toThrow(
      expect.objectContaining({ code: 'LOCAL_DISK', fix: expect.stringContaining('Move ledger.sqlite') as string }),
    );
  });

  it('whose folder is a file is LOCAL_DISK for whoever only looks, too', () => {
    const file = join(folder, 'a-file');
    writeFileSync(file, '');
    expect(() => Ledger.peek(join(file, 'users'))).toThrow(expect.objectContaining({ code: 'LOCAL_DISK' }));
  });

  it('that cannot be written is LOCAL_DISK: no folder to make', () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    for (const work of [() => Ledger.open(join(file, 'x')), () => Lock.take(join(file, 'x'), 'run', 'it')])
      expect(work).toThrow(expect.objectContaining({ code: 'LOCAL_DISK' }));
  });

  it('that has no room any more is LOCAL_DISK, and keeps whole commits', async () => {
    // A limit on the size of files stands in for a full disk.
    const code = script(`const ledger = Ledger.open(${JSON.stringify(folder)});
      try {
        for (let seq = 1; ; seq++) ledger.commit(seq, ${JSON.stringify(counts)}, { etag: 'x'.repeat(5000) }, [{ segment: 0, sealed: String(seq), done: false }]);
      } catch (error) { console.log(error.code, error.message); }`);
    const limited = ['-c', 'ulimit -f 400; exec "$0" "$@"', process.execPath, ...code];
    const { stdout } = await promisify(execFile)('/bin/sh', limited);
    expect(stdout).toMatch(/^LOCAL_DISK the ledger cannot be read or written: (?!.*rollback)/);
    const ledger = Ledger.open(folder);
    const last = ledger.lastCommit();
    expect(last).toBeGreaterThan(5);
    expect(ledger.totals().export.read).toBe(last * counts.read);
    expect(ledger.checkpoints().get(0)?.sealed).toBe(String(last));
    ledger.commit(last + 1, counts, null, []);
    ledger.close();
  });
});

describe('Lock', () => {
  it('is held by one; another is told who holds it; released, it can be taken', () => {
    const lock = Lock.take(folder, 'run', 'the migration');
    expect(isLocked(folder, 'run')).toBe(true);
    expect(isLocked(folder, 'other')).toBe(false);
    expect(() => Lock.take(folder, 'run', 'the migration')).toThrow(
      expect.objectContaining({ code: 'LOCKED', message: expect.stringContaining(`process ${process.pid}`) as string }),
    );
    expect(isLocked(folder, 'run')).toBe(true);
    lock.release();
    expect(isLocked(folder, 'run')).toBe(false);
    Lock.take(folder, 'run', 'the migration').release();
  });

  it('is held across processes and freed by SIGKILL of the holder', async () => {
    const holder = spawn(
      process.execPath,
      script(`Lock.take(${JSON.stringify(folder)}, 'run', 'it'); console.log('taken'); setInterval(() => {}, 1000);`),
    );
    await once(holder.stdout, 'data');
    expect(isLocked(folder, 'run')).toBe(true);
    expect(lockHolder(folder, 'run')?.pid).toBe(holder.pid);
    expect(() => Lock.take(folder, 'run', 'it')).toThrow(expect.objectContaining({ code: 'LOCKED' }));
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    expect(isLocked(folder, 'run')).toBe(false);
    Lock.take(folder, 'run', 'it').release();
  });

  it('is taken by exactly one of many processes, while others look at it all the time', async () => {
    const look = spawn(
      process.execPath,
      script(
        `Lock.take(${JSON.stringify(folder)}, 'run', 'it').release(); console.log('looking'); for (;;) isLocked(${JSON.stringify(folder)}, 'run');`,
      ),
    );
    await once(look.stdout, 'data');
    for (let i = 0; i < 50; i++) Lock.take(folder, 'run', 'it').release();
    const take = `try { Lock.take(${JSON.stringify(folder)}, 'run', 'it'); console.log('got it'); setTimeout(() => {}, 2500); } catch (error) { console.log(error.code); }`;
    const outcomes = await Promise.all(Array.from({ length: 4 }, () => run(take)));
    look.kill('SIGKILL');
    await once(look, 'exit');
    expect(outcomes.map(({ stdout }) => stdout.trim()).sort()).toEqual(['LOCKED', 'LOCKED', 'LOCKED', 'got it']);
  });
});
