import { noChanges } from '../../src/stages/capture/change-processor.ts';
import type { ChangeCommit, ShardPosition } from '../../src/staging/change-log.ts';

interface Content {
  puts?: number;
  deletes?: number;
  newestMicros?: number;
  checkpoints?: ShardPosition[];
}

/** A commit of a change log that holds so many changes. */
export function changeCommit(
  seq: number,
  { puts = 0, deletes = 0, newestMicros, checkpoints }: Content = {},
): ChangeCommit {
  const changes = puts + deletes;
  const counts = { ...noChanges(), read: changes, puts, deletes };
  return {
    version: 1,
    seq,
    policyHash: 'h',
    object:
      changes === 0
        ? null
        : {
            key: `data/${seq}.json.zst`,
            items: changes,
            sizeBytes: 10,
            jsonBytes: 20,
            etag: 'e',
            md5Base64: 'm',
            sha256: 'a'.repeat(64),
            partSizeBytes: 8,
            partSha256: ['a'.repeat(64)],
          },
    counts,
    ...(newestMicros !== undefined && { oldestMicros: newestMicros, newestMicros }),
    throughMs: seq * 10,
    capturedMs: 1,
    ...(checkpoints && { checkpoints }),
  };
}
