import type { ErrorCode } from '../../model/error-catalogue.ts';
import type { DynaferryError } from '../../model/errors.ts';

/** What concerns every object alike: the next one would fail in the same way, or has been tried for long enough. */
const endings = new Set<ErrorCode>([
  'BUCKET_NOT_FOUND',
  'CERTIFICATE_REJECTED',
  'CLOCK_SKEW',
  'CONFIG_INVALID',
  'CREDENTIALS_EXPIRED',
  'CREDENTIALS_MISSING',
  'CREDENTIALS_REJECTED',
  'INTERNAL',
  'INTERRUPTED',
  'LOCAL_DISK',
  'PROXY_REFUSED',
  'SIGNATURE_REJECTED',
  'THROTTLED',
  'UNREACHABLE',
]);

/** Whether an error at one object ends the whole copy. */
export function endsRun(error: DynaferryError): boolean {
  return endings.has(error.code);
}
