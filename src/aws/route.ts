import type { SecureContext } from 'node:tls';

/** How an endpoint is reached. Absent: directly, and whoever the system trusts is trusted. */
export interface Route {
  /** Whose certificates are accepted, the endpoint's and the proxy's. */
  secureContext?: SecureContext;
  proxy?: Proxy;
}

/** An HTTP proxy that opens tunnels (RFC 9110, section 9.3.6). */
export interface Proxy {
  /** Whether the proxy itself is spoken to over TLS. */
  isSecure: boolean;
  /** Without brackets where it is an IPv6 address. */
  hostname: string;
  port: number;
  /** For messages: host and port, and where they were set. The password is in none of it. */
  host: string;
  setting: string;
  /** Value of Proxy-Authorization. */
  authorization?: string;
}
