import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '../..');

/** A document for people, by its path from the project's folder. */
export interface Document {
  path: string;
  text: string;
}

/** All that users are given to read. */
export const documents: readonly Document[] = globSync(['README.md', 'CHANGELOG.md', 'docs/**/*.md'], { cwd: root })
  .sort()
  .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));

/** A block of code, and the line of the document that it begins at. */
export interface Block {
  where: string;
  language: string;
  text: string;
}

export const blocks: readonly Block[] = documents.flatMap(({ path, text }) =>
  Array.from(text.matchAll(/^```(\w*)\n(.*?)^```$/gms), ({ index, 1: language, 2: block }) => {
    return { where: `${path}:${text.slice(0, index).split('\n').length}`, language, text: block };
  }),
);

/** What stands between backticks in the running text. */
export function inlineCode({ text }: Document): string[] {
  return Array.from(text.replace(/^```.*?^```$/gms, '').matchAll(/`([^`\n]+)`/g), ([, code]) => code);
}
