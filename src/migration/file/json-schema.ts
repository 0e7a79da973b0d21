import { z } from 'zod';
import { migrationSchema } from './schema.ts';

/** JSON Schema of migration.yaml for editors, in the draft that all of them understand. */
export function migrationJsonSchema(): object {
  const schema = z.toJSONSchema(migrationSchema, { io: 'input', target: 'draft-7' });
  return { title: 'dynaferry migration', ...schema };
}
