import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { CredentialEnvironment } from './credentials.ts';

/** Whose region is looked for. */
export interface RegionOwner {
  profile?: string | undefined;
  environmentPrefix?: string | undefined;
  env: CredentialEnvironment;
}

/**
 * The region that goes with a site's credentials, where none is written down: that of its profile or of its own variables first, since AWS_REGION
 * is one for both sites; then AWS_REGION, AWS_DEFAULT_REGION and the default profile, as the AWS CLI has them.
 */
export function defaultRegion({ profile, environmentPrefix, env }: RegionOwner): string | undefined {
  const own = profile === undefined ? undefined : profileRegion(profile, env);
  const variables =
    environmentPrefix === undefined ? [] : [`${environmentPrefix}AWS_REGION`, `${environmentPrefix}AWS_DEFAULT_REGION`];
  const set = [...variables, 'AWS_REGION', 'AWS_DEFAULT_REGION']
    .map((name) => env[name])
    .find((value) => value !== undefined && value !== '');
  return own ?? set ?? (profile === undefined ? profileRegion(env['AWS_PROFILE'] ?? 'default', env) : undefined);
}

/** https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-files.html: the config file names profiles otherwise than the credentials file. */
function profileRegion(profile: string, env: CredentialEnvironment): string | undefined {
  const home = env['HOME'] ?? homedir();
  const config = env['AWS_CONFIG_FILE'] ?? join(home, '.aws', 'config');
  const credentials = env['AWS_SHARED_CREDENTIALS_FILE'] ?? join(home, '.aws', 'credentials');
  const section = profile === 'default' ? ['default', 'profile default'] : [`profile ${profile}`];
  return regionIn(config, section) ?? regionIn(credentials, [profile]);
}

function regionIn(path: string, sections: readonly string[]): string | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    // Whoever has no such file keeps credentials and region elsewhere.
    return undefined;
  }
  let within = false;
  for (const line of text.split(/\r?\n/)) {
    const header = /^\s*\[\s*([^\]]+?)\s*\]/.exec(line);
    if (header !== null) within = sections.includes(header[1].replace(/^profile\s+"?([^"]*)"?$/, 'profile $1'));
    // Indented lines belong to a nested setting.
    const region = within ? /^region\s*=\s*(\S+)/.exec(line)?.[1] : undefined;
    if (region !== undefined) return region;
  }
  return undefined;
}
