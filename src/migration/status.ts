import { LAG_WINDOW_MS } from '../engine/lag-reporter.ts';
import { isLocked, lockHolder } from '../engine/lock.ts';
import type { ChangeLedger } from '../engine/change-ledger.ts';
import type { ChangeTotals } from '../engine/change-sums.ts';
import type { Ledger } from '../engine/ledger.ts';
import type { LedgerTotals } from '../engine/ledger-totals.ts';
import type { LagReport, StageName, StageProgress, VerifyCounts } from '../model/events.ts';

/** Where one stage stands. */
export interface StageStatus {
  stage: StageName;
  state: 'not started' | 'running' | 'stopped' | 'finished';
  /** The process that runs it. */
  processId?: number;
  /** The latest that a running or stopped stage said of itself. */
  progress?: StageProgress;
  /** How far a stage of changes that runs lies behind the writes to the source. */
  lag?: LagReport;
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
const CHANGE_STAGES = ['capture', 'transfer-changes', 'apply'] as const;

/** Reads the ledgers; contacts nothing and disturbs nobody. */
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
  const { captured, transferred, applied } = changes;
  const replicates =
    captured.seq + transferred.seq + applied.seq > 0 || CHANGE_STAGES.some((stage) => isLocked(stateFolder, stage));
  const standOf = (stage: StageStatus['stage'], wasDone: boolean): StageStatus => {
    const latest = progress.get(stage);
    const running = (!wasDone || stage === 'verify') && isLocked(stateFolder, stage);
    const processId = running ? lockHolder(stateFolder, stage)?.pid : undefined;
    return {
      stage,
      state: running ? 'running' : wasDone ? 'finished' : latest === undefined ? 'not started' : 'stopped',
      ...(processId !== undefined && { processId }),
      ...(latest !== undefined && { progress: latest }),
    };
  };
  // A verification that has ended may be made again; the others are done for good.
  const itemStages = STAGES.map((stage) =>
    standOf(stage, stage === 'verify' ? verify !== undefined : ledger.fact(`${stage}Done`) !== undefined),
  );
  const changeStages = CHANGE_STAGES.map((stage) => {
    const stand = standOf(stage, false);
    const lag = stand.state === 'running' ? latestLag(changeLedger, stage) : undefined;
    return lag === undefined ? stand : { ...stand, lag };
  });
  return {
    migration,
    stateFolder,
    exportId: ledger.fact('exportId'),
    stages: [...itemStages, ...(replicates ? changeStages : [])],
    totals: ledger.totals(),
    ...(replicates && { changes }),
    verify: verify === undefined ? undefined : (JSON.parse(verify) as VerifyCounts & { finishedMs: number }),
    finishedMs: finished === undefined ? undefined : Number(finished),
  };
}

/** What a stage said last of its lag, unless that is so long ago that it says nothing any more. */
function latestLag(changeLedger: ChangeLedger, stage: StageName): LagReport | undefined {
  const fact = changeLedger.fact(`lag:${stage}`);
  if (fact === undefined) return undefined;
  const { toldMs = 0, ...lag } = JSON.parse(fact) as LagReport & { toldMs?: number };
  return lag.waiting > 0 || Date.now() - toldMs < LAG_WINDOW_MS ? lag : undefined;
}
