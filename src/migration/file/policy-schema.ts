import { z } from 'zod';
import { map, oneOf, text } from './leaf-schema.ts';

export const policySchema = map(
  {
    filter: text(
      /\S/,
      "a filter such as country = 'China'",
      'Condition that items must meet to leave the source: the grammar of DynamoDB condition expressions with literals. All items pass where absent.',
    ).optional(),
    attributes: z
      .record(z.string(), z.unknown(), { error: 'expected a map of attribute names and their rules' })
      .describe('What becomes of attributes, by name: one rule each.')
      .optional(),
    unlisted: oneOf(
      ['keep', 'drop', 'refuse'],
      'What becomes of attributes that no rule names; keep where absent.',
    ).optional(),
  },
  'a map with filter, attributes or unlisted; {} lets everything pass as it is',
  'What may leave the source, and in which form.',
);
