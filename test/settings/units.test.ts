import { describe, expect, test } from 'vitest';
import { parseBandwidth, parseShare, parseSize } from '../../src/settings/units.ts';

describe('units', () => {
  test.each([
    ['32 MiB', 33_554_432],
    ['64MB', 64_000_000],
    ['1.5 KiB', 1536],
    ['7 B', 7],
    ['1 GiB', 1_073_741_824],
    ['2 GB', 2_000_000_000],
    ['3 KB', 3000],
    ['3 Mb', undefined],
    ['3 mib', undefined],
    ['-3 MB', undefined],
    ['3', undefined],
    ['MB', undefined],
    ['3 MB/s', undefined],
  ])('size %s is %s bytes', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  test.each([
    ['200 Mbit/s', 25_000_000],
    ['25 MB/s', 25_000_000],
    ['1 Gbit/s', 125_000_000],
    ['8 bit/s', 1],
    ['64 kbit/s', 8000],
    ['1 MiB/s', 1_048_576],
    ['0 MB/s', undefined],
    ['1 bit/s', undefined],
    ['200 mbit/s', undefined],
    ['200 Mbps', undefined],
    ['200 Mbit', undefined],
    ['200 Kbit/s', undefined],
  ])('bandwidth %s is %s bytes a second', (text, bytesPerSecond) => {
    expect(parseBandwidth(text)).toBe(bytesPerSecond);
  });

  test.each([
    ['50%', 0.5],
    ['100%', 1],
    ['12.5 %', 0.125],
    ['0%', undefined],
    ['101%', undefined],
    ['50', undefined],
    ['%', undefined],
  ])('share %s is %s', (text, share) => {
    expect(parseShare(text)).toBe(share);
  });
});
