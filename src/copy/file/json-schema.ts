import { z } from 'zod';
import { transferSchema } from './schema.ts';

/** JSON Schema of transfer.yaml for editors, in the draft that all of them understand. */
export function transferJsonSchema(): object {
  const schema = z.toJSONSchema(transferSchema, { io: 'input', target: 'draft-7' });
  return { title: 'dynaferry transfer', ...schema };
}
