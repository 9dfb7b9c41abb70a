/**
 * A server that speaks enough of MariaDB's protocol to be logged in to and queried, and breaks it where a test says so. A real
 * server does neither: it knows no caching_sha2_password, and does not answer out of turn.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, TLSSocket } from 'node:tls';

export interface FakeOptions {
  /** The first packet; absent: the usual greeting. */
  readonly greeting?: Buffer;
  /** The way to log in that it switches to; its answers are `login`'s. Without, everybody is let in. */
  readonly plugin?: string;
  /** Gets what the client answered to the switch, then to each packet that this returned. 'in': it is let in. */
  login?(answer: Buffer, isTls: boolean, round: number): Buffer | 'in' | 'out';
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Answers an execute; without, one row with the number 1. */
  execute?(reply: Reply): void;
}

export interface Reply {
  /** Sends payloads as packets. */
  packets(...payloads: readonly Buffer[]): void;
  /** Sends bytes as they are. */
  raw(bytes: Buffer): void;
  close(): void;
  reset(): void;
}

export interface FakeMariadb extends AsyncDisposable {
  readonly port: number;
  /** Everything that clients sent after they were logged in. */
  readonly commands: readonly Buffer[];
  /** Sends a packet to each client that nobody has asked for. */
  disturb(payload: Buffer): void;
}

export const SCRAMBLE = Buffer.from('abcdefghijklmnopqrst');
const [TLS_BIT, CAPABILITIES] = [0x800, 0x0038a208];

export function number(value: number, bytes: number): Buffer {
  const buffer = Buffer.alloc(bytes);
  buffer.writeUIntLE(value, 0, bytes);
  return buffer;
}

export const OK_PACKET = Buffer.from([0, 0, 0, 2, 0, 0, 0]);
export const EOF_PACKET = Buffer.from([0xfe, 0, 0, 2, 0]);

export function errorPacket(code: number, state: string, message: string): Buffer {
  return Buffer.concat([Buffer.from([0xff]), number(code, 2), Buffer.from(`#${state}${message}`)]);
}

const lengthed = (text: string): Buffer =>
  Buffer.concat([Buffer.from([Buffer.byteLength(text)]), Buffer.from(text)]);

/** A column of this type number; 8 is bigint, 253 text. */
export function columnPacket(name: string, type: number): Buffer {
  const texts = ['def', '', '', '', name, name].map(lengthed);
  return Buffer.concat([
    ...texts,
    Buffer.from([0x0c]),
    number(45, 2),
    number(20, 4),
    number(type, 1),
    Buffer.alloc(5),
  ]);
}

export function rowPacket(value: number): Buffer {
  return Buffer.concat([Buffer.from([0, 0]), number(value, 6), Buffer.alloc(2)]);
}

function textRows(columns: readonly [string, number][], rows: readonly string[][]): Buffer[] {
  return [
    number(columns.length, 1),
    ...columns.map(([name, type]) => columnPacket(name, type)),
    EOF_PACKET,
    ...rows.map((row) => Buffer.concat(row.map(lengthed))),
    EOF_PACKET,
  ];
}

