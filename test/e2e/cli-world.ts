import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect } from 'vitest';
import { parse, stringify } from 'yaml';
import { openDemo, type Demo, type DemoOptions } from '../../src/demo/open-demo.ts';
import { runCli, startCli } from '../world/cli.ts';
import { newFolder } from '../world/home.ts';
import type { ProgramOptions, ProgramResult, RunningProgram } from '../world/program.ts';
import { readFileSync } from 'node:fs';

/** A migration.yaml as plain data. */
// oxlint-disable-next-line typescript/no-explicit-any
type Yaml = Record<string, any>;

/** Two embedded sites in the test's process, and the compiled program to run against them. */
export class CliWorld {
  readonly demo: Demo;

  constructor(demo: Demo) {
    this.demo = demo;
  }

  /** A migration.yaml in a folder of its own: the demo's, with another target table and prefix, and changed as told. */
  migration(name: string, change: (yaml: Yaml) => void = () => undefined): string {
    const yaml = parse(readFileSync(this.demo.migrationPath, 'utf8')) as Yaml;
    yaml['name'] = name;
    yaml['target'].table = name;
    change(yaml);
    return this.write(stringify(yaml));
  }

  /** A file of this text, in a folder of its own. */
  write(text: string): string {
    const path = join(newFolder(), 'migration.yaml');
    writeFileSync(path, text);
    return path;
  }

  run(args: readonly string[], options: ProgramOptions = {}): Promise<ProgramResult> {
    return runCli(args, { ...options, env: { ...this.demo.env, ...options.env } });
  }

  start(args: readonly string[], options: ProgramOptions = {}): RunningProgram {
    return startCli(args, { ...options, env: { ...this.demo.env, ...options.env } });
  }
}

/** Brings up the sites with a small table for a test file. */
export async function useCliWorld(options: DemoOptions = {}): Promise<CliWorld> {
  const demo = await openDemo({ items: 400, ...options });
  afterAll(() => demo.close());
  return new CliWorld(demo);
}

/** That a command ended with one clear message: code, message and fix, and no stack trace. */
export function expectError(result: ProgramResult, exitCode: number, code: string): void {
  const { stderr } = result;
  expect({ exitCode: result.code, stderr }).toEqual({
    exitCode,
    stderr: expect.stringContaining(`code: ${code}`) as string,
  });
  expect(stderr.match(/^error: /gm)).toHaveLength(1);
  expect(stderr).toMatch(/^fix: \S/m);
  expect(stderr).not.toMatch(/^\s+at .*:\d+:\d+/m);
}
