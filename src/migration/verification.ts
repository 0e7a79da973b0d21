import type { VerifyCounts } from '../model/events.ts';
import type { VerifyResult } from '../stages/verify/verify-result.ts';
import type { VerifyRequest } from './requests.ts';
import type { Stages } from './stages.ts';
import { checkVerified } from './summary.ts';
import { verifySourceSite, verifyTargetSite } from './verify-site.ts';
import { checkSettles, defaultSettleMs, runVerify } from './verify-stage.ts';
import type { Workspace } from './workspace.ts';

/** Verifies a migration, and keeps what that found. Each method throws VERIFY_DIFFERENT where the target differs. */
export class Verification {
  /** What the last comparison found; undefined where there was none yet. */
  counts: VerifyCounts | undefined;
  readonly #workspace: Workspace;
  readonly #stages: Stages;

  constructor(workspace: Workspace, stages: Stages) {
    this.#workspace = workspace;
    this.#stages = stages;
  }

  /** Tables at rest, of which so many items are known to be missing at the target, since they were set aside. */
  async atRest(setAside: number): Promise<VerifyCounts> {
    return this.#judge(await runVerify(this.#workspace, this.#stages, 0), { setAside });
  }

  /** What is asked for. Throws USAGE where nothing of that can settle, although it is to. */
  async run({ site, settleMs }: VerifyRequest): Promise<void> {
    const { file } = this.#workspace;
    if (settleMs !== undefined) checkSettles(file, site);
    if (site === 'source') return verifySourceSite(this.#workspace, this.#stages);
    if (site === 'target') {
      this.#judge(await verifyTargetSite(this.#workspace, this.#stages));
      return;
    }
    const ms = settleMs ?? defaultSettleMs(file);
    this.#judge(await runVerify(this.#workspace, this.#stages, ms), { isLive: ms > 0 });
  }

  #judge(result: VerifyResult, { setAside = 0, isLive = false } = {}): VerifyCounts {
    const { equal, missing, extra, different, settled, changing, lastedMs, refusedAtSource, differencesFile } = result;
    this.counts = {
      equal,
      missing,
      extra,
      different,
      ...(refusedAtSource > 0 && { refused: refusedAtSource }),
      ...(isLive && { settled, changing, ...(lastedMs && { lastedMs }) }),
    };
    checkVerified(this.counts, differencesFile, setAside);
    return this.counts;
  }
}
