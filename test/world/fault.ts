/**
 * What the fault proxy can do to one request.
 *
 * - `throttle`: ProvisionedThroughputExceededException or SlowDown; not forwarded.
 * - `server-error`: 500 InternalServerError or InternalError; not forwarded.
 * - `error-in-200`: an error document under status 200, as S3 sends it for a Complete or Copy that failed late; not forwarded.
 * - `reset-before`: the connection is reset; not forwarded.
 * - `reset-after`: forwarded, and the connection reset when the answer is there: the effect happened, the answer is lost.
 * - `reset-during-upload`: the connection is reset when half of the request's body has come; not forwarded.
 * - `truncate`: forwarded; the answer's body ends at a random place with the connection.
 * - `stall`: forwarded; the answer's body stops half-way and the connection stays open.
 * - `stall-before`: forwarded; nothing of the answer comes and the connection stays open.
 * - `slow-body`: forwarded; the answer's body comes at `bytesPerSecond`.
 * - `corrupt`: forwarded; one byte of the answer's body is changed, its length and checksum headers are not.
 * - `corrupt-request`: forwarded with one byte of the request's body changed, which the service should refuse.
 * - `partial-batch`: part of a BatchWriteItem is forwarded, the rest is reported in UnprocessedItems.
 * - `latency`: forwarded after `delayMs`.
 * - `refuse`: an error of this status and code; not forwarded.
 */
export type Fault =
  | { kind: PlainFault }
  | { kind: 'latency'; delayMs: number }
  | { kind: 'slow-body'; bytesPerSecond: number }
  | { kind: 'refuse'; status: number; code: string };

/** What needs nothing to be said besides. */
export type PlainFault =
  | 'throttle'
  | 'server-error'
  | 'error-in-200'
  | 'reset-before'
  | 'reset-after'
  | 'reset-during-upload'
  | 'truncate'
  | 'stall'
  | 'stall-before'
  | 'corrupt'
  | 'corrupt-request'
  | 'partial-batch';

export type FaultKind = Fault['kind'];

/** When a fault is injected. Of several rules that match, the first whose turn it is decides. */
export interface FaultRule {
  fault: Fault;
  /** Names as `operationName` gives them; any operation where left out. */
  operations?: readonly string[];
  /** Must match the request's path with its query, where given. */
  path?: RegExp;
  /** Share of the matching requests, from 0 to 1. All where neither this nor `at` is given. */
  probability?: number;
  /** Exactly these of the matching requests, the first being 1. */
  at?: readonly number[];
  /** So many matching requests in a row get it once it is their turn, as a service throttles; one where left out. */
  burst?: number;
}
