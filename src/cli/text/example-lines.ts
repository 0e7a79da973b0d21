import type { Plan, PlanExample } from '../../index.ts';
import { printable, textTable } from '../../stages/inspect/text-table.ts';

/** What the columns beside the two values take, about. */
const OTHER_COLUMNS = 44;
const VALUE_COLUMNS_MIN = 16;
const VALUE_COLUMNS_MAX = 36;
type Attributes = Record<string, Record<string, unknown>>;

/** One item before and after the policy, attribute by attribute, in about as many columns. */
export function exampleLines(
  { before, after }: PlanExample,
  rules: Plan['policy']['rules'],
  columns: number,
): string[] {
  const share = Math.floor((columns - OTHER_COLUMNS) / 2);
  const widthMax = Math.min(VALUE_COLUMNS_MAX, Math.max(VALUE_COLUMNS_MIN, share));
  const was = JSON.parse(before) as Attributes;
  const is = JSON.parse(after) as Attributes;
  const renamed = new Map(
    rules.flatMap(({ attribute, rename }) => (rename === undefined ? [] : [[attribute, rename]])),
  );
  const fromSource = Object.entries(was).map(([name, value]) => {
    const nameAfter = renamed.get(name) ?? name;
    const valueAfter = is[nameAfter] as Attributes[string] | undefined;
    if (valueAfter === undefined) return [`  ${name}`, valueText(value), '', 'dropped'];
    const same = JSON.stringify(value) === JSON.stringify(valueAfter);
    const how = [same ? [] : (ruleOf(rules, name) ?? 'changed'), nameAfter === name ? [] : `now ${nameAfter}`].flat();
    return [`  ${name}`, valueText(value), valueText(valueAfter), how.join(', ')];
  });
  const known = new Set(Object.keys(was).map((name) => renamed.get(name) ?? name));
  const added = Object.entries(is)
    .filter(([name]) => !known.has(name))
    .map(([name, value]) => [`  ${name}`, '', valueText(value), 'set']);
  return textTable(
    [
      { title: '  attribute', widthMax: 24 },
      { title: 'at the source', widthMax },
      { title: 'at the target', widthMax },
      { title: '' },
    ],
    [...fromSource, ...added],
  );
}

function ruleOf(rules: Plan['policy']['rules'], name: string): string | undefined {
  return rules.find(({ attribute }) => attribute === name || attribute.startsWith(`${name}.`))?.rule;
}

/** Texts and numbers as they read, everything else as DynamoDB JSON. */
function valueText(value: Record<string, unknown>): string {
  const [[type, content]] = Object.entries(value);
  return printable((type === 'S' || type === 'N') && typeof content === 'string' ? content : JSON.stringify(value));
}
