import type { CopyProgress } from '../../index.ts';
import { count, counted, duration, percent, size, sizeOf } from '../text/quantities.ts';
import { RateWindow } from './rate-window.ts';

/** Where a copy stands, as it is shown: what has arrived and how fast, and what goes on beside it. */
export class CopyLine {
  readonly #bytes = new RateWindow();
  readonly #objects = new RateWindow();
  #progress: CopyProgress | undefined;

  hear(progress: CopyProgress, nowMs: number): void {
    this.#progress = progress;
    this.#bytes.add(nowMs, progress.bytes);
    this.#objects.add(nowMs, progress.copied);
  }

  /** Two lines, each with its most important facts first; none before anything is known. */
  lines(nowMs: number): string[][] {
    const progress = this.#progress;
    return progress === undefined ? [] : [this.#arrived(progress, nowMs), beside(progress)];
  }

  #arrived(progress: CopyProgress, nowMs: number): string[] {
    const { copied, objectsTotal, bytes, bytesTotal, listingDone } = progress;
    const goodput = this.#bytes.perSecond(nowMs) ?? 0;
    const left = this.#secondsLeft(progress, nowMs);
    return [
      objectsTotal === 0
        ? `nothing to copy${listingDone ? '' : ' yet'}`
        : `${count(copied)} of ${counted(objectsTotal, 'object')}`,
      bytesTotal === 0 ? [] : sizeOf(bytes, bytesTotal),
      // While the source is being listed there is more to come than is known.
      listingDone ? shareOf(progress) : [],
      goodput > 0 ? `${size(goodput)}/s` : [],
      left === undefined ? [] : `${duration(left)} left`,
    ].flat();
  }

  /** Small objects take their time by their number, large ones by their bytes: the longer of the two. */
  #secondsLeft(
    { copied, objectsTotal, bytes, bytesTotal, failed, archived, listingDone }: CopyProgress,
    nowMs: number,
  ): number | undefined {
    if (!listingDone) return undefined;
    const needs = (left: number, rate: number | undefined): number =>
      left > 0 && rate !== undefined && rate > 0 ? left / rate : 0;
    const seconds = Math.max(
      needs(bytesTotal - bytes, this.#bytes.perSecond(nowMs)),
      needs(objectsTotal - copied - failed - archived, this.#objects.perSecond(nowMs)),
    );
    return seconds > 0 ? seconds : undefined;
  }
}

function shareOf({ copied, objectsTotal, bytes, bytesTotal }: CopyProgress): string | string[] {
  const share = bytesTotal > 0 ? percent(bytes, bytesTotal) : percent(copied, objectsTotal);
  // All bytes have arrived before the last object is whole.
  const done = share === '100 %' && copied < objectsTotal ? '99 %' : share;
  return done === '' ? [] : done;
}

function beside(progress: CopyProgress): string[] {
  const { listed, listingDone, same, failed, archived, deleted, connections, throttles, retries } = progress;
  return [
    listingDone ? `${count(listed)} listed` : `${count(listed)} listed so far`,
    same > 0 ? `${count(same)} the same` : [],
    connections > 0 ? counted(connections, 'connection') : [],
    failed > 0 ? `${count(failed)} failed` : [],
    archived > 0 ? `${count(archived)} archived` : [],
    deleted > 0 ? `${count(deleted)} deleted` : [],
    retries > 0 ? `${count(retries)} ${retries === 1 ? 'retry' : 'retries'}` : [],
    throttles > 0 ? counted(throttles, 'throttle') : [],
  ].flat();
}
