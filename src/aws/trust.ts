import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import { DynaferryError } from '../model/errors.ts';

/** Trusts the certificates of a PEM file besides those that Node trusts anyway (NODE_EXTRA_CA_CERTS among them). Throws CONFIG_INVALID. */
export function trustWith(setting: string, caFile: string): SecureContext {
  let text: string;
  try {
    text = readFileSync(caFile, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    throw invalid(setting, `${caFile} cannot be read (${code})`, error);
  }
  const own = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (own.length === 0) throw invalid(setting, `${caFile} holds no certificate`);
  try {
    // OpenSSL passes over what it cannot read, and the connection would fail with no word of the file.
    for (const certificate of own) void new X509Certificate(certificate);
  } catch (error) {
    throw invalid(setting, `${caFile} holds a certificate that cannot be read`, error);
  }
  return createSecureContext({ ca: [...getCACertificates('default'), ...own] });
}

function invalid(setting: string, what: string, cause?: unknown): DynaferryError {
  return new DynaferryError('CONFIG_INVALID', `${setting}: ${what}`, {
    cause,
    fix: `Set ${setting} to a PEM file (-----BEGIN CERTIFICATE-----) with the certificates of those who sign for that side's endpoint or proxy.`,
  });
}
