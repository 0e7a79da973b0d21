/** Whole numbers with thousands apart. */
export function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** A whole number, rounded to one where it is a rate, and what it counts: `1 object`, `2 objects`. */
export function counted(value: number, noun: string): string {
  return `${count(value)} ${noun}${Math.round(value) === 1 ? '' : 's'}`;
}

const units = ['bytes', 'KB', 'MB', 'GB', 'TB', 'PB'];

/** Bytes in powers of 1000, as migration.yaml counts them: `1.4 MB`. */
export function size(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.95 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return unit === 0 ? counted(value, 'byte') : `${value.toFixed(1)} ${units[unit]}`;
}

/** What has arrived, and of how much. Never more than that: what is sent again counts again. */
export function sizeOf(bytes: number, bytesTotal: number): string {
  return `${size(Math.min(bytes, bytesTotal))} of ${size(bytesTotal)}`;
}

/** Never 100 % of what is not all, nor 0 % of what is something. */
export function percent(part: number, whole: number): string {
  if (whole <= 0) return '';
  if (part >= whole) return '100 %';
  if (part <= 0) return '0 %';
  return `${Math.min(99, Math.max(1, Math.round((100 * part) / whole)))} %`;
}

/** A length of time in the two units that matter: `0.4 s`, `12 s`, `3 min 20 s`, `5 h 2 min`, `3 d 4 h`. */
export function duration(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return two(Math.floor(whole / 60), 'min', whole % 60, 's');
  const minutes = Math.round(whole / 60);
  if (minutes < 24 * 60) return two(Math.floor(minutes / 60), 'h', minutes % 60, 'min');
  const hours = Math.round(minutes / 60);
  return two(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

function two(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}
