import type { AttributeType } from '../../model/attribute.ts';
import type { TokenStream } from './token-stream.ts';

/** The types that attribute_type knows, with what people call them. */
const typeNames: Readonly<Record<AttributeType, readonly string[]>> = {
  S: ['STRING', 'TEXT', 'STR'],
  N: ['NUMBER', 'NUM', 'INT', 'INTEGER'],
  B: ['BINARY', 'BYTES'],
  BOOL: ['BOOLEAN'],
  NULL: ['NONE', 'NIL'],
  M: ['MAP', 'OBJECT'],
  L: ['LIST', 'ARRAY'],
  SS: ['STRING_SET', 'STRINGSET'],
  NS: ['NUMBER_SET', 'NUMBERSET'],
  BS: ['BINARY_SET', 'BINARYSET'],
};

/** Parses the second argument of attribute_type: one of DynamoDB's type descriptors in single quotes. */
export function parseTypeName(tokens: TokenStream): AttributeType {
  const token = tokens.current;
  const types = Object.keys(typeNames) as AttributeType[];
  const type = types.find((candidate) => candidate === token.text);
  if (type !== undefined && token.kind === 'string') {
    tokens.take();
    return type;
  }
  const folded = token.text.toUpperCase();
  const meant = types.find((candidate) => candidate === folded || typeNames[candidate].includes(folded));
  throw tokens.error(
    token,
    'attribute_type takes one of DynamoDB’s type descriptors',
    meant === undefined ? `write one of ${types.map((name) => `'${name}'`).join(', ')}` : `write '${meant}'`,
  );
}
