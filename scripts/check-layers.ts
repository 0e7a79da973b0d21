import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, sep } from 'node:path';
import { layers } from './layers.ts';

/** Fails when a file of src/ imports from a layer above its own, or a stage imports another stage. */
const root = 'src';
const problems: string[] = [];
const rank = (folder: string): number => layers.indexOf(folder as (typeof layers)[number]);

for (const entry of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
  const parts = entry.split(sep);
  if (!entry.endsWith('.ts') || parts.length < 2) continue;
  const from = parts[0];
  if (rank(from) < 0)
    problems.push(`${join(root, entry)}: the folder '${from}' is not a layer; add it to scripts/layers.ts`);
  const text = readFileSync(join(root, entry), 'utf8');
  for (const match of text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)) {
    const spec = match[1];
    if (!spec.startsWith('.')) {
      if (spec.startsWith('@aws-sdk/') && from !== 'aws')
        problems.push(`${join(root, entry)}: only src/aws imports the SDK, not ${from} (${spec})`);
      continue;
    }
    const target = normalize(join(dirname(entry), spec)).split(sep);
    const to = target[0];
    if (rank(to) < 0 || rank(to) > rank(from))
      problems.push(`${join(root, entry)}: '${from}' may not import '${to}' (${spec})`);
    if (from === 'stages' && to === 'stages' && parts[1].replace('.ts', '') !== target[1].replace('.ts', ''))
      problems.push(`${join(root, entry)}: a stage may not import another stage (${spec})`);
  }
}

for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exit(1);
