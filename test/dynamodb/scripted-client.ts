import { partitionOf } from '../../src/aws/partition.ts';
import { DynamoDbClient } from '../../src/dynamodb/client.ts';
import { siteIdentities } from '../world/site.ts';

/** Answers operations as told, without a network: an object is the answer, an error is thrown. Remembers what it was asked. */
export class ScriptedClient extends DynamoDbClient {
  readonly calls: { operation: string; input: unknown }[] = [];
  readonly #answers: Record<string, object>;

  constructor(answers: Record<string, object>, role: 'source' | 'target' = 'target') {
    super({
      role,
      region: siteIdentities[role].region,
      partitionId: partitionOf(siteIdentities[role].region).id,
      dynamodbUrl: 'http://127.0.0.1:0',
      streamsUrl: 'http://127.0.0.1:0',
      s3Url: 'http://127.0.0.1:0',
      s3PathStyle: true,
      credentials: () => Promise.reject(new Error('nothing is to be sent')),
    });
    this.#answers = answers;
  }

  override async call(operation: string, _table: string, body: Buffer): Promise<Buffer> {
    this.calls.push({ operation, input: JSON.parse(body.toString('utf8')) });
    const answer = this.#answers[operation];
    if (answer === undefined) throw new Error(`no answer to ${operation} in the script`);
    if (answer instanceof Error) throw answer;
    return Buffer.from(JSON.stringify(answer));
  }
}
