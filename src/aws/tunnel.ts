import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls, type SecureContext } from 'node:tls';
import { DynaferryError } from '../model/errors.ts';
import { MalformedResponse, parseHead } from './http-message.ts';
import type { Proxy } from './route.ts';

const HEAD_BYTES_MAX = 64 * 1024;

/** Hears how it ended, once; errors of the socket and its end are heard here until then, and not any more afterwards. */
type TunnelEnd = (outcome: { socket: Socket } | { error: Error }) => void;

/** Asks a proxy for a way to `target` (host and port). The socket that is returned may be destroyed at any time. */
export function openTunnel(
  proxy: Proxy,
  target: string,
  options: { secureContext: SecureContext | undefined; addressMsMax: number },
  onEnd: TunnelEnd,
): Socket {
  const settings = {
    host: proxy.hostname,
    port: proxy.port,
    noDelay: true,
    autoSelectFamilyAttemptTimeout: options.addressMsMax,
  };
  const name = isIP(proxy.hostname) === 0 ? { servername: proxy.hostname } : {};
  const socket = proxy.isSecure
    ? connectTls({ ...settings, ...name, secureContext: options.secureContext })
    : connect(settings);
  let answer = '';
  const end = (outcome: { socket: Socket } | { error: Error }): void => {
    socket.off('data', onData).off('error', onError).off('close', onClose);
    // What is told of a socket that nobody needs any more is of no interest.
    socket.on('error', () => undefined);
    onEnd(outcome);
  };
  const onError = (error: Error): void => end({ error });
  const onClose = (): void => end({ error: refusal(proxy, target, 'closed the connection') });
  const onData = (bytes: Buffer): void => {
    answer += bytes.toString('latin1');
    const headEnd = answer.indexOf('\r\n\r\n');
    if (headEnd < 0 && answer.length <= HEAD_BYTES_MAX) return;
    const error = objection(proxy, target, answer, headEnd);
    end(error === undefined ? { socket } : { error });
  };
  socket.on('data', onData).on('error', onError).on('close', onClose);
  socket.once(proxy.isSecure ? 'secureConnect' : 'connect', () => {
    const authorization = proxy.authorization === undefined ? '' : `proxy-authorization: ${proxy.authorization}\r\n`;
    socket.write(`CONNECT ${target} HTTP/1.1\r\nhost: ${target}\r\n${authorization}\r\n`);
  });
  return socket;
}

/** What is wrong with the proxy's answer; undefined where the way is open. */
function objection(proxy: Proxy, target: string, answer: string, headEnd: number): Error | undefined {
  try {
    if (headEnd < 0) throw new MalformedResponse('headers without end');
    // As that to a HEAD, the answer has no body: lengths in it mean nothing (RFC 9110, section 9.3.6).
    const { status } = parseHead(answer.slice(0, headEnd), 'HEAD');
    if (status < 200 || status > 299) return refusal(proxy, target, `answered ${status}`, status);
    // An endpoint waits for what we say: these bytes are not its own.
    return answer.length > headEnd + 4 ? refusal(proxy, target, 'sent bytes behind its answer') : undefined;
  } catch (error) {
    return error instanceof MalformedResponse ? refusal(proxy, target, 'does not speak HTTP') : (error as Error);
  }
}

/** Who asks, or for what, does not suit the proxy; asking again would not change that. */
const REFUSALS = new Set([401, 403, 405, 407]);

function refusal(proxy: Proxy, target: string, what: string, status?: number): DynaferryError {
  const code = status !== undefined && REFUSALS.has(status) ? 'PROXY_REFUSED' : 'UNREACHABLE';
  return new DynaferryError(code, `cannot reach ${target}: the proxy ${proxy.host} ${what}`, {
    fix: advice(proxy, target, status),
    ...(status === undefined ? {} : { status }),
  });
}

function advice(proxy: Proxy, target: string, status: number | undefined): string {
  switch (status) {
    case 401:
    case 407:
      return `Check user and password in ${proxy.setting}: the proxy ${proxy.authorization === undefined ? 'wants them, and there are none' : 'does not accept them'}.`;
    case 403:
    case 405:
      return `Have ${proxy.host} allow CONNECT to ${target}, or name the host in NO_PROXY if it is to be reached without a proxy.`;
    case 502:
    case 503:
    case 504:
      return `${proxy.host} itself cannot reach ${target}: check the endpoint's name, and the proxy's own network.`;
    default:
      return `Check ${proxy.setting}: is there an HTTP proxy at ${proxy.host}?`;
  }
}
