import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { removeDatabase } from './key-store.ts';
import type { SideName } from './side.ts';

/** The files of a verification in the state folder. All but the differences are gone when it is finished. */
export class VerifyFiles {
  readonly differences: string;
  readonly keys: string;
  /** The target's digests by which buckets were asked for: the answer belongs to them, and only to them. */
  readonly asked: string;
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    this.differences = join(folder, 'verify-differences.jsonl');
    this.keys = join(folder, 'verify-keys.sqlite');
    this.asked = join(folder, 'verify-asked.digests.gz');
  }

  digests(side: SideName): string {
    return join(this.#folder, `verify-${side}.digests.gz`);
  }

  /** Forgets progress: the next verification reads everything anew. To be called when the target was written on purpose, as by a load. */
  discardProgress(): void {
    for (const path of [this.digests('source'), this.digests('target'), this.asked]) rmSync(path, { force: true });
    removeDatabase(this.keys);
  }

  discardDifferences(): void {
    rmSync(this.differences, { force: true });
  }
}
