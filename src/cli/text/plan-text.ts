import type { Plan } from '../../index.ts';
import { displayWidth, printable, textTable } from '../../stages/inspect/text-table.ts';
import type { Session } from '../session.ts';
import { exampleLines } from './example-lines.ts';
import { findingLines } from './finding-lines.ts';
import { count, counted, duration, percent, size } from './quantities.ts';

/** A plan for people. */
export function planText(plan: Plan, { colors, columns }: Pick<Session, 'colors' | 'columns'>): string {
  const { bold, red, green } = colors;
  const errors = plan.findings.filter(({ severity }) => severity === 'error').length;
  const verdict =
    errors === 0
      ? green('This migration can run.')
      : red(`This migration cannot run: ${counted(errors, 'error')}, see the findings.`);
  const sections = [
    [bold(`Plan of ${plan.migration}`), ...sites(plan)],
    [bold('Policy'), ...policy(plan)],
    [bold('Sample'), ...sample(plan)],
    ...plan.sample.examples.map((example, i) => [
      bold(`Example ${i + 1}: before and after`),
      ...exampleLines(example, plan.policy.rules, columns),
    ]),
    [bold('Estimate'), ...estimate(plan)],
    plan.findings.length === 0
      ? [`${bold('Findings')} none`]
      : [bold('Findings'), ...findingLines(plan.findings, colors)],
    [bold(verdict)],
  ];
  return sections.map((lines) => lines.join('\n')).join('\n\n');
}

function sites({ source, target }: Plan): string[] {
  const facts = [
    source.items === undefined ? [] : `about ${counted(source.items, 'item')}`,
    source.sizeBytes === undefined ? [] : size(source.sizeBytes),
    source.billing ?? [],
  ].flat();
  return [
    `  source  ${printable(source.name)}${facts.length === 0 ? '' : ` (${facts.join(', ')})`}`,
    `  target  ${printable(target.table)} (${target.exists ? 'exists' : target.willBeCreated ? "will be created after the source's definition" : 'does not exist'})`,
  ];
}

function policy({ policy: { filter, rules, unlisted, pushedDown } }: Plan): string[] {
  const rows = rules.map(({ attribute, rule, rename, traits }) => [
    `  ${attribute}`,
    rule === 'rename' ? `rename to ${rename}` : rename === undefined ? rule : `${rule}, rename to ${rename}`,
    traits === undefined ? '' : traits.reversible ? 'can be undone with the key' : 'cannot be undone',
  ]);
  return [
    `  filter    ${filter === undefined ? 'none: all items pass' : printable(filter)}${pushedDown ? '  (also sent with the scan)' : ''}`,
    `  unlisted  ${unlisted} what no rule names`,
    ...(rows.length === 0 ? [] : textTable([{ title: '  attribute' }, { title: 'rule' }, { title: '' }], rows)),
  ];
}

function sample({ sample: { items, passed, filtered, lacking } }: Plan): string[] {
  if (items === 0) return ['  no items were read'];
  const refused = items - passed - filtered;
  const dead = refused === 0 ? '' : `, ${count(refused)} are refused by a rule`;
  return [
    `  ${counted(items, 'item')} read: ${count(passed)} pass (${percent(passed, items)}), ${count(filtered)} are kept back by the filter${dead}`,
    ...lacking
      .filter((one) => one.items > 0)
      .map(
        (one) =>
          `  ${printable(one.attribute)} is missing in ${count(one.items)} of them (${percent(one.items, items)})`,
      ),
  ];
}

function estimate({ estimate: { items, readUnits, seconds } }: Plan): string[] {
  const times = Object.entries(seconds)
    .filter((entry): entry is [string, number] => entry[1] !== undefined)
    .map(([stage, value]) => `${stage} at least ${duration(value)}`);
  const about = (value: number | undefined): string => (value === undefined ? 'unknown' : `about ${count(value)}`);
  const rows = [
    ['items at the target', about(items)],
    ['read units', about(readUnits)],
    ['time by the limits', times.length === 0 ? 'no limits are set' : times.join(', ')],
  ];
  const width = Math.max(...rows.map(([name]) => displayWidth(name)));
  return rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`);
}
