/**
 * Sends the audit's head elsewhere: its newest number and hash. A chain alone shows neither that its end was cut off nor that all of it
 * was written anew; whoever has a head can see both (`forkline audit verify --head`). A head that could not be sent is
 * sent again with the next look; by then it may be a later one.
 */
import { createSocket } from 'node:dgram';
import { hostname } from 'node:os';
import type { ChainHead } from '../../core/audit/chain.ts';
import type { Log } from '../../core/logging/log.ts';

export interface HeadSenderDeps {
  /** `https://...`, `http://...` or `syslog://host:port`. */
  readonly to: string;
  readonly everyMs: number;
  readonly log: Log;
  head(): ChainHead;
}

const TIMEOUT_MS = 5000;
const SYSLOG_PORT = 514;
/** Facility 13 (log audit), severity 5 (notice). */
const SYSLOG_PRIORITY = 13 * 8 + 5;

export class HeadSender {
  readonly #deps: HeadSenderDeps;
  readonly #timer: NodeJS.Timeout;
  #sentN = 0;
  #isFailing = false;
  #sending: Promise<void> | null = null;

  constructor(deps: HeadSenderDeps) {
    this.#deps = deps;
    this.#timer = setInterval(() => void this.send(), deps.everyMs);
    this.#timer.unref();
  }

  /** Sends the head if it is another one than the last that was sent. Never rejects. */
  send(): Promise<void> {
    this.#sending ??= this.#send().finally(() => {
      this.#sending = null;
    });
    return this.#sending;
  }

  /** Sends the last head. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#sending;
    await this.send();
  }

  async #send(): Promise<void> {
    const { to, log, head } = this.#deps;
    const sent = head();
    if (sent.n === this.#sentN) return;
    try {
      await (to.startsWith('syslog:') ? sendToSyslog(to, sent) : post(to, sent));
      this.#sentN = sent.n;
      if (this.#isFailing) log.info('audit-head-sent', { to, n: sent.n });
      this.#isFailing = false;
    } catch (thrown) {
      const { message } = thrown as Error;
      log[this.#isFailing ? 'debug' : 'error']('audit-head-not-sent', { to, n: sent.n, message });
      this.#isFailing = true;
    }
  }
}

async function post(url: string, { n, hash }: ChainHead): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    redirect: 'error',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ n, hash, host: hostname(), time: new Date().toISOString() }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  await response.arrayBuffer();
  if (!response.ok) throw new Error(`it answered ${response.status}`);
}

/** RFC 5424 over UDP. That it arrived is not known; the next one comes soon. */
async function sendToSyslog(to: string, { n, hash }: ChainHead): Promise<void> {
  const { hostname: host, port } = new URL(to);
  const time = new Date().toISOString();
  const message = `<${SYSLOG_PRIORITY}>1 ${time} ${hostname()} forkline ${process.pid} audit-head - n=${n} hash=${hash}`;
  const socket = createSocket(host.startsWith('[') ? 'udp6' : 'udp4');
  try {
    await new Promise<void>((resolve, reject) => {
      socket.on('error', reject);
      socket.send(message, Number(port) || SYSLOG_PORT, host.replace(/^\[|\]$/g, ''), (error) =>
        error === null ? resolve() : reject(error),
      );
    });
  } finally {
    socket.close();
  }
}
