import { writeFileSync } from 'node:fs';
import { migrationJsonSchema } from '../src/migration/file/json-schema.ts';

/** Writes the JSON Schema of migration.yaml, which the package exports for editors. */
export function writeSchema(outFile: string): void {
  writeFileSync(outFile, `${JSON.stringify(migrationJsonSchema(), null, 2)}\n`);
}
