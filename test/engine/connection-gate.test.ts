import { afterEach, describe, expect, it } from 'vitest';
import { ConnectionGate, type BodyKind } from '../../src/engine/connection-gate.ts';

/** Work that ends when it is told to. */
class Work {
  readonly begun: string[] = [];
  readonly #ends = new Map<string, () => void>();

  readonly as = (name: string) => (): Promise<void> =>
    new Promise((resolve) => {
      this.begun.push(name);
      this.#ends.set(name, resolve);
    });

  end(name: string): void {
    this.#ends.get(name)?.();
  }
}

/** Lets everything go on that does not wait for an end. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the gate', () => {
  const gates: ConnectionGate[] = [];
  const gateOf = (connections: number): ConnectionGate => {
    const gate = new ConnectionGate({ min: connections, max: connections });
    gates.push(gate);
    return gate;
  };
  afterEach(() => {
    for (const gate of gates.splice(0)) gate.close();
  });

  it('lets so many requests through at once, and the others in their order', async () => {
    const gate = gateOf(2);
    const work = new Work();
    const all = ['a', 'b', 'c', 'd'].map((name) => gate.run('in', work.as(name)));
    await settled();
    expect(work.begun).toEqual(['a', 'b']);
    expect(gate.used).toBe(2);
    work.end('b');
    await settled();
    expect(work.begun).toEqual(['a', 'b', 'c']);
    for (const name of ['a', 'c']) work.end(name);
    await settled();
    work.end('d');
    await Promise.all(all);
    expect(gate.used).toBe(0);
  });

  it('gives the place of a request that fails to the next one', async () => {
    const gate = gateOf(1);
    const failing = gate.run('out', () => Promise.reject(new Error('broken')));
    const next = gate.run('out', () => Promise.resolve('through'));
    await expect(failing).rejects.toThrow('broken');
    await expect(next).resolves.toBe('through');
  });

  it('does not begin what was aborted while it waited', async () => {
    const gate = gateOf(1);
    const work = new Work();
    const scope = new AbortController();
    const first = gate.run('in', work.as('first'));
    const second = gate.run('in', work.as('second'), scope.signal);
    scope.abort(new Error('stopped'));
    work.end('first');
    await first;
    await expect(second).rejects.toThrow('stopped');
    expect(work.begun).toEqual(['first']);
    expect(gate.used).toBe(0);
  });

  it('lets objects and parts take turns, so that neither waits for all of the others', async () => {
    const gate = gateOf(1);
    const work = new Work();
    const bodies: [BodyKind, string][] = [
      ...Array.from({ length: 5 }, (_, index): [BodyKind, string] => ['whole', `busy ${index}`]),
      ['whole', 'object 1'],
      ['whole', 'object 2'],
      ['whole', 'object 3'],
      ['part', 'part 1'],
      ['part', 'part 2'],
    ];
    const all = bodies.map(([kind, name]) => gate.withBody(kind, work.as(name)));
    await settled();
    // As many as connections, and four to spare.
    expect(work.begun).toHaveLength(5);
    for (const name of work.begun.slice()) {
      work.end(name);
      await settled();
    }
    expect(work.begun.slice(5)).toEqual(['part 1', 'object 1', 'part 2', 'object 2', 'object 3']);
    for (const name of work.begun.slice(5)) work.end(name);
    await Promise.all(all);
  });

  it('knows a fast link as soon as it has sent more than the kernel may hold', async () => {
    const gate = gateOf(4);
    const send = (bytes: number): Promise<void> =>
      gate.run('out', async () => {
        await settled();
        gate.moved('out', bytes);
      });
    await send(1_000_000);
    expect(gate.bytesPerSecond('out')).toBeUndefined();
    await send(5_000_000);
    await gate.measured;
    expect(gate.bytesPerSecond('out')).toBeGreaterThan(0);
  });
});
