import { DynaferryError } from '../model/errors.ts';

/** The first with all that is used: zstd in node:zlib; `engines` in package.json says the same. */
const OLDEST = { major: 22, minor: 15 };

/** Throws LOCAL_NODE where this Node.js is too old to run what follows. */
export function checkNodeVersion(version: string): void {
  const [major, minor] = version.split('.').map(Number);
  if (major > OLDEST.major || (major === OLDEST.major && minor >= OLDEST.minor)) return;
  throw new DynaferryError(
    'LOCAL_NODE',
    `this is Node.js ${version}, and dynaferry needs ${OLDEST.major}.${OLDEST.minor} or later`,
  );
}
