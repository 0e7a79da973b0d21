import type { SiteSettings } from '../aws/site.ts';
import type { CompareMode, CopyBounds, ObjectSettings, PrefixPair } from '../stages/transfer/copy-options.ts';

/** What transfer.yaml or the command line says, with defaults filled in and units turned into plain numbers. Plain data, without secrets. */
export interface CopyPlan {
  /** Names the state folder and the events. */
  name: string;
  source: CopySite;
  target: CopySite;
  /** In the order of the source's prefixes; none within another. */
  prefixes: PrefixPair[];
  scope: ScopeSettings;
  compare: CompareMode;
  /** Whether objects of the target are deleted that the source does not have. */
  deleteExtra: boolean;
  object: ObjectSettings;
  bounds: CopyBounds;
  /** Bytes a second between the sites, by time of day; none where there is no cap. */
  bandwidth: BandwidthSchedule;
  /** Whether one request may copy within the service where one credential reaches both sides. */
  serverSide: boolean;
}

export interface CopySite extends SiteSettings {
  bucket: string;
}

/** All conditions hold together; each absent one lets everything through. */
export interface ScopeSettings {
  /** Globs (scope/glob.ts): a key must match one of `include`, where there are any, and none of `exclude`. */
  include: string[];
  exclude: string[];
  /** What of an object's key stands before the part that globs are matched against; the prefix of its pair where absent. */
  base?: string;
  /** Milliseconds since 1970, taken when the run begins where the file gives an age. */
  newerThan?: Moment;
  olderThan?: Moment;
  minSizeBytes?: number;
  maxSizeBytes?: number;
}

/** A point in time, or an age that is counted back from the beginning of a run. */
export type Moment = { atMs: number } | { agoMs: number };

export interface BandwidthSchedule {
  defaultBytesPerSecond?: number;
  windows: BandwidthWindow[];
}

/** From `fromMinute` to `toMinute` of the day (over midnight where it is smaller) in a time zone. */
export interface BandwidthWindow {
  fromMinute: number;
  toMinute: number;
  timeZone: string;
  bytesPerSecond: number;
}
