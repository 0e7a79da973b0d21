import { DynaferryError } from '../../model/errors.ts';

/** When so many changes are refused and none is written, something is wrong with all of them. */
const REFUSED_IN_A_ROW_MAX = 1000;

/** Stops applying where the target refuses everything. */
export class RefusalWatch {
  #written = 0;
  #refused = 0;

  /** Throws DEAD_LETTERS where so far nothing was written and much refused. */
  note(written: number, refused: number, code: string | undefined): void {
    this.#written += written;
    this.#refused += refused;
    if (this.#written > 0 || this.#refused < REFUSED_IN_A_ROW_MAX) return;
    throw new DynaferryError(
      'DEAD_LETTERS',
      `the target refuses every change (${code ?? 'no code'}); stopped after ${this.#refused} of them`,
      {
        fix: 'Read the dead letters in the target staging; the key or the size of the items does not suit the table.',
      },
    );
  }
}
