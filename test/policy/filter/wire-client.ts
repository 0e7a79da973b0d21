import type { WorldSite } from '../../world/world-site.ts';

/**
 * Speaks DynamoDB's wire protocol and gives answers as they are. The filter works on the wire's bytes, and the SDK would turn
 * binary values into something else on the way. DynamoDB Local reads key and region from the signature and checks nothing else of it.
 */
export class WireClient {
  readonly #endpoint: string;
  readonly #authorization: string;

  constructor(site: WorldSite) {
    this.#endpoint = site.endpoints.dynamodb;
    const scope = `${site.credentials.accessKeyId}/20200101/${site.region}/dynamodb/aws4_request`;
    this.#authorization = `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=0`;
  }

  /** The answer's body; throws with the service's message when it refuses. */
  async call(operation: string, parameters: object): Promise<string> {
    const response = await fetch(this.#endpoint, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': `DynamoDB_20120810.${operation}`,
        authorization: this.#authorization,
      },
      body: JSON.stringify(parameters),
    });
    const body = await response.text();
    if (!response.ok) throw new Error(`${operation} refused: ${body}`);
    return body;
  }
}
