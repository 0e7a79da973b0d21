import { errorCatalogue, type ErrorCode } from '../model/error-catalogue.ts';
import type { ExitCode } from '../model/exit-codes.ts';
import { asDynaferryError, type DynaferryError } from '../model/errors.ts';
import type { Failure } from '../model/events.ts';
import type { Session } from './session.ts';

/** What a command ends with that failed with this code. */
export function exitCodeOf(code: ErrorCode): ExitCode {
  return errorCatalogue[code].exit;
}

/** Tells of the error that ended a command, and gives its exit code. */
export function reportFailure(session: Session, thrown: unknown): ExitCode {
  const error = asDynaferryError(thrown);
  const { code, message, fix } = error;
  if (session.json) session.printJson({ type: 'error', code, message, fix });
  else printFailure(session, error);
  printTrace(session, error);
  return error.exitCode;
}

/** The error for people, on standard error. `of` is the migration, where there are several. */
export function printFailure({ screen }: Session, { code, message, fix }: Failure, of?: string): void {
  const { red, yellow, bold, dim } = screen.colors;
  const where = of === undefined ? '' : `${of}: `;
  if (code === 'INTERRUPTED') {
    // It was asked for: how to go on is all there is to say.
    screen.print(`${yellow(bold('stopped:'))} ${where}${fix}`);
    screen.print(dim(`code: ${code}`));
    return;
  }
  screen.print(`${red(bold('error:'))} ${where}${message}`);
  if (fix !== '') screen.print(`${bold('fix:')} ${fix}`);
  screen.print(dim(`code: ${code}`));
}

/** With DYNAFERRY_DEBUG=1, where the error and its causes came from: frames only, since a cause's message may quote an item. */
export function printTrace({ screen }: Session, error: DynaferryError | undefined): void {
  if (process.env['DYNAFERRY_DEBUG'] !== '1') return;
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    const frames = (cause.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
    screen.print([cause.name, ...frames].join('\n'));
  }
}
