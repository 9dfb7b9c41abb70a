/** A channel to a Spark Connect server: one connection, over which every call of a session goes. */
import type { Metadata } from '@grpc/grpc-js';
import type { SparkAddress } from '../../core/config/urls/spark-url.ts';
import { guardedTarget } from './guarded-resolver.ts';
import { type CallOptions, type ConnectStub, loadProtocol } from './protocol.ts';

/** Bytes of the longest message: a batch of rows is some 4 MB, one row may be longer. */
const MESSAGE_BYTES = 128 * 1024 * 1024;
/** Bytes that the server may send before they are read. By default it stops after 64 KB, a twelfth of a batch, until this process has time for more. */
const WINDOW_BYTES = 4 * 1024 * 1024;
const KEEPALIVE_MS = 30_000;

export interface Tls {
  /** PEM of the authorities to trust; null: those of Node. */
  readonly ca: Buffer | null;
}

export interface ChannelOptions {
  readonly tls: Tls;
  readonly userAgent: string;
  /** Whether link-local addresses are refused (connectors/kit/address-guard.ts). */
  readonly guardsAddress: boolean;
}

export interface Channel {
  readonly stub: ConnectStub;
  readonly userId: string;
  /** What every call carries: the token. */
  metadata(): Metadata;
  close(): void;
}

export async function openChannel(
  address: SparkAddress,
  { tls, userAgent, guardsAddress }: ChannelOptions,
): Promise<Channel> {
  const grpc = await import('@grpc/grpc-js');
  const Stub = await loadProtocol();
  const { host, port, token, userId } = address;
  const credentials = address.tls
    ? grpc.credentials.createSsl(tls.ca ?? undefined)
    : grpc.credentials.createInsecure();
  // A target without a scheme would be read as one where its host is called `unix` or `dns`.
  const target = guardsAddress ? guardedTarget(grpc, `${host}:${port}`) : `dns:${host}:${port}`;
  const stub = new Stub(target, credentials, {
    'grpc.max_receive_message_length': MESSAGE_BYTES,
    'grpc-node.flow_control_window': WINDOW_BYTES,
    'grpc.keepalive_time_ms': KEEPALIVE_MS,
    'grpc.primary_user_agent': userAgent,
    // Sessions of one process do not share a connection, so that a slow reader of one holds no other up.
    'grpc.use_local_subchannel_pool': 1,
    // A proxy of the environment would look the name up itself.
    ...(guardsAddress && { 'grpc.enable_http_proxy': 0 }),
  });
  return {
    stub,
    userId,
    metadata() {
      const metadata = new grpc.Metadata();
      if (token !== null) metadata.set('authorization', `Bearer ${token}`);
      return metadata;
    },
    close: () => stub.close(),
  };
}

export function deadline(ms: number): CallOptions {
  return { deadline: new Date(Date.now() + ms) };
}
