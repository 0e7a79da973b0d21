import type { JsonAnswer } from './dynalite.ts';

/** What the DynamoDB API answers instead of doing what it was asked. */
export class DynamoDbError extends Error {
  /** Such as ResourceNotFoundException. */
  readonly type: string;

  constructor(type: string, message: string) {
    super(message);
    this.name = 'DynamoDbError';
    this.type = type;
  }

  get answer(): JsonAnswer {
    const status = this.type === 'InternalServerError' ? 500 : 400;
    return {
      status,
      json: JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${this.type}`, message: this.message }),
    };
  }
}
