import { DynaferryError } from '../../model/errors.ts';
import type { CopyFlags } from './flags.ts';

type Flag = keyof CopyFlags;

/** Options of which one at most can be given, and why. */
const exclusive: readonly { flags: readonly Flag[]; why: string }[] = [
  { flags: ['dryRun', 'verify', 'retryFailed', 'abortStale'], why: 'are different things to do' },
  { flags: ['every', 'cron', 'watch'], why: 'are different schedules' },
  {
    flags: ['sourceProfile', 'sourceCredentials', 'anonymousSource'],
    why: "are different ways to the source's credentials",
  },
  { flags: ['targetProfile', 'targetCredentials'], why: "are different ways to the target's credentials" },
];

/** What is done once, because somebody asked for it. */
const onceOnly: readonly Flag[] = ['dryRun', 'retryFailed', 'abortStale'];
const schedules: readonly Flag[] = ['every', 'cron', 'watch'];

/** Throws USAGE for options that do not go together. */
export function checkFlags(flags: CopyFlags): void {
  const given = (names: readonly Flag[]): string[] => names.filter((name) => flags[name] !== undefined).map(optionName);
  for (const { flags: names, why } of exclusive) {
    const both = given(names);
    if (both.length > 1) refuse(`${both.join(' and ')} ${why}`, 'Give one of them.');
  }
  const [once] = given(onceOnly);
  const [schedule] = given(schedules);
  if (once !== undefined && schedule !== undefined)
    refuse(`${once} is done once, and ${schedule} asks for more`, 'Give one of the two.');
  if (flags.timeZone !== undefined && flags.cron === undefined)
    refuse(
      '--time-zone says in which zone --cron counts, and --cron is not given',
      'Give --cron, or leave --time-zone out.',
    );
}

/** `sourceProfile` as it is typed. */
export function optionName(flag: string): string {
  return `--${flag.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function refuse(message: string, fix: string): never {
  throw new DynaferryError('USAGE', message, { fix });
}
