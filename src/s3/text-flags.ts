/** What a text in XML holds besides ASCII that stands for itself; bits of one number. */
export const HAS_ENTITY = 1;
export const HAS_ESCAPE = 2;
const HAS_HIGH_BYTE = 4;
export const HAS_QUOTE = 8;
/** A `<`, which ends a text. */
export const STOP = 16;

/** What each byte says of a text. */
export const flagsOf = new Uint8Array(256);
flagsOf.fill(HAS_HIGH_BYTE, 0x80);
flagsOf[0x22] = HAS_QUOTE;
flagsOf[0x26] = HAS_ENTITY;
flagsOf[0x25] = HAS_ESCAPE;
flagsOf[0x2b] = HAS_ESCAPE;
flagsOf[0x3c] = STOP;

/** What two bytes say that are read as one number, in whichever order. */
export const flagsOfTwo = new Uint8Array(0x10000);
for (let two = 0; two < flagsOfTwo.length; two++) flagsOfTwo[two] = flagsOf[two >> 8] | flagsOf[two & 0xff];
