import { dirname, resolve } from 'node:path';
import { defaultRegion } from '../../aws/default-region.ts';
import { DynaferryError } from '../../model/errors.ts';
import { checkFile, readFileText, type FileKind } from '../../settings/check-file.ts';
import { problemAt, twoCredentials } from '../../settings/site-checks.ts';
import { YamlFile } from '../../settings/yaml-file.ts';
import type { CopyPlan } from '../copy-plan.ts';
import { contradictions } from './checks.ts';
import { sets, withSettings, type TransferSettings } from './settings.ts';
import { transferSchema, type ParsedTransfer } from './schema.ts';
import { planOf, type RegionLookup } from './transfer-plan.ts';

/** What a transfer.yaml is read with. */
export interface TransferFileOptions {
  /** Environment that regions are looked up in; the process's own unless told. */
  env?: Readonly<Record<string, string | undefined>>;
}

const NAME = 'transfer.yaml';

/**
 * Reads transfer.yaml from disk; relative paths in it count from its folder.
 * Throws CONFIG_INVALID when it cannot be read or is not valid; the message has all problems, each with line, key, value and fix.
 */
export async function readTransferFile(path: string, options: TransferFileOptions = {}): Promise<CopyPlan> {
  const text = await readFileText(path, NAME);
  return parseTransferFile(text, path, { ...options, folder: dirname(resolve(path)) });
}

/** Reads the text of a transfer.yaml; `fileName` is for messages alone. Throws only CONFIG_INVALID, as checkFile does. */
export function parseTransferFile(
  text: string,
  fileName: string,
  { folder = process.cwd(), ...options }: TransferFileOptions & { folder?: string } = {},
): CopyPlan {
  const regionOf = regionLookup(options);
  return planOf(checkTransfer(text, fileName, regionOf), { folder, regionOf });
}

/**
 * The settings that the file on disk holds with those of the command line put over them. What is wrong with the file is told here; contradictions that
 * the command line has brought are the caller's to look for.
 */
export async function readTransferSettings(
  path: string,
  over: TransferSettings,
  regionOf: RegionLookup,
): Promise<ParsedTransfer> {
  return withSettings(checkTransfer(await readFileText(path, NAME), path, regionOf, over), over);
}

function checkTransfer(
  text: string,
  fileName: string,
  regionOf: RegionLookup,
  over: TransferSettings = {},
): ParsedTransfer {
  if (kindOfFile(text) === 'migration')
    throw new DynaferryError(
      'CONFIG_INVALID',
      `${fileName}: this describes a migration of a table, not a copy of objects`,
      {
        fix: `Run it with \`dynaferry run ${fileName}\`; docs/formats/transfer-file.md describes the file of a copy.`,
      },
    );
  const kind: FileKind<typeof transferSchema> = {
    name: NAME,
    docs: 'docs/formats/transfer-file.md describes every key',
    schema: transferSchema,
    exclusions: twoCredentials,
    contradictions: (file, parsed) =>
      contradictions(withSettings(parsed, over), regionOf)
        .filter(({ path }) => !sets(over, path))
        .map(({ path, message }) => problemAt(file, path, message)),
  };
  return checkFile(text, fileName, kind).parsed;
}

/** Which kind of file this is, by the keys that the other kind does not have. */
export function kindOfFile(text: string): 'transfer' | 'migration' | 'neither' {
  const file = new YamlFile(text, '');
  const has = (...path: string[]): boolean => file.keyRange(path) !== undefined;
  if (has('source', 'url') || has('target', 'url')) return 'transfer';
  return has('policy') || has('source', 'staging') || has('target', 'staging') ? 'migration' : 'neither';
}

/** What is written down, or else what the AWS CLI would take; at an endpoint any region does, and most services take this one. */
export function regionLookup({ env = process.env }: TransferFileOptions): RegionLookup {
  return ({ region, profile, credentials, endpoint }) => {
    if (region !== undefined) return region;
    const prefix = credentials?.startsWith('env:') === true ? credentials.slice('env:'.length) : undefined;
    return (
      defaultRegion({ profile, environmentPrefix: prefix, env }) ?? (endpoint === undefined ? undefined : 'us-east-1')
    );
  };
}
