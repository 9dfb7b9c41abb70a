/** Asks a number of queries over a few connections, each of which asks the same one again and again. */
import { Agent, request } from 'node:http';

export interface AskMany {
  readonly url: string;
  /** One for each connection. */
  readonly bodies: readonly string[];
  readonly queries: number;
  readonly signal: AbortSignal;
}

/** Rejects at the first answer that is none. */
export async function askMany({ url, bodies, queries, signal }: AskMany): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: bodies.length });
  let left = queries;
  const client = async (body: string): Promise<void> => {
    while (left-- > 0) {
      signal.throwIfAborted();
      await post(url, body, agent);
    }
  };
  try {
    await Promise.all(bodies.map(client));
  } finally {
    agent.destroy();
  }
}

function post(url: string, body: string, agent: Agent): Promise<void> {
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const asked = request(`${url}/v1/query`, { method: 'POST', headers, agent }, (response) => {
      if (response.statusCode === 200) response.resume().once('end', resolve);
      else reject(new Error(`${url} answered ${response.statusCode}`));
    });
    asked.once('error', reject).end(body);
  });
}
