import type { z } from 'zod';
import { DynaferryError } from '../../model/errors.ts';

const NEWLINE = 0x0a;

/** Every object of verification begins with one line of JSON; the rest is binary. The line is empty where there is none. */
export function splitHeader(bytes: Buffer): { line: Buffer; body: Buffer } {
  const end = bytes.indexOf(NEWLINE);
  return { line: bytes.subarray(0, Math.max(0, end)), body: bytes.subarray(end + 1) };
}

/** Throws DATA_DAMAGED where the line is not of this schema. */
export function parseHeader<T>(schema: z.ZodType<T>, line: Buffer, what: string): T {
  try {
    return schema.parse(JSON.parse(line.toString('utf8')));
  } catch (error) {
    throw damagedObject(what, 'is not an object that this version can read', error);
  }
}

/** `what` names the object, `how` says what is wrong with it. */
export function damagedObject(what: string, how: string, cause?: unknown): DynaferryError {
  return new DynaferryError('DATA_DAMAGED', `${what} ${how}`, {
    fix: 'Run `dynaferry verify` again at the site that it is of.',
    cause,
  });
}
