import pc from 'picocolors';
import { Session } from '../../../src/cli/session.ts';

/** A session whose output is kept, and which the test can interrupt. */
export class CapturedSession extends Session {
  readonly out: string[] = [];
  readonly err: string[] = [];
  readonly interruption = new AbortController();

  constructor({ json = false, stateDir }: { json?: boolean; stateDir?: string } = {}) {
    super({ json, color: false, ...(stateDir !== undefined && { stateDir }) });
    const err = this.err;
    Object.defineProperty(this, 'screen', {
      value: {
        isLive: false,
        colors: pc.createColors(false),
        set: () => undefined,
        close: () => undefined,
        print: (text: string) => void err.push(text),
      },
    });
  }

  override signal(): AbortSignal {
    return this.interruption.signal;
  }

  override print(text: string): void {
    this.out.push(text);
  }

  override printJson(value: object): void {
    this.out.push(JSON.stringify(value));
  }

  get events(): unknown[] {
    return this.out.map((line) => JSON.parse(line) as unknown);
  }
}
