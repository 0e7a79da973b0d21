import type { AddCommand } from '../command.ts';
import { withMigrations } from '../open-files.ts';
import { FILES, wholeNumber } from '../options.ts';
import type { Session } from '../session.ts';

const EXAMPLES = `Examples:
  dynaferry plan migration.yaml      check all, show items before and after
  dynaferry plan --show 0 m.yaml     nobody's data on screen
  dynaferry plan a.yaml b.yaml       exit code 3 if any of them may not run
`;

interface PlanOptions {
  sample: number;
  show: number;
}

const EXIT_FINDINGS = 3;

/** `dynaferry plan`: a dry run. */
export const planCommand: AddCommand = (program, act) => {
  program
    .command('plan')
    .description('a dry run: check both sites, apply the policy to a sample, say what would happen; changes nothing')
    .argument(...FILES)
    .option('--sample <items>', 'items to read, about', wholeNumber(1, 1_000_000), 1000)
    .option('--show <items>', 'items to show before and after the policy', wholeNumber(0, 1000), 3)
    .addHelpText('before', EXAMPLES)
    .action(act(plan));
};

async function plan(session: Session, files: string[], { sample, show }: PlanOptions): Promise<number> {
  const { planText } = await import('../text/plan-text.ts');
  return withMigrations(session, files, { signal: session.signal('stopping') }, async (migrations) => {
    let refused = false;
    for (const migration of migrations) {
      const made = await migration.plan({ sample, show });
      refused ||= made.findings.some(({ severity }) => severity === 'error');
      if (session.json) session.printJson({ type: 'plan', ...made });
      else session.print(planText(made, session));
    }
    return refused ? EXIT_FINDINGS : 0;
  });
}
