/** Amounts as they are written in files of settings, turned into plain numbers. Each gives undefined for text that is not such an amount. */

const BYTES: Readonly<Record<string, number>> = {
  B: 1,
  KB: 1e3,
  KiB: 2 ** 10,
  MB: 1e6,
  MiB: 2 ** 20,
  GB: 1e9,
  GiB: 2 ** 30,
  TB: 1e12,
  TiB: 2 ** 40,
};

const BITS: Readonly<Record<string, number>> = { bit: 1, kbit: 1e3, Mbit: 1e6, Gbit: 1e9 };

/** The forms of an amount, for messages and for editors. Units are case-sensitive: `Mb` would leave open whether bits or bytes are meant. */
export const SIZE_PATTERN = /^(\d+(?:\.\d+)?) ?(B|KB|KiB|MB|MiB|GB|GiB|TB|TiB)$/;
export const BANDWIDTH_PATTERN = /^(\d+(?:\.\d+)?) ?(?:(bit|kbit|Mbit|Gbit)|(B|KB|KiB|MB|MiB|GB|GiB|TB|TiB))\/s$/;
export const SHARE_PATTERN = /^(\d+(?:\.\d+)?) ?%$/;

/** `32 MiB`, `64 MB`: whole bytes. */
export function parseSize(text: string): number | undefined {
  const match = SIZE_PATTERN.exec(text);
  return match === null ? undefined : Math.round(Number(match[1]) * BYTES[match[2]]);
}

/** `200 Mbit/s`, `25 MB/s`: bytes a second, more than zero. */
export function parseBandwidth(text: string): number | undefined {
  const match = BANDWIDTH_PATTERN.exec(text);
  if (match === null) return undefined;
  const bytesPerUnit = match[2] === undefined ? BYTES[match[3]] : BITS[match[2]] / 8;
  const bytesPerSecond = Number(match[1]) * bytesPerUnit;
  return bytesPerSecond >= 1 ? bytesPerSecond : undefined;
}

/** `50%`: a share above 0 and up to 1. */
export function parseShare(text: string): number | undefined {
  const match = SHARE_PATTERN.exec(text);
  if (match === null) return undefined;
  const share = Number(match[1]) / 100;
  return share > 0 && share <= 1 ? share : undefined;
}
