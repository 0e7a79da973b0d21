import type { LagReport } from '../../index.ts';
import { count, duration } from './quantities.ts';

/** How far a stage lies behind: `1.2 s behind (99 of 100 within 3.4 s), 17 waiting`. */
export function lagText({ medianMs, p99Ms, waiting }: LagReport): string {
  return [
    medianMs === undefined || p99Ms === undefined
      ? []
      : `${duration(medianMs / 1000)} behind (99 of 100 within ${duration(p99Ms / 1000)})`,
    waiting > 0 ? `${count(waiting)} waiting` : [],
  ]
    .flat()
    .join(', ');
}
