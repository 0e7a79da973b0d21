#!/usr/bin/env node
import { silenceSqliteWarning } from './sqlite-warning.ts';
import { runProgram } from './program.ts';

silenceSqliteWarning();
process.exitCode = await runProgram(process.argv.slice(2));
