import { createHmac } from 'node:crypto';
import type { WireItem, WireValue } from '../world/wire-table.ts';
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

/** The same policy, written down a second time on plain objects. Undefined is what must not pass. */
export function userOracle(item: WireItem): WireItem | undefined {
  if (item['country']?.S !== 'China' || !('govid' in item) || item['PK'].S?.startsWith('00') === true) return undefined;
  return Object.fromEntries(
    Object.entries(item).flatMap(([name, value]): [string, WireValue][] => {
      const text = (change: (text: string) => string): WireValue => ({ S: change(value.S ?? '') });
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
          return [[name, { M: rest }]];
        }
        default:
          return [[name, value]];
      }
    }),
  );
}
