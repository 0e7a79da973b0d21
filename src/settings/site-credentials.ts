import type { CredentialSource } from '../aws/credentials.ts';
import type { SiteCredentials } from './site-checks.ts';

/** A site's credentials as the file says them, in the form that opens it. */
export function credentialSource(site: SiteCredentials & { region: string }): CredentialSource {
  const { region, profile, credentials, role } = site;
  return {
    region,
    ...(profile === undefined ? {} : { profile }),
    ...(credentials === undefined ? {} : { environmentPrefix: credentials.slice('env:'.length) }),
    ...(role === undefined ? {} : { role: typeof role === 'string' ? { arn: role } : role }),
  };
}
