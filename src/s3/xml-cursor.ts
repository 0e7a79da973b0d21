import { flagsOf, STOP } from './text-flags.ts';

/** A document that is no XML, or not the one that was asked for. Its message quotes nothing of it. */
export class MalformedXml extends Error {
  constructor(what: string, at: number) {
    super(`${what} at byte ${at}`);
    this.name = 'MalformedXml';
  }
}

const LT = 0x3c;
const GT = 0x3e;
const SLASH = 0x2f;
const COLON = 0x3a;
const DEPTH_MAX = 32;

/**
 * A walk over the elements of an XML document by its bytes: tags, attributes (passed over), namespace prefixes (passed over) and text. What
 * services do not send is refused: comments, CDATA, DOCTYPE, text between elements. Everything throws MalformedXml.
 */
export class XmlCursor {
  readonly bytes: Buffer;
  at = 0;
  /** Of the element that was opened last: its name, with and without a prefix, and whether it is `<Name/>`. */
  tagStart = 0;
  nameStart = 0;
  nameEnd = 0;
  isEmpty = false;
  /** Of the text that was read last, as it stands in the document. */
  textStart = 0;
  textEnd = 0;
  flags = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  /** Opens the root element. */
  openRoot(): void {
    const { bytes } = this;
    if (bytes.length >= 3 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) this.at = 3;
    this.#skipSpace();
    if (bytes[this.at] === LT && bytes[this.at + 1] === 0x3f) {
      const end = bytes.indexOf('?>', this.at);
      if (end < 0) throw this.fault('a declaration without end');
      this.at = end + 2;
    }
    if (!this.open()) throw this.fault('no element');
  }

  /** Opens the next child element; false where its parent ends instead. */
  open(): boolean {
    const { bytes } = this;
    if (bytes[this.at] !== LT) this.#skipSpace();
    if (bytes[this.at] !== LT) throw this.fault('something else than an element');
    if (bytes[this.at + 1] === SLASH) return false;
    let at = this.at + 1;
    this.tagStart = this.nameStart = at;
    let byte = bytes[at];
    // Nothing but a letter or such: `<!` and `<?` begin what is no element.
    while (byte > 0x3f || (byte > SLASH && byte < LT) || byte === 0x2d || byte === 0x2e) {
      at++;
      if (byte === COLON) this.nameStart = at;
      if (at >= bytes.length) throw this.fault('a tag without end');
      byte = bytes[at];
    }
    if (at === this.nameStart) throw this.fault('a tag without a name');
    this.nameEnd = at;
    this.isEmpty = false;
    if (byte !== GT) at = this.#skipAttributes(at);
    this.at = at + 1;
    return true;
  }

  /** Of the element that was opened last, without a prefix. */
  name(): string {
    return this.bytes.toString('latin1', this.nameStart, this.nameEnd);
  }

  /** Whether the first thing in the element that was opened last, apart from white space, is an element. */
  hasChildren(): boolean {
    const { bytes } = this;
    let { at } = this;
    if (this.isEmpty) return false;
    while (at < bytes.length && isSpace(bytes[at])) at++;
    return bytes[at] === LT && bytes[at + 1] !== SLASH;
  }

  /** Whether the element that was opened last has this name. */
  isNamed(name: Buffer): boolean {
    const length = this.nameEnd - this.nameStart;
    if (length !== name.length) return false;
    for (let i = 0; i < length; i++) if (this.bytes[this.nameStart + i] !== name[i]) return false;
    return true;
  }

  /** Reads the text of the element that was opened last, and closes it. */
  readText(): void {
    const { bytes } = this;
    const { length } = bytes;
    let { at } = this;
    this.textStart = at;
    let flags = 0;
    if (!this.isEmpty) {
      while (at < length) {
        flags |= flagsOf[bytes[at]];
        if (flags & STOP) break;
        at++;
      }
      this.at = at;
      this.close(this.tagStart, this.nameEnd);
    }
    this.textEnd = at;
    this.flags = flags & ~STOP;
  }

  /** Passes over the element that was opened last with all that is in it. */
  skip(depth = 0): void {
    if (this.isEmpty) return;
    if (depth > DEPTH_MAX) throw this.fault('too many elements within another');
    const { bytes, tagStart, nameEnd } = this;
    for (;;) {
      // A loop of our own: indexOf costs more for so few bytes.
      let { at } = this;
      while (at < bytes.length && bytes[at] !== LT) at++;
      this.at = at;
      if (!this.open()) break;
      this.skip(depth + 1);
    }
    this.close(tagStart, nameEnd);
  }

  /** Reads the closing tag of the element whose name (with its prefix) stands there. */
  close(tagStart: number, nameEnd: number): void {
    const { bytes } = this;
    const start = this.at + 2;
    const length = nameEnd - tagStart;
    if (start + length >= bytes.length) throw this.fault('an element without end');
    let same = bytes[this.at] === LT && bytes[this.at + 1] === SLASH;
    for (let i = 0; i < length && same; i++) same = bytes[start + i] === bytes[tagStart + i];
    if (!same) throw this.fault('an element that does not end where it should');
    this.at = start + length;
    if (bytes[this.at] !== GT) this.#skipSpace();
    if (bytes[this.at] !== GT) throw this.fault('an element that does not end where it should');
    this.at++;
  }

  /** Throws where something stands behind the root element. */
  end(): void {
    this.#skipSpace();
    if (this.at !== this.bytes.length) throw this.fault('something behind the end');
  }

  fault(what: string): MalformedXml {
    return new MalformedXml(what, this.at);
  }

  #skipSpace(): void {
    const { bytes } = this;
    let { at } = this;
    while (at < bytes.length && isSpace(bytes[at])) at++;
    this.at = at;
  }

  /** Returns the position of the `>`. */
  #skipAttributes(from: number): number {
    const { bytes } = this;
    let quote = 0;
    for (let at = from; at < bytes.length; at++) {
      const byte = bytes[at];
      // Not within quotes either, so that a lost quote swallows no elements.
      if (byte === LT) break;
      if (quote !== 0) {
        if (byte === quote) quote = 0;
      } else if (byte === 0x22 || byte === 0x27) quote = byte;
      else if (byte === GT) {
        this.isEmpty = bytes[at - 1] === SLASH;
        return at;
      }
    }
    throw this.fault('a tag without end');
  }
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
