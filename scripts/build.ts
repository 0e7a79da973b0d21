import { execFileSync } from 'node:child_process';
import { chmodSync, rmSync } from 'node:fs';
import { transferJsonSchema } from '../src/copy/file/json-schema.ts';
import { migrationJsonSchema } from '../src/migration/file/json-schema.ts';
import { writeSchema } from './write-schema.ts';

rmSync('dist', { recursive: true, force: true });
execFileSync('tsc', ['-p', 'tsconfig.build.json'], { stdio: 'inherit' });
writeSchema('dist/migration.schema.json', migrationJsonSchema());
writeSchema('dist/transfer.schema.json', transferJsonSchema());
chmodSync('dist/cli/main.js', 0o755);
