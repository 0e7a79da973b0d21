import { describe, expect, it } from 'vitest';
import { LEASE_MS, Lease, ON_ITS_WAY_MS, type Moment } from '../../../src/stages/apply/lease.ts';
import { FakeClock } from '../../engine/fake-clock.ts';

/** By the steady clock; of the other one nothing is heard. */
const at = (steadyMs: number): Moment => ({ steadyMs, wallMs: Infinity });
const quiet = new AbortController().signal;

/** Work that is noted when it begins and when it is cut off, and ends when told. */
function noted() {
  const notes: string[] = [];
  const end = Promise.withResolvers<string>();
  const work = (signal: AbortSignal): Promise<string> => {
    notes.push('begun');
    const cutOff = new Promise<never>((_, reject) =>
      signal.addEventListener('abort', () => {
        notes.push('cut off');
        reject(signal.reason as Error);
      }),
    );
    return Promise.race([end.promise, cutOff]);
  };
  return { notes, work, end: () => end.resolve('done') };
}

describe('a lease', () => {
  it('that nobody has given lets nothing begin', async () => {
    const clock = new FakeClock();
    const lease = new Lease(clock);
    const { notes, work, end } = noted();
    const done = lease.during(work, quiet);
    await clock.runUntil(60_000);
    expect(notes).toEqual([]);
    lease.renew(at(60_000));
    end();
    await clock.runUntil(61_000);
    await expect(done).resolves.toBe('done');
    expect(notes).toEqual(['begun']);
  });

  it('lasts from when it was asked for, is renewed while work goes on, and cuts it off at its end until it is renewed', async () => {
    const clock = new FakeClock();
    const lease = new Lease(clock);
    const { notes, work, end } = noted();
    lease.renew(at(0));
    const done = lease.during(work, quiet);
    await clock.runUntil(5000);
    lease.renew(at(4000));
    // An answer that was late tells nothing that is not known.
    lease.renew(at(1000));
    await clock.runUntil(4000 + LEASE_MS - 1);
    expect(notes).toEqual(['begun']);
    await clock.runUntil(4000 + LEASE_MS);
    expect(notes).toEqual(['begun', 'cut off']);
    await clock.runUntil(100_000);
    expect(notes).toEqual(['begun', 'cut off']);
    lease.renew(at(99_000));
    await clock.runUntil(101_000);
    expect(notes).toEqual(['begun', 'cut off', 'begun']);
    end();
    await expect(done).resolves.toBe('done');
  });

  it('ends for a machine that has slept, whose steady clock does not know of it, and not where the other one is put back', async () => {
    const clock = new FakeClock();
    let wallMs = 1_000_000;
    const lease = new Lease(clock, () => wallMs);
    lease.renew(lease.now());
    const { notes, work, end } = noted();
    const done = lease.during(work, quiet);
    await clock.runUntil(1000);
    wallMs -= 3_600_000;
    await clock.runUntil(2000);
    lease.renew(lease.now());
    await clock.runUntil(3000);
    expect(notes).toEqual(['begun']);
    wallMs += 20_000;
    await clock.runUntil(3200);
    expect(notes).toEqual(['begun', 'cut off']);
    // What was cut off may be on its way to the table for as long.
    lease.renew(lease.now());
    await clock.runUntil(3200 + ON_ITS_WAY_MS - 200);
    expect(notes).toEqual(['begun', 'cut off']);
    lease.renew(lease.now());
    await clock.runUntil(3200 + ON_ITS_WAY_MS + 200);
    end();
    await expect(done).resolves.toBe('done');
    expect(notes).toEqual(['begun', 'cut off', 'begun']);
  });

  it('passes on what fails, and what stops the work', async () => {
    const clock = new FakeClock();
    const lease = new Lease(clock);
    lease.renew(at(0));
    await expect(lease.during(() => Promise.reject(new Error('refused')), quiet)).rejects.toThrow('refused');
    const stop = new AbortController();
    const stopped = lease.during(noted().work, stop.signal);
    await clock.runUntil(1);
    stop.abort(new Error('stopped'));
    await expect(stopped).rejects.toThrow('stopped');
  });
});
