import type { LiveRegion } from './live-region.ts';

export interface Interruption {
  readonly signal: AbortSignal;
  /** Gives the signals back to Node. */
  dispose(): void;
}

/** npm passes a Ctrl-C on that the terminal has already given to every process of the group: what comes this soon is the same one. */
const SAME_PRESS_MS = 300;
const EXIT_INTERRUPTED = 130;

/** The first Ctrl-C or SIGTERM aborts the signal, so that the work in hand is saved; the second ends the process at once. `now` counts milliseconds. */
export function interruptible(
  screen: Pick<LiveRegion, 'print' | 'close'>,
  what: string,
  now: () => number = () => performance.now(),
): Interruption {
  const controller = new AbortController();
  let firstMs: number | undefined;
  const hear = (): void => {
    const nowMs = now();
    if (firstMs === undefined) {
      firstMs = nowMs;
      screen.print(`${what}; press Ctrl-C again to quit at once`);
      controller.abort();
    } else if (nowMs - firstMs > SAME_PRESS_MS) {
      screen.close();
      // Nothing may hold the process any longer: that is what was asked for.
      process.exit(EXIT_INTERRUPTED);
    }
  };
  process.on('SIGINT', hear).on('SIGTERM', hear);
  return {
    signal: controller.signal,
    dispose: () => {
      process.off('SIGINT', hear).off('SIGTERM', hear);
    },
  };
}
