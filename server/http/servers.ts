/**
 * The HTTP servers of this process: one on the port, with TLS if it is configured, and one on each unix socket. All sockets are the
 * monitor's, which hands them over, so that no connection is lost while a server is replaced.
 */
import { readFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { SecureContextOptions } from 'node:tls';
import type { ServerConfig, TlsConfig } from '../../core/protocol/server-config.ts';
import { markLocal } from '../access/local-sockets.ts';

/** The interval of checking connections for timeouts; a connection may be closed this much too late. */
const CHECKING_INTERVAL_MS = 1000;

export interface HttpServers {
  /** The server on the port. */
  readonly port: Server;
  /** The servers on unix sockets, in the order of their descriptors. */
  readonly local: readonly Server[];
  /** Reads certificate and key again, for connections from now on. */
  renewCertificates(): void;
}

export function createHttpServers(config: ServerConfig, app: RequestListener): HttpServers {
  const options = httpOptions(config.limits);
  const { tls } = config;
  const secure = tls === null ? null : createSecure(tls, options, app);
  return {
    port: secure ?? createServer(options, app),
    local: config.localFds.map(() => createLocal(options, app)),
    renewCertificates() {
      if (tls !== null) secure?.setSecureContext(secureContext(tls));
    },
  };
}

/** Options whose time limits hold for sending a request only; a client that reads slowly is not affected. */
function httpOptions({
  headersTimeoutMs,
  requestTimeoutMs,
  keepAliveMs,
}: ServerConfig['limits']): ServerOptions {
  return {
    // The time for the headers is part of the time for the request.
    headersTimeout: Math.min(headersTimeoutMs, requestTimeoutMs),
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: keepAliveMs,
    connectionsCheckingInterval: CHECKING_INTERVAL_MS,
  };
}

function createLocal(options: ServerOptions, app: RequestListener): Server {
  const server = createServer(options, app);
  markLocal(server);
  return server;
}

function createSecure(tls: TlsConfig, options: ServerOptions, app: RequestListener): TlsServer {
  const isAsked = tls.clientCaFile !== null;
  return createTlsServer(
    {
      ...options,
      ...secureContext(tls),
      // A client that opens a connection and does not speak holds it for no longer than one that sends no headers.
      handshakeTimeout: options.headersTimeout,
      requestCert: isAsked,
      rejectUnauthorized: isAsked && tls.clientCertificates === 'required',
      ALPNProtocols: ['http/1.1'],
    },
    app,
  );
}

function secureContext({ certFile, keyFile, clientCaFile, minVersion }: TlsConfig): SecureContextOptions {
  return {
    cert: readFileSync(certFile),
    key: readFileSync(keyFile),
    ...(clientCaFile !== null && { ca: readFileSync(clientCaFile) }),
    minVersion: minVersion === '1.3' ? 'TLSv1.3' : 'TLSv1.2',
  };
}
