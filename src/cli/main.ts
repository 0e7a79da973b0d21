#!/usr/bin/env node
import { checkNodeVersion } from './node-version.ts';
import { runProgram } from './program.ts';
import { silenceSqliteWarning } from './sqlite-warning.ts';

silenceSqliteWarning();
process.exitCode = await runProgram(process.argv.slice(2), () => checkNodeVersion(process.versions.node));
