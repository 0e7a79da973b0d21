import type { AddCommand } from '../command.ts';
import { withMigrations } from '../open-files.ts';
import { FILES } from '../options.ts';
import type { Session } from '../session.ts';

const EXAMPLES = `Examples:
  dynaferry status migration.yaml    also while another process runs it
  dynaferry status --json m.yaml     the same for programs
`;

/** `dynaferry status`: where migrations stand. */
export const statusCommand: AddCommand = (program, act) => {
  program
    .command('status')
    .description("show where migrations stand, by this machine's ledger; contacts nothing")
    .argument(...FILES)
    .addHelpText('before', EXAMPLES)
    .action(act(status));
};

async function status(session: Session, files: string[]): Promise<number> {
  const { statusText } = await import('../text/status-text.ts');
  return withMigrations(session, files, {}, async (migrations) => {
    const stands = migrations.map((migration) => migration.status());
    if (session.json) for (const one of stands) session.printJson({ type: 'status', ...one });
    else session.print(stands.map((one) => statusText(one, session.colors)).join('\n\n'));
    return 0;
  });
}
