import { DynaferryError } from '../model/errors.ts';
import type { Proxy } from './route.ts';

/** Variables that a proxy is looked up in. */
type ProxyEnvironment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the URL of a proxy: `http://` or `https://`, then `user:password@` where it asks for them, host and port. Throws CONFIG_INVALID, without the URL,
 * since a password may be anywhere in one that cannot be read.
 */
export function parseProxy(setting: string, text: string): Proxy {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  // What stands behind a slash, ? or # may be the rest of a password.
  const isBare = url !== undefined && /^\/?$/.test(url.pathname) && url.search === '' && url.hash === '';
  if (!isBare || (url.protocol !== 'http:' && url.protocol !== 'https:') || url.hostname === '') throw invalid(setting);
  const isSecure = url.protocol === 'https:';
  const port = url.port === '' ? (isSecure ? 443 : 80) : Number(url.port);
  const isNamed = url.username !== '' || url.password !== '';
  return {
    isSecure,
    hostname: url.hostname.replace(/^\[|\]$/g, ''),
    port,
    host: `${url.hostname}:${port}`,
    setting,
    ...(isNamed ? { authorization: basic(setting, url) } : {}),
  };
}

function basic(setting: string, url: URL): string {
  try {
    const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    return `Basic ${Buffer.from(pair).toString('base64')}`;
  } catch {
    throw invalid(setting);
  }
}

function invalid(setting: string): DynaferryError {
  return new DynaferryError(
    'CONFIG_INVALID',
    `${setting} is not the URL of a proxy (it is not shown: it may hold a password)`,
    {
      fix: `Set ${setting} to http://host:port or https://host:port, with user:password@ before the host where the proxy asks for them; write / as %2F, ? as %3F, # as %23 and % as %25 in user and password.`,
    },
  );
}

/**
 * The proxy that the AWS CLI would use for an endpoint: `https_proxy` or `http_proxy` by the endpoint's scheme, the lower-case variable before the
 * upper-case one, unless `no_proxy` names the host (https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-proxy.html; botocore leaves the
 * reading to Python's urllib). As there, loopback addresses are no exception, ALL_PROXY is not read, and a URL without a scheme is one of http.
 */
export function proxyFromEnvironment(role: string, endpoint: URL, env: ProxyEnvironment): Proxy | undefined {
  const lower = `${endpoint.protocol.slice(0, -1)}_proxy`;
  const name = env[lower] === undefined ? lower.toUpperCase() : lower;
  const value = env[name];
  // A lower-case variable that is empty switches the upper-case one off.
  if (!value || isExempt(endpoint, env['no_proxy'] ?? env['NO_PROXY'] ?? '')) return undefined;
  const url = /^https?:/i.test(value) ? value : `http://${value.replace(/^\/\//, '')}`;
  return parseProxy(`${role}: ${name}`, url);
}

/** `*`, or names separated by commas: a name stands for itself and what ends in it after a dot, with the port or without. */
function isExempt(endpoint: URL, noProxy: string): boolean {
  if (noProxy === '*') return true;
  const hosts = [endpoint.hostname, endpoint.host];
  return noProxy
    .split(',')
    .map((entry) => entry.trim().replace(/^\.+/, '').toLowerCase())
    .some((entry) => entry !== '' && hosts.some((host) => host === entry || host.endsWith(`.${entry}`)));
}
