export { openMigration, openMigrations, Migration } from './migration/migration.ts';
export type {
  ApplyRequest,
  CaptureRequest,
  InspectRequest,
  OpenOptions,
  ReplicateRequest,
  RunRequest,
  TransferRequest,
  VerifyRequest,
} from './migration/requests.ts';
export type { MigrationFile } from './migration/file/migration-file.ts';
export type { MigrationStatus, StageStatus } from './migration/status.ts';
export type { Plan, PlanExample, PlanOptions } from './migration/plan.ts';
export type { LedgerTotals } from './engine/ledger-totals.ts';
export type { ChangeTotals } from './engine/change-sums.ts';
export type { RuleSummary } from './policy/policy.ts';
export { openCopy, type Copy, type CopyMode, type CopyOptions, type CopyStatus } from './copy/copy.ts';
export { openCopyFile } from './copy/open-copy-file.ts';
export { parseTransferFile, readTransferFile, type TransferFileOptions } from './copy/file/parse.ts';
export type {
  BandwidthSchedule,
  BandwidthWindow,
  CopyPlan,
  CopySite,
  Moment,
  ScopeSettings,
} from './copy/copy-plan.ts';
export type { CompareMode, CopyBounds, ObjectSettings, PrefixPair } from './stages/transfer/copy-options.ts';
export type { Catalog } from './stages/inspect/catalog.ts';
export type { ReadProgress } from './stages/inspect/read-items.ts';
export { renderCatalog } from './stages/inspect/render-catalog.ts';
export type { SiteSettings } from './aws/site.ts';
export type { Finding, FindingSeverity } from './model/finding.ts';
export { DynaferryError } from './model/errors.ts';
export { errorCatalogue, type ErrorCode } from './model/error-catalogue.ts';
export { exitCodes, type ExitCode } from './model/exit-codes.ts';
export type {
  AppliedChanges,
  CapturedChanges,
  CopyDecision,
  CopyProgress,
  CopySummary,
  Failure,
  FailureKind,
  EventListener,
  LagReport,
  Notice,
  ProgressEvent,
  StageName,
  StageProgress,
  StageState,
  Summary,
  VerifyCounts,
} from './model/events.ts';
export { openDemo, type Demo, type DemoOptions } from './demo/open-demo.ts';
export type { DemoSite, TwoSites } from './demo/two-sites.ts';
export { generateItems } from './demo/generate-items.ts';
export { generateTable, type GenerateTableOptions } from './demo/generate-table.ts';
export type { GenerateOptions } from './demo/generate/profiles.ts';
export { decryptValue } from './policy/rules/encrypt.ts';
export { detokenize } from './policy/rules/tokenize.ts';
export { Secret } from './policy/secret.ts';
