import {
  decryptValue,
  detokenize,
  DynaferryError,
  errorCatalogue,
  openCopy,
  openCopyFile,
  openMigration,
  parseTransferFile,
  Secret,
  type Summary,
} from '../../src/index.ts';

// The examples of docs/library.md to the letter, so that the compiler checks them.

export async function move(path: string, signal: AbortSignal): Promise<Summary> {
  const migration = await openMigration(path, {
    signal,
    onEvent: (event) => {
      if (event.type === 'progress') console.log(event.stage, event.items, event.itemsTotal);
      if (event.type === 'notice') console.warn(event.message);
    },
  });
  try {
    return await migration.run();
  } finally {
    await migration.close();
  }
}

export async function mayTryAgain(path: string): Promise<boolean> {
  try {
    const copy = await openCopyFile(path);
    const { error } = await copy.run('copy');
    return error !== undefined && errorCatalogue[error.code].retry !== 'no';
  } catch (error) {
    if (!(error instanceof DynaferryError)) throw error;
    console.error(`${error.message}\n${error.fix}`);
    return error.retry !== 'no';
  }
}

export async function whatEndedIt(path: string): Promise<unknown> {
  const migration = await openMigration(path);
  await migration.load();
  await migration.close();
  // The error itself, with its causes; undefined where all went well.
  return migration.failure?.cause;
}

/** Applies changes until it is told to stop, and says whether it is safe to switch. */
export async function replicateAndSwitch(path: string, stop: AbortSignal): Promise<boolean> {
  const following = await openMigration(path, { signal: stop });
  const { error } = await following.replicate();
  await following.close();
  if (error !== undefined && error.code !== 'INTERRUPTED') throw new Error(error.message);

  const migration = await openMigration(path);
  const { ok, verify, applied } = await migration.cutover();
  await migration.close();
  console.log(verify?.equal, applied?.throughMs);
  return ok;
}

export async function copyObjects(signal: AbortSignal): Promise<number> {
  const plan = parseTransferFile(
    `
    version: 1
    source: { url: s3://acme-export-us/data/, region: us-west-2, profile: global }
    target: { url: s3://acme-import-cn/data/, region: cn-north-1, profile: china }
    `,
    'data.yaml',
  );
  const copy = openCopy(plan, { stateDir: '/var/lib/dynaferry', signal });
  const { toCopyBytes } = await copy.run('dry-run');
  const { copied, failures } = await copy.run('copy');
  console.log(toCopyBytes, copied, failures);
  return copy.abortStale(7 * 24 * 3_600_000);
}

export function original(sealed: string, token: string): unknown[] {
  const secret = new Secret('env:GOVID_KEY', Buffer.from(process.env['GOVID_KEY'] ?? ''));
  return [decryptValue(sealed, secret), detokenize('S', token, secret)];
}
