import { z } from 'zod';
import { ABOUT_KEY } from '../../settings/schema-problems.ts';
import { isTimeZone } from '../bandwidth.ts';
import type { BandwidthSchedule, BandwidthWindow } from '../copy-plan.ts';
import { rate } from './leaf-keys.ts';

const WINDOW = /^([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|(24):(00)) (\S+)$/;
const EXPECTED = "expected default, or a time of day with its zone such as '22:00-06:00 Asia/Shanghai'";

/** A window, and the key that it was written as. */
type Named = BandwidthWindow & { key: string };

const schedule = z
  .record(z.string(), rate('The cap in this time.'))
  // Editors are told of the form alone: which zones there are depends on the machine.
  .meta({ propertyNames: { type: 'string', pattern: `^default$|${WINDOW.source}` } })
  .transform((map, context): BandwidthSchedule => {
    const windows: Named[] = [];
    const refuse = (key: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [key], input: map, params: ABOUT_KEY, message });
    for (const [key, bytesPerSecond] of Object.entries(map)) {
      if (key === 'default') continue;
      const window = parseWindow(key);
      if ('wrong' in window) refuse(key, window.wrong);
      else {
        const problem = clash(window, windows);
        if (problem !== undefined) refuse(key, problem);
        windows.push({ ...window, bytesPerSecond, key });
      }
    }
    const { default: defaultBytesPerSecond } = map;
    return {
      ...(defaultBytesPerSecond === undefined ? {} : { defaultBytesPerSecond }),
      windows: windows.map(({ fromMinute, toMinute, timeZone, bytesPerSecond }) => ({
        fromMinute,
        toMinute,
        timeZone,
        bytesPerSecond,
      })),
    };
  });

export const bandwidth = z
  .union(
    [
      rate('One cap at all times.').transform((bytes): BandwidthSchedule => ({
        defaultBytesPerSecond: bytes,
        windows: [],
      })),
      schedule,
    ],
    {
      error:
        "expected a rate such as 50 Mbit/s, or a map such as { default: 50 Mbit/s, '22:00-06:00 Asia/Shanghai': 500 Mbit/s }",
    },
  )
  .describe(
    "Bandwidth that may be used between the sites: a rate such as 50 Mbit/s, or rates by the time of day such as { default: 50 Mbit/s, '22:00-06:00 Asia/Shanghai': 500 Mbit/s }; no cap where absent, nor outside of the windows where there is no default.",
  );

function parseWindow(key: string): Omit<BandwidthWindow, 'bytesPerSecond'> | { wrong: string } {
  const match = WINDOW.exec(key);
  if (match === null) return { wrong: EXPECTED };
  const [, fromHour, fromMinute, toHour = match[5], toMinute = match[6], , , timeZone] = match;
  if (!isTimeZone(timeZone))
    return { wrong: `there is no time zone ${JSON.stringify(timeZone)}; expected one such as Asia/Shanghai or UTC` };
  const window = {
    fromMinute: Number(fromHour) * 60 + Number(fromMinute),
    toMinute: Number(toHour) * 60 + Number(toMinute),
    timeZone,
  };
  return window.fromMinute === window.toMinute
    ? { wrong: 'this time ends when it begins; for the whole day write 00:00-24:00, or default' }
    : window;
}

/** Why a window cannot stand beside those before it. How two zones' hours lie to each other changes over the year, so there is one zone. */
function clash(window: Omit<BandwidthWindow, 'bytesPerSecond'>, others: readonly Named[]): string | undefined {
  const stranger = others.find(({ timeZone }) => timeZone !== window.timeZone);
  if (stranger !== undefined)
    return `all times of a schedule have one time zone, and '${stranger.key}' has another; give them the same`;
  const overlapped = others.find((other) =>
    pieces(other).some((a) => pieces(window).some((b) => a[0] < b[1] && b[0] < a[1])),
  );
  return overlapped === undefined
    ? undefined
    : `this time overlaps with '${overlapped.key}'; let one end when the other begins`;
}

/** A window over midnight is two pieces of a day. */
function pieces({ fromMinute, toMinute }: { fromMinute: number; toMinute: number }): [number, number][] {
  if (fromMinute < toMinute) return [[fromMinute, toMinute]];
  return [
    [fromMinute, 24 * 60],
    [0, toMinute],
  ];
}
