import { describe, expect, it } from 'vitest';
import { RateMeter } from '../../src/engine/rate-meter.ts';

describe('the rate of one connection', () => {
  it('is what moved by the time that requests were under way, over all of them', () => {
    const meter = new RateMeter(0);
    meter.began(0);
    meter.began(0);
    meter.moved(1000);
    meter.ended(500);
    expect(meter.look(1000)).toBe(1000);
    // 1,000 bytes in 1.5 s of requests.
    expect(meter.bytesPerSecond).toBeCloseTo(667, 0);
  });

  it('is not known before anything moved', () => {
    const meter = new RateMeter(0);
    meter.began(0);
    expect(meter.look(1000)).toBe(0);
    expect(meter.bytesPerSecond).toBeUndefined();
  });

  it('follows the link, and keeps what it knows while nothing moves', () => {
    const meter = new RateMeter(0);
    meter.began(0);
    meter.moved(1000);
    meter.look(1000);
    meter.moved(2000);
    meter.look(2000);
    expect(meter.bytesPerSecond).toBeCloseTo(1300, 0);
    meter.look(3000);
    expect(meter.bytesPerSecond).toBeCloseTo(1300, 0);
  });

  it('keeps in mind what was reached once, for a while', () => {
    const meter = new RateMeter(0);
    meter.began(0);
    meter.moved(1000);
    meter.look(1000);
    for (let second = 2; second <= 11; second++) {
      meter.moved(10);
      meter.look(second * 1000);
    }
    expect(meter.bytesPerSecond).toBeLessThan(50);
    expect(meter.peakBytesPerSecond).toBeGreaterThan(700);
    expect(meter.peakBytesPerSecond).toBeLessThan(800);
  });
});
