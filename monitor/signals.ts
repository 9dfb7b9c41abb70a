/**
 * Handles the monitor's signals from its first moment on, so that none is lost during the start: the first and the second one
 * that end it, and those that request something, which are handled once a listener is set.
 */
export type EndSignal = 'SIGINT' | 'SIGTERM';

/** The signals that reload, reopen the log, add a SQL worker, and remove one. */
const REQUESTS = ['SIGHUP', 'SIGUSR2', 'SIGTTIN', 'SIGTTOU'] as const;
export type RequestSignal = (typeof REQUESTS)[number];

export class Signals {
  readonly first: Promise<EndSignal>;
  readonly second: Promise<EndSignal>;
  readonly #handlers = new Map<RequestSignal, () => void>();
  readonly #undo: (() => void)[] = [];

  constructor() {
    const settles: ((signal: EndSignal) => void)[] = [];
    const next = (): Promise<EndSignal> =>
      new Promise((resolve) => {
        settles.push(resolve);
      });
    this.first = next();
    this.second = next();
    const onEnd = (signal: EndSignal): void => settles.shift()?.(signal);
    for (const signal of ['SIGTERM', 'SIGINT'] as const) this.#listen(signal, () => onEnd(signal));
    for (const signal of REQUESTS) this.#listen(signal, () => this.#handlers.get(signal)?.());
  }

  on(signal: RequestSignal, handler: () => void): void {
    this.#handlers.set(signal, handler);
  }

  close(): void {
    for (const undo of this.#undo) undo();
  }

  #listen(signal: NodeJS.Signals, handler: () => void): void {
    process.on(signal, handler);
    this.#undo.push(() => process.off(signal, handler));
  }
}
