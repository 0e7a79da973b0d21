import { dirname, join, resolve } from 'node:path';
import { contradictions } from '../../copy/file/checks.ts';
import { readTransferSettings, regionLookup } from '../../copy/file/parse.ts';
import type { ParsedTransfer } from '../../copy/file/schema.ts';
import { withSettings } from '../../copy/file/settings.ts';
import { url } from '../../copy/file/site-schema.ts';
import { planOf } from '../../copy/file/transfer-plan.ts';
import type { CopyPlan } from '../../index.ts';
import { DynaferryError } from '../../model/errors.ts';
import { optionName } from './check-flags.ts';
import type { CopyFlags } from './flags.ts';
import { flagSettings, readOption } from './flag-settings.ts';

/** What a command line of two URIs, or of one file, asks for. */
export interface CopyRequest {
  plan: CopyPlan;
  /** Where its state is kept: beside its file, or in the working folder. */
  stateDir: string;
}

/** Whether an argument names a place in S3, and not a file; whether it does so in the right form, too, is not said: `s3:/bucket` is no file. */
function isS3Uri(argument: string): boolean {
  return /^s3:/i.test(argument);
}

/** Throws USAGE or CONFIG_INVALID. */
export async function copyRequest(source: string, target: string | undefined, flags: CopyFlags): Promise<CopyRequest> {
  const over = flagSettings(flags);
  const regionOf = regionLookup({});
  const parsed = isS3Uri(source)
    ? withSettings(twoUris(source, target), over)
    : await readTransferSettings(theFile(source, target), over, regionOf);
  const found = contradictions(parsed, regionOf);
  if (found.length > 0)
    throw new DynaferryError('USAGE', found.map(({ path, message }) => `${optionOf(path)}: ${message}`).join('\n'), {
      fix: 'See `dynaferry copy --help`.',
    });
  const folder = isS3Uri(source) ? process.cwd() : dirname(resolve(source));
  return { plan: planOf(parsed, { folder, regionOf }), stateDir: join(folder, '.dynaferry') };
}

function twoUris(source: string, target: string | undefined): ParsedTransfer {
  if (target === undefined)
    throw new DynaferryError('USAGE', 'the target is missing', {
      fix: 'Give it behind the source: s3://bucket/prefix.',
    });
  return {
    version: 1,
    source: { url: readOption('source', url, source) },
    target: { url: readOption('target', url, target) },
  };
}

function theFile(path: string, target: string | undefined): string {
  if (target === undefined) return path;
  const fix = 'Give one transfer.yaml, or two URIs s3://bucket/prefix.';
  if (isS3Uri(target))
    throw new DynaferryError(
      'USAGE',
      `the source ${JSON.stringify(path)} is not in S3, or is a file that names the target already`,
      { fix },
    );
  throw new DynaferryError('USAGE', 'two files are given, and a copy is described by one', { fix });
}

/** The options of settings whose names are not those of the settings. */
const optionNames: Readonly<Record<string, string>> = {
  'source.url': 'source',
  'target.url': 'target',
  'object.encryption': '--sse',
  'source.requestPayer': '--request-payer',
};

/** How the command line calls a setting. */
function optionOf(path: readonly PropertyKey[]): string {
  const [section, key] = path.map(String);
  const name = optionNames[`${section}.${key}`];
  if (name !== undefined) return name;
  if (key === undefined)
    return section === 'source' || section === 'target' ? `--${section}-region` : optionName(section);
  return section === 'source' || section === 'target' ? `--${section}-${optionName(key).slice(2)}` : optionName(key);
}
