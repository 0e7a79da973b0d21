import type { AddCommand } from '../command.ts';
import { withMigrations } from '../open-files.ts';
import type { Session } from '../session.ts';

const EXAMPLES = `Examples:
  dynaferry status migration.yaml    also while another process runs it
  dynaferry status transfer.yaml     a copy's
  dynaferry status s3://a/ s3://b/   a copy's that no file describes
  dynaferry status --json m.yaml     the same for programs
`;

/** `dynaferry status`: where migrations and copies stand. */
export const statusCommand: AddCommand = (program, act) => {
  program
    .command('status')
    .description("show where migrations and copies stand, by this machine's ledger; contacts nothing")
    .argument('<file...>', 'migration and transfer files, or two s3:// URIs')
    .addHelpText('before', EXAMPLES)
    .action(act(status));
};

async function status(session: Session, args: string[]): Promise<number> {
  const { copyStands, isCopy } = await import('../copy/copy-status.ts');
  const texts: string[] = [];
  const tell = (json: object, text: string): void => void (session.json ? session.printJson(json) : texts.push(text));
  if (args[0].startsWith('s3://')) await copyStands(session, args, tell);
  else
    // In the order of the command line, whichever kind each file is of.
    for (const file of args)
      if (await isCopy(file)) await copyStands(session, [file], tell);
      else await migrationStands(session, file, tell);
  if (!session.json) session.print(texts.join('\n\n'));
  return 0;
}

async function migrationStands(
  session: Session,
  file: string,
  tell: (json: object, text: string) => void,
): Promise<void> {
  const { statusText } = await import('../text/status-text.ts');
  await withMigrations(session, [file], {}, async ([migration]) => {
    const stand = migration.status();
    tell({ type: 'status', ...stand }, statusText(stand, session.colors));
  });
}
