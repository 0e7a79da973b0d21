import type { Path } from '../../settings/yaml-file.ts';
import type { ParsedTransfer } from './schema.ts';

type Optional<T> = { [K in keyof T]?: T[K] | undefined };

/** Settings that are put over those of a file: what is given replaces what stands there. */
export type TransferSettings = Omit<Optional<ParsedTransfer>, 'source' | 'target'> & {
  source?: Optional<ParsedTransfer['source']>;
  target?: Optional<ParsedTransfer['target']>;
};

/** Sections whose keys are replaced one by one. */
const sections = ['source', 'target', 'object', 'limits'] as const;

/** The settings with others put over them. A site's new credentials replace its profile, and the other way round. */
export function withSettings(parsed: ParsedTransfer, over: TransferSettings): ParsedTransfer {
  const merged: ParsedTransfer = { ...parsed, ...given(over) };
  for (const section of sections)
    if (over[section] !== undefined)
      Object.assign(merged, { [section]: { ...parsed[section], ...given(over[section]) } });
  for (const side of ['source', 'target'] as const) {
    const { profile, credentials } = over[side] ?? {};
    if (profile !== undefined && credentials === undefined) delete merged[side].credentials;
    if (credentials !== undefined && profile === undefined) delete merged[side].profile;
    // Without credentials there is nothing that could assume a role.
    if (credentials === 'anonymous') delete merged[side].role;
  }
  return merged;
}

/** Whether the settings have something at a path, or around it. */
export function sets(settings: TransferSettings, path: Path): boolean {
  let at: unknown = settings;
  for (const part of path) {
    if (typeof at !== 'object' || at === null) break;
    at = (at as Record<PropertyKey, unknown>)[part];
  }
  return at !== undefined && !(path.length === 1 && (path[0] === 'source' || path[0] === 'target'));
}

function given(settings: object): object {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}
