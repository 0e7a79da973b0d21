import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { documents, root } from './documents.ts';

/** As GitHub names the headings of a document. */
function anchorsOf(path: string): Set<string> {
  const text = readFileSync(path, 'utf8').replace(/^```.*?^```$/gms, '');
  return new Set(
    Array.from(text.matchAll(/^#+ (.+)$/gm), ([, heading]) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

describe.each(documents)('$path', ({ path, text }) => {
  test('links to nothing that is not there', () => {
    const links = Array.from(text.matchAll(/\]\(([^)\s]+)\)/g), ([, link]) => link);
    const broken = links.filter((link) => {
      if (/^https?:/.test(link)) return false;
      const [file, anchor] = link.split('#');
      const target = file === '' ? join(root, path) : join(root, dirname(path), file);
      return !existsSync(target) || (anchor !== undefined && !anchorsOf(target).has(anchor));
    });
    expect(broken).toEqual([]);
  });

  test('names no file of the project that is not there', () => {
    const names = Array.from(
      text.matchAll(/(?<![\w./$-])[\w-]+(?:\/[\w-]+)*\.(?:test\.ts|ts|md)(?![\w/])/g),
      ([name]) => name,
    );
    expect(names.filter((name) => !isThere(name))).toEqual([]);
  });
});

const files = globSync(['*.md', 'docs/**/*.md', '{src,test,bench,scripts}/**/*.ts'], { cwd: root });
/** Files that examples bring along. */
const EXAMPLES = new Set(['mask.ts']);

function isThere(name: string): boolean {
  return EXAMPLES.has(name) || files.some((file) => file === name || file.endsWith(`/${name}`));
}
