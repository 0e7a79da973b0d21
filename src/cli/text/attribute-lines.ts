import type { Catalog } from '../../index.ts';
import { textTable } from '../../stages/inspect/text-table.ts';
import { percent } from './quantities.ts';

/** The attributes of a catalog in short: name, types, and the share of items that have it. */
export function attributeLines({ paths, coverage }: Catalog): string[] {
  return textTable(
    [
      { title: '  attribute', widthMax: 40 },
      { title: 'types' },
      { title: 'in items', align: 'right' },
      { title: 'bytes', align: 'right' },
    ],
    paths.map(({ path, types, items, sizeBytes }) => [
      `  ${path}`,
      Object.keys(types).join(', '),
      percent(items, coverage.items),
      `${sizeBytes.min} to ${sizeBytes.max}`,
    ]),
  );
}
