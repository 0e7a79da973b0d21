import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';
import { documents, root } from './documents.ts';

/** The interfaces of a file of types, with their properties. */
function interfacesOf(path: string): Map<string, { name: string; type: string }[]> {
  const file = ts.createSourceFile(path, readFileSync(join(root, path), 'utf8'), ts.ScriptTarget.Latest, true);
  return new Map(
    file.statements.filter(ts.isInterfaceDeclaration).map(({ name, members }) => [
      name.text,
      members.filter(ts.isPropertySignature).map((member) => {
        return { name: member.name.getText(), type: member.type?.getText() ?? '' };
      }),
    ]),
  );
}

const { text } = documents.find(({ path }) => path === 'docs/formats/events.md')!;
/** What the document says of each type of event: the section whose heading names it. */
const sections = new Map(
  text
    .split(/^## /m)
    .slice(1)
    .flatMap((section) => Array.from(section.split('\n')[0].matchAll(/`([\w-]+)`/g), ([, type]) => [type, section])),
);
const events = new Map(
  [...interfacesOf('src/model/events.ts').values()].flatMap((properties) => {
    const type = properties.find(({ name }) => name === 'type');
    return type === undefined
      ? []
      : [[type.type.slice(1, -1), properties.map(({ name }) => name).filter((name) => name !== 'type')] as const];
  }),
);

test('docs/formats/events.md describes the events that there are, and no others', () => {
  expect([...sections.keys()].sort()).toEqual([...events.keys()].sort());
});

test.each([...events])('every field of the event %s is described', (type, names) => {
  const section = sections.get(type) ?? '';
  expect(names.filter((name) => !section.includes(`\`${name}\``) && !section.includes(`"${name}":`))).toEqual([]);
});

test.each(['VerifyCounts', 'CapturedChanges', 'AppliedChanges', 'Failure', 'FailureKind'])(
  'every field of %s is described',
  (name) => {
    const names = interfacesOf('src/model/events.ts')
      .get(name)!
      .map((property) => property.name);
    expect(names.filter((field) => !new RegExp(`[\`" ]${field}[\`":,; }]`).test(text))).toEqual([]);
  },
);
