import { DynaferryError } from '../model/errors.ts';

/**
 * An item that the policy refuses: a rule cannot treat a value, and so the item must not leave. The caller dead-letters it.
 * Holds the names of rule and attribute and the reason, never a value.
 */
export class RuleError extends DynaferryError {
  /** The rule's name, such as `mask`, or `unlisted`. */
  readonly rule: string;
  /** The attribute's path as the policy writes it. */
  readonly attribute: string;
  readonly reason: string;

  constructor(rule: string, attribute: string, reason: string) {
    super('RULE_REFUSED', `${rule} on ${attribute}: ${reason}`);
    this.name = 'RuleError';
    this.rule = rule;
    this.attribute = attribute;
    this.reason = reason;
  }
}