export async function fakeMariadb(options: FakeOptions = {}): Promise<FakeMariadb> {
  const commands: Buffer[] = [];
  const clients = new Set<Client>();
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}); // the client resets it
    clients.add(new Client(socket, options, commands));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    commands,
    disturb(payload) {
      for (const client of clients) client.packets(payload);
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

class Client implements Reply {
  #socket: Socket;
  readonly #options: FakeOptions;
  readonly #commands: Buffer[];
  #bytes: Buffer = Buffer.alloc(0);
  #sequence = 0;
  #state: 'greeted' | 'logging in' | 'in' = 'greeted';
  #round = 0;

  constructor(socket: Socket, options: FakeOptions, commands: Buffer[]) {
    this.#socket = socket;
    this.#options = options;
    this.#commands = commands;
    this.#listen();
    this.packets(options.greeting ?? greeting(options));
  }

  packets(...payloads: readonly Buffer[]): void {
    for (const payload of payloads)
      this.raw(Buffer.concat([number(payload.length, 3), Buffer.from([this.#sequence++ & 255]), payload]));
  }

  raw(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  close(): void {
    this.#socket.end();
  }

  reset(): void {
    this.#socket.resetAndDestroy();
  }

  #listen(): void {
    this.#socket.on('data', (bytes: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, bytes]);
      // The answers to several commands leave at once.
      this.#socket.cork();
      while (this.#bytes.length >= 4 && this.#bytes.length >= 4 + this.#bytes.readUIntLE(0, 3)) {
        const end = 4 + this.#bytes.readUIntLE(0, 3);
        const payload = this.#bytes.subarray(4, end);
        this.#sequence = this.#bytes[3]! + 1;
        this.#bytes = this.#bytes.subarray(end);
        this.#take(payload);
      }
      this.#socket.uncork();
    });
  }

  #take(payload: Buffer): void {
    if (this.#state === 'in') this.#command(payload);
    else if (this.#state === 'logging in') this.#answered(payload);
    else if (this.#options.tls !== undefined && payload.length === 32) this.#startTls(this.#options.tls);
    else if (this.#options.plugin === undefined) this.#letIn();
    else {
      this.#state = 'logging in';
      const name = Buffer.from(`${this.#options.plugin}\0`);
      this.packets(Buffer.concat([Buffer.from([0xfe]), name, SCRAMBLE, Buffer.from([0])]));
    }
  }

  #startTls(tls: NonNullable<FakeOptions['tls']>): void {
    this.#socket.removeAllListeners('data');
    this.#socket.pause();
    // The client may have begun to speak TLS already.
    this.#socket.unshift(this.#bytes);
    this.#bytes = Buffer.alloc(0);
    // The server that a secure connection begins with; it listens nowhere.
    const secure = createTlsServer(tls, (socket) => {
      this.#socket = socket;
      this.#listen();
    });
    secure.on('tlsClientError', () => {}); // the client does not accept the certificate
    secure.emit('connection', this.#socket);
  }

  #answered(payload: Buffer): void {
    const next = this.#options.login!(payload, this.#socket instanceof TLSSocket, this.#round++);
    if (next === 'in') this.#letIn();
    else if (next === 'out') this.packets(errorPacket(1045, '28000', 'Access denied'));
    else this.packets(Buffer.concat([Buffer.from([1]), next]));
  }

  #letIn(): void {
    this.#state = 'in';
    this.packets(OK_PACKET);
  }

  #command(payload: Buffer): void {
    this.#commands.push(payload);
    const text = payload.toString('utf8', 1);
    if (payload[0] === 0x01) this.close();
    else if (payload[0] === 0x16)
      this.packets(Buffer.from([0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]), columnPacket('n', 8), EOF_PACKET);
    else if (payload[0] === 0x17) this.#execute();
    else if (text.startsWith('select version()'))
      this.packets(
        ...textRows(
          [
            ['v', 253],
            ['m', 8],
          ],
          [['8.0.99-fake', '1048576']],
        ),
      );
    else if (text === 'show grants')
      this.packets(...textRows([['g', 253]], [['GRANT SELECT ON `x`.* TO `y`']]));
    else if (payload[0] !== 0x19) this.packets(OK_PACKET);
  }

  #execute(): void {
    const { execute = oneRow } = this.#options;
    execute(this);
  }
}

function oneRow(reply: Reply): void {
  reply.packets(number(1, 1), columnPacket('n', 8), EOF_PACKET, rowPacket(1), EOF_PACKET);
}

function greeting({ tls }: FakeOptions): Buffer {
  const capabilities = CAPABILITIES | (tls === undefined ? 0 : TLS_BIT);
  return Buffer.concat([
    ...[
      Buffer.from([10]),
      Buffer.from('8.0.99-fake\0'),
      number(7, 4),
      SCRAMBLE.subarray(0, 8),
      Buffer.alloc(1),
    ],
    ...[number(capabilities & 0xffff, 2), Buffer.from([45]), number(2, 2), number(capabilities >>> 16, 2)],
    ...[
      Buffer.from([21]),
      Buffer.alloc(10),
      SCRAMBLE.subarray(8),
      Buffer.from([0]),
      Buffer.from('mysql_native_password\0'),
    ],
  ]);
}
