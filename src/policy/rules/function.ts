import { basename } from 'node:path';
import type { AttributeType } from '../../model/attribute.ts';
import type { ByteWriter } from '../../model/byte-writer.ts';
import { isAttributeValue, readAttributeValue } from '../value-json.ts';
import type { AttributeValue } from '../filter/attribute-value.ts';
import type { LoadedFunction } from '../user-function.ts';
import { Refusal, type Canonical, type Rule, type RuleTraits } from './rule.ts';

/** Applies a user's function, and holds it to what the policy declares of it as far as one value can show. */
export class FunctionRule implements Rule {
  readonly name = 'function';
  readonly traits: RuleTraits;
  readonly parameters: Canonical;
  readonly #loaded: LoadedFunction;
  readonly #file: string;
  readonly #attribute: string;

  /** `file` and `exported` as the policy writes them; `traits` as it declares them. */
  constructor(loaded: LoadedFunction, file: string, exported: string, attribute: string, traits: RuleTraits) {
    this.traits = traits;
    // Where the file lies says nothing of what it does.
    this.parameters = { sha256: loaded.sha256, export: exported, ...traits };
    this.#loaded = loaded;
    this.#file = file;
    this.#attribute = attribute;
  }

  outputType(input: AttributeType): AttributeType | undefined {
    return this.traits.keepsType ? input : undefined;
  }

  write(bytes: Buffer, start: number, end: number, out: ByteWriter): boolean {
    const value = readAttributeValue(bytes, start, end);
    const type = Object.keys(value)[0];
    const result = this.#call(value);
    if (result === undefined) return false;
    if (result instanceof Promise) {
      // Left alone, its rejection would end the process with a message that may quote the value.
      result.catch(() => {});
      throw new Refusal('the function is asynchronous; it must return the value itself');
    }
    if (!isAttributeValue(result)) throw new Refusal('the function returned something that is not DynamoDB JSON');
    if (this.traits.keepsType && !(type in result))
      throw new Refusal('the function returned another type, though the policy says keepsType');
    const json = Buffer.from(JSON.stringify(result), 'utf8');
    out.copy(json, 0, json.length);
    return true;
  }

  #call(value: AttributeValue): unknown {
    try {
      return this.#loaded.call(value, { attribute: this.#attribute });
    } catch (error) {
      // Its message may well quote the value, so only the place is passed on.
      throw new Refusal(`the function threw an error${placeOf(error, basename(this.#file))}`);
    }
  }
}

/** ` at mask.ts:12`, from the first frame of the stack that lies in the file. */
function placeOf(error: unknown, file: string): string {
  if (!(error instanceof Error) || typeof error.stack !== 'string') return '';
  // Whatever the message holds is not a frame of the stack.
  const frames = error.stack.slice(error.stack.lastIndexOf(error.message) + error.message.length);
  for (const frame of frames.split('\n')) {
    const match = /^ {4}at .*[/\\]([^/\\?]+)(?:\?sha256=[0-9a-f]+)?:(\d{1,5}):\d+\)?$/.exec(frame);
    if (match !== null && match[1] === file) return ` at ${file}:${match[2]}`;
  }
  return '';
}
