import { z } from 'zod';
import { policySchema } from '../../policy/policy-schema.ts';
import { map, text } from '../../settings/leaf-schema.ts';
import { exportSchema, limitsSchema, loadSchema, replicateSchema } from './settings-schema.ts';
import { sourceSchema, targetSchema } from './site-schema.ts';

/** The form of migration.yaml. docs/formats/migration-file.md describes it, and a test keeps the two together. */
export const migrationSchema = map(
  {
    version: z.literal(1, { error: 'expected 1' }).describe('Version of this format: 1.'),
    name: text(
      /^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/,
      'a name: up to 63 letters, digits, - and _, the first a letter or digit',
      'Name of the migration; the ledger, reports and staged objects carry it.',
    ),
    source: sourceSchema,
    target: targetSchema,
    policy: map(
      policySchema.shape,
      'a map with filter, attributes or unlisted; {} lets everything pass as it is',
      'What may leave the source, and in which form.',
    ),
    export: exportSchema.optional(),
    load: loadSchema.optional(),
    replicate: replicateSchema.optional(),
    limits: limitsSchema.optional(),
  },
  'a map with version, name, source, target and policy',
  'One migration: a source table, a target table and the policy between them.',
);

/** A file that has this form, units and URIs parsed, defaults not yet filled in. */
export type ParsedMigration = z.output<typeof migrationSchema>;
