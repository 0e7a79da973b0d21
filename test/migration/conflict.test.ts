import { describe, expect, it, test } from 'vitest';
import { MARK } from '../../src/conflict/mark.ts';
import { checkConflict } from '../../src/migration/conflict.ts';
import { parseMigrationFile } from '../../src/migration/file/parse.ts';
import type { MigrationFile } from '../../src/migration/file/migration-file.ts';
import { ByteWriter } from '../../src/model/byte-writer.ts';
import { ItemView } from '../../src/model/item.ts';
import { compilePolicy, type PolicyResources } from '../../src/policy/compile-policy.ts';
import type { PolicySpec } from '../../src/policy/policy-schema.ts';
import { example, minimal } from './file/examples.ts';

const resources: PolicyResources = {
  readKey: async () => Buffer.alloc(32),
  loadFunction: () => Promise.reject(new Error('there is none')),
};
const parse = (text: string): MigrationFile => parseMigrationFile(text, 'm.yaml');
const withConflict = (conflict: string): string => `${example}replicate: { conflict: ${conflict} }\n`;

describe('replicate.conflict', () => {
  test.each([
    ['none', undefined],
    ['managed', 'managed'],
    ['{ version: v, origin: o }', { version: 'v', origin: 'o' }],
  ])('%s is taken', (text, conflict) => {
    expect(parse(withConflict(text)).replicate).toMatchObject({ conflict, tombstonesMs: 2_592_000_000 });
  });

  test('has tombstones that last', () => {
    const { replicate } = parse(`${example}replicate: { conflict: managed, tombstones: 7d }\n`);
    expect(replicate.tombstonesMs).toBe(604_800_000);
  });

  test.each([
    [withConflict('newest'), /replicate\.conflict: got "newest": expected none, managed, or \{ version/],
    [withConflict('{ version: v }'), /replicate\.conflict/],
    [
      withConflict('{ version: v, origin: v }'),
      /replicate\.conflict\.origin: .*this is the version; name the attribute/,
    ],
    [`${minimal}replicate: { conflict: managed }\n`, /replicate\.conflict: .*both sites are in us-west-2/],
    [`${example}replicate: { tombstones: 30d }\n`, /replicate\.tombstones: .*has no effect without conflict/],
    [`${example}replicate: { conflict: managed, tombstones: 1h }\n`, /tombstones: got "1h": expected a time from 1d/],
  ])('of another form is refused: %s', (text, message) => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ message: expect.stringMatching(message) as string }));
  });
});

describe('the policy of a migration both ways', () => {
  const findings = async (conflict: string, policy: string): Promise<[string, string][]> => {
    const from = example.indexOf('policy:');
    const text = `${example.slice(0, from)}policy: ${policy}\nreplicate: { conflict: ${conflict} }\n`;
    const file = parse(text);
    const compiled = await compilePolicy(file.policy, {
      ...resources,
      ...(file.replicate.conflict === 'managed' && { ours: MARK }),
    });
    return checkConflict({ file }, compiled).map(({ code, message }) => [code, message]);
  };
  const attributes = '{ version: ver, origin: region }';

  it('must leave the stamp as it is', async () => {
    const codes = async (policy: string): Promise<string[]> =>
      (await findings(attributes, policy)).map(([code]) => code).filter((code) => code === 'RULE_ON_STAMP');
    expect(await codes('{}')).toEqual([]);
    expect(await codes('{ attributes: { ver: keep, region: keep, x: keep }, unlisted: drop }')).toEqual([]);
    expect(await codes('{ attributes: { x: keep }, unlisted: drop }')).toHaveLength(2);
    expect(await codes('{ attributes: { ver: { rename: v } } }')).toHaveLength(1);
    expect(await codes('{ attributes: { region: { mask: email } } }')).toHaveLength(1);
    expect(await codes('{ attributes: { region: drop } }')).toHaveLength(1);
  });

  it('is told of where it changes values, and of the tables of tombstones', async () => {
    expect(await findings('managed', '{ attributes: { email: drop } }')).toEqual([
      ['CHANGED_BOTH_WAYS', expect.stringContaining('Rules change email:')],
      ['TOMBSTONES', expect.stringContaining('user-us-dynaferry-deletes, user_migrated_cn-dynaferry-deletes')],
    ]);
    expect(await findings('none', '{ attributes: { email: drop } }')).toEqual([]);
  });

  it('never lets the mark out, and must not be about it', async () => {
    const policy = await compilePolicy(
      { attributes: { x: { rename: 'y' } }, unlisted: 'refuse' },
      { ...resources, ours: MARK },
    );
    const view = new ItemView(policy.names);
    view.read(Buffer.from(`{"x":{"S":"1"},"${MARK}":{"M":{"v":{"N":"1"}}}}`), 0);
    const out = new ByteWriter(16);
    expect(policy.apply(view, out)).toBe('passed');
    expect(out.peek().toString()).toBe('{"y":{"S":"1"}}');
    expect(policy.attributesNamed).toEqual(['x']);
    const rules: PolicySpec['attributes'][] = [{ [MARK]: 'keep' }, { x: { rename: MARK } }, { [`${MARK}.v`]: 'drop' }];
    for (const about of rules)
      await expect(compilePolicy({ attributes: about }, { ...resources, ours: MARK })).rejects.toMatchObject({
        code: 'POLICY_INVALID',
        fix: expect.stringContaining(MARK) as string,
      });
  });
});
