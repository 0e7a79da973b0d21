/**
 * Keeps Node's remark that node:sqlite is experimental off the screen, and nothing else: users can do nothing about it. Takes effect on modules
 * loaded afterwards.
 */
export function silenceSqliteWarning(): void {
  const emitWarning = process.emitWarning.bind(process) as (...args: unknown[]) => void;
  process.emitWarning = (warning: string | Error, ...rest: unknown[]): void => {
    if (rest[0] === 'ExperimentalWarning' && String(warning).startsWith('SQLite')) return;
    emitWarning(warning, ...rest);
  };
}
