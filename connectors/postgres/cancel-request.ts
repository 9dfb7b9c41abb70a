/**
 * Sends PostgreSQL's CancelRequest: a separate connection that carries one 16-byte message and gets no answer. The message
 * names a backend, not a query, so the caller must make sure that the right query is cancelled (wire-session.ts does so by
 * never reusing a session after a cancel).
 */
import { connect, type NetConnectOpts, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type ConnectionOptions, connect as tlsConnect } from 'node:tls';
import { serialize } from 'pg-protocol';

const CANCEL_TIMEOUT_MS = 3000;
const TLS_ACCEPTED = 'S'.charCodeAt(0);

export interface CancelTarget {
  readonly host: string;
  readonly port: number;
  readonly processId: number;
  readonly secretKey: number;
  /** The TLS options of the query's own connection. */
  readonly ssl: boolean | ConnectionOptions;
  readonly directTls: boolean;
}

/** Resolves when the server has taken the request (it closes the connection); rejects when it cannot be reached. */
export function sendCancelRequest(target: CancelTarget): Promise<void> {
  const { promise, resolve, reject } = deferred();
  const socket = connect(addressOf(target));
  const timer = setTimeout(() => socket.destroy(new Error('cancel request timed out')), CANCEL_TIMEOUT_MS);
  socket.once('error', reject);
  socket.once('close', () => {
    clearTimeout(timer);
    resolve();
  });
  const send = (stream: Duplex): void => {
    stream.resume();
    stream.write(serialize.cancel(target.processId, target.secretKey));
  };
  socket.once('connect', () => {
    if (target.ssl === false) send(socket);
    else if (target.directTls) upgrade(socket, target, send);
    else requestTls(socket, target, send);
  });
  return promise;
}

function addressOf({ host, port }: CancelTarget): NetConnectOpts {
  return host.startsWith('/') ? { path: `${host}/.s.PGSQL.${port}` } : { host, port };
}

function requestTls(socket: Socket, target: CancelTarget, send: (stream: Duplex) => void): void {
  socket.write(serialize.requestSsl());
  socket.once('data', (answer: Buffer) => {
    if (answer[0] === TLS_ACCEPTED) upgrade(socket, target, send);
    else socket.destroy(new Error('the database refused TLS for a cancel request'));
  });
}

function upgrade(socket: Socket, target: CancelTarget, send: (stream: Duplex) => void): void {
  const secure = tlsConnect({
    ...(typeof target.ssl === 'object' ? target.ssl : {}),
    socket,
    host: target.host,
    ...(target.directTls ? { ALPNProtocols: ['postgresql'] } : {}),
  });
  secure.once('error', (error) => socket.destroy(error));
  secure.once('secureConnect', () => send(secure));
}

/** Does what Promise.withResolvers does, which Node 20 lacks. */
function deferred(): { promise: Promise<void>; resolve(): void; reject(error: Error): void } {
  let resolve!: () => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<void>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}
