import { jsonAnswer } from './service-answer.ts';
import type { Answer } from './service-answer.ts';
import type { Random } from './random.ts';

type Requests = Record<string, unknown[]>;

/** A BatchWriteItem cut in two: what goes on to the service, and what is reported as unprocessed. */
export interface SplitBatch {
  forwarded: Buffer;
  held: Requests;
}

/** Holds back at least one request; undefined when that would leave none to forward, which DynamoDB answers by throttling. */
export function splitBatch(body: Buffer, random: Random): SplitBatch | undefined {
  const input = JSON.parse(body.toString()) as { RequestItems: Requests };
  const all = Object.entries(input.RequestItems).flatMap(([table, requests]) =>
    requests.map((request) => ({ table, request })),
  );
  if (all.length < 2) return undefined;
  const held = new Set<number>([random.integer(0, all.length - 1)]);
  all.forEach((_, index) => {
    if (held.size < all.length - 1 && random.next() < 0.5) held.add(index);
  });
  const select = (isWanted: (index: number) => boolean): Requests => {
    const selected: Requests = {};
    all.forEach(({ table, request }, index) => {
      if (isWanted(index)) (selected[table] ??= []).push(request);
    });
    return selected;
  };
  const forwarded = { ...input, RequestItems: select((index) => !held.has(index)) };
  return { forwarded: Buffer.from(JSON.stringify(forwarded)), held: select((index) => held.has(index)) };
}

/** The service's answer with the held requests added to its UnprocessedItems. An error stays as it is. */
export function reportHeld(answer: Answer, held: Requests): Answer {
  if (answer.status !== 200) return answer;
  const output = JSON.parse(answer.body.toString()) as { UnprocessedItems?: Requests };
  const unprocessed: Requests = { ...output.UnprocessedItems };
  for (const [table, requests] of Object.entries(held))
    unprocessed[table] = [...(unprocessed[table] ?? []), ...requests];
  return jsonAnswer(200, JSON.stringify({ ...output, UnprocessedItems: unprocessed }));
}
