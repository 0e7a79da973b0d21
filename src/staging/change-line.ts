import {
  CLOSE_BRACE,
  COMMA,
  MalformedJson,
  OPEN_BRACE,
  QUOTE,
  decodeString,
  forEachMember,
  skipSpace,
  skipValue,
} from '../model/json-bytes.ts';

/** How lines begin that we write; what stands between the two parts is the time. */
const HEAD = Buffer.from('{"Metadata":{"WriteTimestampMicros":{"N":"');
const TIME_END = Buffer.from('"}}');
const STAMP = Buffer.from(',"Stamp":');
const KEYS = Buffer.from(',"Keys":');
const IMAGE = Buffer.from('"NewImage":');
const ZERO = 0x30;
const NINE = 0x39;

/**
 * One line of a change object as ranges of bytes: `{"Metadata":{"WriteTimestampMicros":{"N":"…"}},"Keys":{…},"NewImage":{…}}`, without the image where the
 * item is deleted; where changes go both ways with `"Stamp":{"v":…,"o":…}` in front of the keys. An object of this class is read again and again for one line after the other.
 */
export class ChangeLine {
  /** When the change was made at the source, in microseconds since 1970; 0 where the line does not say. */
  micros = 0;
  /** The stamp, from brace to brace; both -1 where the change has none. */
  stampStart = -1;
  stampEnd = -1;
  /** The key, from brace to brace. */
  keysStart = 0;
  keysEnd = 0;
  /** The item as it is after the change, from brace to brace; both -1 where the change deletes it. */
  imageStart = -1;
  imageEnd = -1;

  get deletes(): boolean {
    return this.imageStart < 0;
  }

  /**
   * Reads the line in [at, end), whose object was checked as a whole: of an image only where it begins and ends. Throws MalformedJson where the line is not of
   * this form.
   */
  read(bytes: Buffer, at: number, end: number): void {
    if (!this.#readOurs(bytes, at, end)) this.#readAny(bytes, at, end);
  }

  /** Lines as we write them, byte by byte; false where something is written otherwise. */
  #readOurs(bytes: Buffer, at: number, end: number): boolean {
    if (!standsAt(bytes, at, HEAD)) return false;
    let i = at + HEAD.length;
    let micros = 0;
    for (let c = bytes[i]; c >= ZERO && c <= NINE; c = bytes[++i]) micros = micros * 10 + (c - ZERO);
    if (!standsAt(bytes, i, TIME_END)) return false;
    i += TIME_END.length;
    this.stampStart = this.stampEnd = -1;
    if (standsAt(bytes, i, STAMP)) {
      this.stampStart = i + STAMP.length;
      this.stampEnd = i = skipValue(bytes, this.stampStart);
    }
    if (!standsAt(bytes, i, KEYS)) return false;
    const keysStart = i + KEYS.length;
    const keysEnd = skipValue(bytes, keysStart);
    this.micros = micros;
    this.keysStart = keysStart;
    this.keysEnd = keysEnd;
    this.imageStart = this.imageEnd = -1;
    if (bytes[keysEnd] === CLOSE_BRACE) return keysEnd + 1 === end;
    const imageAt = keysEnd + 1 + IMAGE.length;
    if (bytes[keysEnd] !== COMMA || !standsAt(bytes, keysEnd + 1, IMAGE)) return false;
    if (bytes[imageAt] !== OPEN_BRACE || bytes[end - 1] !== CLOSE_BRACE || bytes[end - 2] !== CLOSE_BRACE) return false;
    this.imageStart = imageAt;
    this.imageEnd = end - 1;
    return true;
  }

  /** Any order and spacing of the members. */
  #readAny(bytes: Buffer, at: number, end: number): void {
    this.micros = 0;
    this.keysStart = this.imageStart = this.imageEnd = this.stampStart = this.stampEnd = -1;
    const behind = forEachMember(bytes, at, (nameStart, nameEnd, start, valueEnd) => {
      const name = decodeString(bytes, nameStart, nameEnd);
      if (name === 'Metadata') this.micros = microsOf(bytes, start);
      if (name !== 'Keys' && name !== 'NewImage' && name !== 'Stamp') return;
      if (bytes[start] !== OPEN_BRACE) throw new MalformedJson(`${name} is not an object`, start);
      if (name === 'Stamp') [this.stampStart, this.stampEnd] = [start, valueEnd];
      else if (name === 'Keys') [this.keysStart, this.keysEnd] = [start, valueEnd];
      else [this.imageStart, this.imageEnd] = [start, valueEnd];
    });
    if (behind > end || skipSpace(bytes, behind) < end)
      throw new MalformedJson('a line does not end with its change', at);
    if (this.keysStart < 0) throw new MalformedJson('a change has no Keys', at);
  }
}

/** The number in `{"WriteTimestampMicros":{"N":"…"}}`; 0 where there is none. */
function microsOf(bytes: Buffer, at: number): number {
  let micros = 0;
  forEachMember(bytes, at, (nameStart, nameEnd, start) => {
    if (decodeString(bytes, nameStart, nameEnd) !== 'WriteTimestampMicros') return;
    forEachMember(bytes, start, (_nameStart, _nameEnd, valueStart, valueEnd) => {
      if (bytes[valueStart] === QUOTE) micros = Number(bytes.toString('latin1', valueStart + 1, valueEnd - 1)) || 0;
    });
  });
  return micros;
}

function standsAt(bytes: Buffer, at: number, text: Buffer): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text[i]) return false;
  return true;
}
