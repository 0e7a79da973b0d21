import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { Demo, Migration, Summary } from '../index.ts';
import { keepText, nextText } from './demo-keep.ts';
import { exitCodeOf } from './failure.ts';
import { reportSummary } from './move-data.ts';
import { CountView } from './progress/count-view.ts';
import { showProgress, type ProgressView } from './progress/show-progress.ts';
import type { Session } from './session.ts';
import { attributeLines } from './text/attribute-lines.ts';
import { exampleLines } from './text/example-lines.ts';
import { count } from './text/quantities.ts';

export interface DemoCommandOptions {
  items: number;
  match: number;
  seed: number;
  keep?: boolean;
}

const STAGES = ['export', 'transfer', 'load', 'verify'] as const;

/** Shows the whole job to a newcomer, step by step. */
export async function demo(session: Session, options: DemoCommandOptions): Promise<number> {
  const signal = session.signal('stopping');
  const opened = await fillSource(session, options, signal);
  try {
    const exitCode = await migrate(session, opened, signal);
    if (options.keep === true && !signal.aborted) {
      session.tell(keepText(opened));
      await once(signal, 'abort');
    } else if (exitCode === 0) session.tell(nextText());
    return exitCode;
  } finally {
    await opened.close();
  }
}

async function fillSource(
  session: Session,
  { items, match, seed }: DemoCommandOptions,
  signal: AbortSignal,
): Promise<Demo> {
  const { openDemo } = await import('../index.ts');
  const { bold } = session.colors;
  session.tell(
    `${bold('Dynaferry demo: part of a table crosses a border that AWS does not')}

Two sites on this machine, as far apart as AWS keeps them: a global region and
a China region, each with its own DynamoDB, its own S3 and its own credentials,
of which the other knows nothing.

${step(session, 1, `Fill table user-us in us-west-2 with ${count(items)} fake user profiles`)}`,
  );
  const view = new CountView(session, 'generate', { total: items });
  let generated = 0;
  try {
    return await openDemo({
      items,
      match,
      seed,
      signal,
      onGenerated: (now) => {
        view.add(now - generated);
        generated = now;
      },
    });
  } finally {
    view.close();
  }
}

async function migrate(session: Session, { migrationPath, env }: Demo, signal: AbortSignal): Promise<number> {
  const { openMigration } = await import('../index.ts');
  let view: ProgressView | undefined;
  const onEvent: ProgressView['hear'] = (event) => view?.hear(event);
  const migration = await openMigration(migrationPath, { env, signal, onEvent });
  try {
    if (!session.json) await lookFirst(session, migration, migrationPath);
    session.tell(
      `${step(session, 4, 'Move it', 'dynaferry run migration.yaml')}
Export, transfer and load overlap: an object crosses as soon as it is written,
and is loaded as soon as it has crossed. Then all items are compared: the target
must be exactly the policy applied to the source.
`,
    );
    view = showProgress(session, [migration.file.name], STAGES);
    const summary: Summary = await migration.run().finally(() => view?.close());
    session.tell('');
    reportSummary(session, migration, summary, { stages: STAGES });
    if (session.json) session.printJson(summary);
    return summary.ok ? 0 : exitCodeOf(summary.error?.code ?? 'INTERNAL');
  } finally {
    await migration.close();
  }
}

/** What one does before anything moves: see what is there, say what may leave, look at what that would do. */
async function lookFirst(session: Session, migration: Migration, migrationPath: string): Promise<void> {
  const catalog = await migration.inspect({ sample: 1000 });
  session.tell(`
${step(session, 2, 'Look at what is in it', 'dynaferry inspect migration.yaml')}
${attributeLines(catalog).join('\n')}

${step(session, 3, 'Say what may leave, and see what that does', 'dynaferry plan migration.yaml')}
The policy is applied in us-west-2: what it keeps back never leaves that site,
not even in a log.

${policyLines(await readFile(migrationPath, 'utf8')).join('\n')}
`);
  const plan = await migration.plan({ show: 1 });
  session.tell(`One item of the ${count(plan.sample.passed)} that pass, of ${count(plan.sample.items)} sampled:

${plan.sample.examples.flatMap((example) => exampleLines(example, plan.policy.rules, session.columns)).join('\n')}
`);
}

/** The policy as migration.yaml has it. */
function policyLines(yaml: string): string[] {
  const lines = yaml.split('\n');
  const start = lines.indexOf('policy:');
  const end = lines.findIndex((line, i) => i > start && !line.startsWith(' '));
  return lines.slice(start, end).map((line) => `  ${line}`);
}

function step({ colors }: Session, number: number, title: string, command?: string): string {
  return `${colors.bold(`${number}. ${title}`)}${command === undefined ? '' : colors.dim(`  (${command})`)}`;
}
