import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/** What Node has below a TLS socket that connects by itself, and gives no name to. */
interface TcpHandle {
  reset?(onClosed: () => void): number;
  close(onClosed: () => void): void;
}

/**
 * Destroys a socket, and throws away what the kernel still holds of what was written to it: with a plain `destroy` that goes on to be sent, over a link that loses much for minutes, and a write
 * that was given up and made again takes effect behind later ones. Below TLS Node has no method for that; where a version of it has no such handle either, the socket is destroyed.
 */
export function resetSocket(socket: Socket): void {
  if (socket.connecting || socket.destroyed) return void socket.destroy();
  if (!(socket instanceof TLSSocket)) return void socket.resetAndDestroy();
  const tcp = (socket as { _handle?: { _parent?: TcpHandle } | null })._handle?._parent;
  if (typeof tcp?.reset === 'function') {
    const reset = tcp.reset.bind(tcp);
    tcp.close = (onClosed) => void reset(onClosed);
  }
  socket.destroy();
}
