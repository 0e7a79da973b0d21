import { isLocked, lockHolder } from '../engine/lock.ts';
import type { ChangeLedger, ChangeTotals } from '../engine/change-ledger.ts';
import type { Ledger } from '../engine/ledger.ts';
import type { LedgerTotals } from '../engine/ledger-totals.ts';
import type { StageName, StageProgress, VerifyCounts } from '../model/events.ts';

/** Where one stage stands. */
export interface StageStatus {
  stage: Exclude<StageName, 'inspect'>;
  state: 'not started' | 'running' | 'stopped' | 'finished';
  /** The process that runs it. */
  processId?: number;
  /** The latest that a running or stopped stage said of itself. */
  progress?: StageProgress;
}

/** Where a migration stands, by the ledger of this machine. */
export interface MigrationStatus {
  migration: string;
  stateFolder: string;
  exportId: string | undefined;
  stages: StageStatus[];
  /** What is durable. */
  totals: LedgerTotals;
  /** The same of changes; absent where none were ever captured. */
  changes?: ChangeTotals;
  /** The last finished verification. */
  verify: (VerifyCounts & { finishedMs: number }) | undefined;
  finishedMs: number | undefined;
}

const STAGES = ['export', 'transfer', 'load', 'verify'] as const;
/** These have no end. */
const CHANGE_STAGES = ['capture'] as const;

/** Reads the ledger; contacts nothing and disturbs nobody. */
export function readStatus(
  migration: string,
  stateFolder: string,
  ledger: Ledger,
  changeLedger: ChangeLedger,
): MigrationStatus {
  const progress = new Map(ledger.progress().map((entry) => [entry.stage, entry.progress]));
  const verify = ledger.fact('verify');
  const finished = ledger.fact('finishedMs');
  const changes = changeLedger.totals();
  const replicates = changes.captured.seq > 0 || isLocked(stateFolder, 'capture');
  return {
    migration,
    stateFolder,
    exportId: ledger.fact('exportId'),
    stages: [...STAGES, ...(replicates ? CHANGE_STAGES : [])].map((stage) => {
      const latest = progress.get(stage);
      // A verification that has ended may be made again, and a capture has no end; the others are done for good.
      const wasDone =
        stage === 'verify' ? verify !== undefined : stage !== 'capture' && ledger.fact(`${stage}Done`) !== undefined;
      const running = (!wasDone || stage === 'verify') && isLocked(stateFolder, stage);
      const done = wasDone && !running;
      const processId = running ? lockHolder(stateFolder, stage)?.pid : undefined;
      return {
        stage,
        state: done ? 'finished' : running ? 'running' : latest === undefined ? 'not started' : 'stopped',
        ...(processId !== undefined && { processId }),
        ...(latest !== undefined && { progress: latest }),
      };
    }),
    totals: ledger.totals(),
    ...(replicates && { changes }),
    verify: verify === undefined ? undefined : (JSON.parse(verify) as VerifyCounts & { finishedMs: number }),
    finishedMs: finished === undefined ? undefined : Number(finished),
  };
}
