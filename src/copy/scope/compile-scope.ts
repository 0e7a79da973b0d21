import type { ListedObject } from '../../s3/object-info.ts';
import type { CopyScope } from '../../stages/transfer/copy-options.ts';
import type { Moment, ScopeSettings } from '../copy-plan.ts';
import { parseGlob, type Glob } from './glob.ts';
import { DynaferryError } from '../../model/errors.ts';

/** A listing says of every object when it was modified. */
type Dated = ListedObject & { lastModifiedMs: number };

/** Ages count back from `nowMs`, the beginning of the run. The patterns have been checked when the plan was made. */
export function compileScope(scope: ScopeSettings, nowMs: number): CopyScope {
  const { base, minSizeBytes = 0, maxSizeBytes = Infinity } = scope;
  const include = scope.include.map(globOf);
  const exclude = scope.exclude.map(globOf);
  const newerMs = instantOf(scope.newerThan, nowMs) ?? -Infinity;
  const olderMs = instantOf(scope.olderThan, nowMs) ?? Infinity;
  return {
    includes: (object: Dated, prefix) => {
      if (object.sizeBytes < minSizeBytes || object.sizeBytes > maxSizeBytes) return false;
      if (object.lastModifiedMs < newerMs || object.lastModifiedMs >= olderMs) return false;
      if (include.length + exclude.length === 0) return true;
      const key = object.key.slice((base ?? prefix).length);
      return (
        (include.length === 0 || include.some((glob) => glob.matches(key))) &&
        !exclude.some((glob) => glob.matches(key))
      );
    },
  };
}

function globOf(pattern: string): Glob {
  const glob = parseGlob(pattern);
  if ('wrong' in glob)
    throw new DynaferryError('CONFIG_INVALID', `the pattern ${JSON.stringify(pattern)} is not valid: ${glob.wrong}`);
  return glob;
}

function instantOf(moment: Moment | undefined, nowMs: number): number | undefined {
  if (moment === undefined) return undefined;
  return 'atMs' in moment ? moment.atMs : nowMs - moment.agoMs;
}
