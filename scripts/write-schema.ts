import { writeFileSync } from 'node:fs';

/** Writes the JSON Schema of a file of settings, which the package exports for editors. */
export function writeSchema(outFile: string, schema: object): void {
  writeFileSync(outFile, `${JSON.stringify(schema, null, 2)}\n`);
}
