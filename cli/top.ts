/**
 * `forkline top`: the processes and queries of a server, live, on the terminal's other screen, which is left as it was
 * found however this ends. Without a terminal, or with --once, it prints once.
 */
import type { Client } from './kit/client.ts';
import { Screen, type Terminal } from './screen.ts';
import type { QueryRow } from './status.ts';
import { pressKey, renderTop, startState, type TopData, type TopState } from './top-view.ts';

const REFRESH_MS = 1000;

/** Resolves with the exit code. Rejects as the client does, when it prints once. */
export async function runTop(client: Client, once: boolean, terminal: Terminal): Promise<number> {
  const { stdin, stdout } = terminal;
  if (once || stdout.isTTY !== true || stdin.isTTY !== true) {
    const lines = renderTop(await readData(client), startState, Infinity, Infinity);
    stdout.write(`${lines.join('\n')}\n`);
    return 0;
  }
  // The first answer comes before the screen changes, so that a server that is not there is an ordinary error.
  const top = new Top(client, new Screen(terminal), await readData(client));
  return await top.run();
}

async function readData(client: Client): Promise<TopData> {
  const [{ processes }, { queries }] = await Promise.all([
    client.getJson<Pick<TopData, 'processes'>>('/v1/processes'),
    client.getJson<{ queries: readonly QueryRow[] }>('/v1/queries'),
  ]);
  return { processes, queries: queries.filter(({ state }) => state === 'running') };
}

class Top {
  readonly #client: Client;
  readonly #screen: Screen;
  #data: TopData;
  #state: TopState = startState;
  #asking = false;

  constructor(client: Client, screen: Screen, data: TopData) {
    this.#client = client;
    this.#screen = screen;
    this.#data = data;
  }

  async run(): Promise<number> {
    const timer = setInterval(() => void this.#refresh(), REFRESH_MS);
    try {
      return await new Promise<number>((resolve) => {
        this.#screen.open({
          onKey: (key) => this.#onKey(key, () => resolve(0)),
          onResize: () => this.#draw(),
          onSignal: (exitCode) => resolve(exitCode),
        });
        this.#draw();
      });
    } finally {
      clearInterval(timer);
      this.#screen.close();
    }
  }

  #onKey(key: string, quit: () => void): void {
    const { state, action } = pressKey(this.#state, key, this.#data);
    this.#state = state;
    if (action.type === 'quit') quit();
    else if (action.type === 'kill') void this.#kill(action.queryId);
    this.#draw();
  }

  async #kill(queryId: string): Promise<void> {
    try {
      await this.#client.delete(`/v1/queries/${encodeURIComponent(queryId)}`);
      this.#say(`killed ${queryId}`);
    } catch (error) {
      this.#say(`not killed: ${(error as Error).message}`);
    }
    await this.#refresh();
  }

  /** A server that is slow to answer is not asked again meanwhile; one that is away is asked until it is back. */
  async #refresh(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    try {
      this.#data = await readData(this.#client);
    } catch (error) {
      this.#say((error as Error).message);
    } finally {
      this.#asking = false;
    }
    this.#draw();
  }

  #say(message: string): void {
    // The question whether to kill stays on the screen until it is answered.
    if (!this.#state.confirming) this.#state = { ...this.#state, message };
  }

  #draw(): void {
    const { columns, rows } = this.#screen.size();
    this.#screen.draw(renderTop(this.#data, this.#state, columns, rows));
  }
}
