import type { SeenRequest } from '../world/fault-proxy.ts';
import type { ProgramOptions, ProgramResult, RunningProgram } from '../world/program.ts';
import type { Random } from '../world/random.ts';
import { killGroup } from '../world/run-directory.ts';
import type { WatchedSites } from './watched-sites.ts';

/** A kill lies within the first so many requests of a program, unless told. */
const REQUESTS_MAX = 90;
const LINES_MAX = 8;
const TIME_MS_MAX = 1500;

/** Starts a program that is killed with SIGKILL at a moment of the generator's choice: mostly at a request, before or after its effect; else at a line that it prints, or at a time. */
export function startDoomed(
  sites: WatchedSites,
  random: Random,
  start: (options: ProgramOptions) => RunningProgram,
  requestsMax = REQUESTS_MAX,
): RunningProgram {
  const way = random.integer(1, 10);
  if (way === 1) return start({ killAfterMs: random.integer(150, TIME_MS_MAX) });
  if (way <= 3) {
    let lines = random.integer(1, LINES_MAX);
    return start({ killWhen: () => --lines === 0 });
  }
  const running = start({});
  const moment = random.next() < 0.5 ? 'arrived' : 'answered';
  killAtRequest(sites, running, random.integer(1, requestsMax), moment);
  return running;
}

export function isKilled(result: ProgramResult): boolean {
  return result.signal === 'SIGKILL';
}

/** Kills at the n-th request that anybody makes from now on. */
function killAtRequest(
  { listeners }: WatchedSites,
  running: RunningProgram,
  n: number,
  moment: SeenRequest['moment'],
): void {
  let left = n;
  const listener = (seen: SeenRequest): void => {
    if (seen.moment !== moment || --left > 0) return;
    listeners.delete(listener);
    const { pid, exitCode, signalCode } = running.process;
    if (pid !== undefined && exitCode === null && signalCode === null) killGroup(pid);
  };
  listeners.add(listener);
  void running.done.then(() => listeners.delete(listener));
}
