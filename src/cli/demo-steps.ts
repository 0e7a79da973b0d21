import { readFile } from 'node:fs/promises';
import type { Migration } from '../index.ts';
import type { Session } from './session.ts';
import { attributeLines } from './text/attribute-lines.ts';
import { exampleLines } from './text/example-lines.ts';
import { count } from './text/quantities.ts';

/** The heading of a step of a demo. */
export function step({ colors }: Session, number: number, title: string, command?: string): string {
  return `${colors.bold(`${number}. ${title}`)}${command === undefined ? '' : colors.dim(`  (${command})`)}`;
}

/** What one does before anything moves: see what is there, say what may leave, look at what that would do. */
export async function lookFirst(session: Session, migration: Migration, migrationPath: string): Promise<void> {
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
