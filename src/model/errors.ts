import { errorCatalogue, type ErrorCode } from './error-catalogue.ts';
import type { ExitCode } from './exit-codes.ts';

/** What a DynaferryError can carry besides its message. */
export interface ErrorDetails {
  /** What the user can do here; the catalogue's general advice where absent. */
  fix?: string;
  /** The service's own error code, such as ValidationException. */
  serviceCode?: string;
  /** The service's own words. They may quote an item's values, so they are never printed or logged. */
  serviceMessage?: string;
  /** HTTP status of the answer, where there was one. */
  status?: number;
  cause?: unknown;
}

/**
 * The only error that crosses a layer. Its code says what happened, what to do, whether to retry and with which exit code a command ends.
 * Its message names settings and resources, never an item's values and never a secret.
 */
export class DynaferryError extends Error {
  readonly code: ErrorCode;
  readonly fix: string;
  readonly serviceCode: string | undefined;
  readonly status: number | undefined;
  // Private, so that no dump of the error shows it.
  readonly #serviceMessage: string | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'DynaferryError';
    this.code = code;
    this.fix = details.fix ?? errorCatalogue[code].fix;
    this.serviceCode = details.serviceCode;
    this.status = details.status;
    this.#serviceMessage = details.serviceMessage;
  }

  /** The service's own words, which may quote an item's values. */
  get serviceMessage(): string | undefined {
    return this.#serviceMessage;
  }

  /** What the process exits with when this error ends a command. */
  get exitCode(): ExitCode {
    return errorCatalogue[this.code].exit;
  }

  /** Whether trying again may help: 'throttle' means after slowing down. */
  get retry(): 'no' | 'yes' | 'throttle' {
    return errorCatalogue[this.code].retry;
  }
}

/** The error as a DynaferryError: an abort becomes INTERRUPTED, anything unknown INTERNAL. */
export function asDynaferryError(error: unknown): DynaferryError {
  if (error instanceof DynaferryError) return error;
  if (error instanceof Error && error.name === 'AbortError')
    return new DynaferryError('INTERRUPTED', 'stopped', { cause: error });
  if (
    error instanceof Error &&
    'code' in error &&
    (error.code === 'ENOSPC' || error.code === 'EACCES' || error.code === 'EROFS')
  )
    return new DynaferryError('LOCAL_DISK', `cannot write on this machine: ${error.code}`, { cause: error });
  return new DynaferryError('INTERNAL', describeUnknown(error), { cause: error });
}

/** JSON.parse quotes in its message what it could not parse, which may be an item. */
function describeUnknown(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error';
  return error instanceof SyntaxError ? error.name : `${error.name}: ${error.message}`;
}
