import { z } from 'zod';
import { ruleSchema } from './rule-schema.ts';

/** The `policy` section of migration.yaml: which items cross, and what becomes of their attributes. */
export const policySchema = z
  .strictObject({
    filter: z
      .string()
      .min(1)
      .optional()
      .describe("DynamoDB's condition expressions with literals: country = 'China' AND attribute_exists(email)."),
    attributes: z
      .record(z.string().min(1), ruleSchema)
      .optional()
      .describe(
        'A rule for each attribute, by name; address.street for an entry of a map, "a.b" in quotes for a name with a dot.',
      ),
    unlisted: z
      .enum(['keep', 'drop', 'refuse'])
      .optional()
      .describe('What becomes of attributes that no rule names: keep, drop, or refuse the item. Default keep'),
  })
  .describe('What may leave the source. Without it everything does.');

/** The `policy` section as it stands in migration.yaml. */
export type PolicySpec = z.output<typeof policySchema>;
