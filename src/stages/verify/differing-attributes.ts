import { CanonicalWriter } from '../../model/canonical.ts';
import { ItemView, NameTable } from '../../model/item.ts';

/** The names of the top-level attributes that two items do not have alike, sorted. */
export function differingAttributes(left: Buffer, right: Buffer, ignore: ReadonlySet<string>): string[] {
  const forms = attributeForms(left);
  const others = attributeForms(right);
  const names = new Set([...forms.keys(), ...others.keys()]);
  return [...names].filter((name) => !ignore.has(name) && forms.get(name) !== others.get(name)).sort();
}

/** Each attribute's canonical form by its name. */
function attributeForms(item: Buffer): Map<string, string> {
  const view = new ItemView(new NameTable([]));
  const one = new ItemView(new NameTable([]));
  const canonical = new CanonicalWriter();
  view.read(item, 0);
  const forms = new Map<string, string>();
  for (let i = 0; i < view.count; i++) {
    // An item of this attribute alone, from the quote before its name to the end of its value.
    const alone = `{${item.toString('utf8', view.nameStart[i] - 1, view.valueEnd[i])}}`;
    one.read(Buffer.from(alone), 0);
    forms.set(view.nameAt(i), canonical.write(one).toString('latin1'));
  }
  return forms;
}
