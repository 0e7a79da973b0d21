import { fitsDynamoDb, isNumber } from '../../model/number.ts';
import { floorToMultiple } from './decimal.ts';
import { Refusal } from './rule.ts';
import { ScalarRule } from './scalar-rule.ts';

/** Rounds numbers, and strings that are numbers, down to a multiple of `step`: with 10, the age 37 becomes 30. `step` is a positive decimal number. */
export function generaliseRule(step: string): ScalarRule {
  return new ScalarRule({
    name: 'generalise',
    traits: { keepsUniqueness: false, reversible: false, deterministic: true, keepsType: true },
    parameters: { step },
    treatments: {
      S: { to: 'S', treat: (text) => (text === '' ? '' : generalise(text, step)) },
      N: { to: 'N', treat: (text) => generalise(text, step) },
    },
  });
}

function generalise(text: string, step: string): string {
  if (!isNumber(text)) throw new Refusal('the value is not a number');
  const rounded = floorToMultiple(text, step);
  if (!fitsDynamoDb(rounded)) throw new Refusal('the rounded number has more than 38 digits');
  return rounded;
}
