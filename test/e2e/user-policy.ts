import { createHmac } from 'node:crypto';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { MigrationYaml } from './scenario.ts';
import { HASH_KEY } from './scenario.ts';

/** A policy with every rule that the walk-through uses. */
export const userPolicy: MigrationYaml['policy'] = {
  filter: "country = 'China' AND attribute_exists(govid) AND NOT begins_with(PK, '00')",
  attributes: {
    govid: { hash: { key: 'env:HASH_KEY' } },
    email: { mask: 'email' },
    street_address: { mask: { keepLast: 2 } },
    sex: 'drop',
    'map.s': 'drop',
    first_name: { rename: 'given_name' },
  },
};

/** What both the SDK's items and those of the wire have of a value, as far as this policy looks into it. */
type Value = AttributeValue | { S?: string; M?: Record<string, unknown> };

/** The same policy, written down a second time on plain objects. Undefined is what must not pass. */
export function userOracle<V extends Value>(item: Record<string, V>): Record<string, V> | undefined {
  if (item['country']?.S !== 'China' || !('govid' in item) || item['PK'].S?.startsWith('00') === true) return undefined;
  return Object.fromEntries(
    Object.entries(item).flatMap(([name, value]): [string, V][] => {
      const text = (change: (text: string) => string): V => ({ S: change(value.S ?? '') }) as V;
      switch (name) {
        case 'sex':
          return [];
        case 'first_name':
          return [['given_name', value]];
        case 'govid':
          return [[name, text((govid) => createHmac('sha256', HASH_KEY).update(govid).digest('hex'))]];
        case 'email':
          return [[name, text((email) => email.replace(/^(.).+(?=@)/, '$1***'))]];
        case 'street_address':
          return [[name, text((street) => street.replace(/.(?=..)/gu, '*'))]];
        case 'map': {
          if (value.M === undefined) return [[name, value]];
          const { s: _dropped, ...rest } = value.M;
          return [[name, { M: rest } as V]];
        }
        default:
          return [[name, value]];
      }
    }),
  );
}
