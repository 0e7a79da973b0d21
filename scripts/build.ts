import { execFileSync } from 'node:child_process';
import { chmodSync, rmSync } from 'node:fs';
import { writeSchema } from './write-schema.ts';

rmSync('dist', { recursive: true, force: true });
execFileSync('tsc', ['-p', 'tsconfig.build.json'], { stdio: 'inherit' });
writeSchema('dist/migration.schema.json');
chmodSync('dist/cli/main.js', 0o755);
