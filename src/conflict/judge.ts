import type { StreamRecord } from '../dynamodb/record-view.ts';
import type { Stamp } from '../model/stamp.ts';
import type { Settlement } from './merge.ts';

/** The last time that a shard's clock has given or seen, in microseconds since 1970; only managed stamps have such clocks. */
export interface ShardClock {
  lastMicros: number;
}

/** What a record of the table's stream is. */
export type Judgement =
  /** A write by the application, with its stamp. */
  | { is: 'write'; stamp: Stamp; settlement?: Settlement }
  /** The effect of a write that came from the other site, or of what we did to settle one: the other site knows of it. */
  | { is: 'echo'; settlement?: Settlement }
  /** A write whose stamp cannot be told, since this attribute is missing or of a wrong type. */
  | { is: 'unfit'; attribute: string };

/** Tells what records of one table's stream are. What it says of a record follows from the record and the shard's clock alone, so that after a crash it says the same. */
export interface Judge {
  /** The key, as one text, in front of all that refers to it. `clock` moves on. */
  judge(record: StreamRecord, identity: string, clock: ShardClock): Judgement;
}
