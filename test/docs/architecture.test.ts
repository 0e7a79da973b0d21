import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { layers } from '../../scripts/layers.ts';
import { documents, root } from './documents.ts';

test('the map of docs/ARCHITECTURE.md has every layer, from the highest to the lowest', () => {
  const { text } = documents.find(({ path }) => path === 'docs/ARCHITECTURE.md')!;
  const rows = Array.from(text.matchAll(/^\| (`\w+\/`(?:, `\w+\/`)*) \|/gm), ([, folders]) => folders.split(', '));
  const folders = layers.filter((layer) => existsSync(join(root, 'src', layer)) && !layer.includes('.'));
  expect(rows.flat().toReversed()).toEqual(folders.map((folder) => `\`${folder}/\``));
});
