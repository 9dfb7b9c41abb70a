/** Sends many requests with random credentials over kept connections, and counts what comes back. */
import http from 'node:http';
import { randomCredential } from '../support/random-credentials.ts';

export interface Tried {
  readonly count: number;
  /** Requests that were answered with something else than a refusal. */
  readonly letIn: readonly string[];
  /** Answers by their status; 0: the connection ended without one. */
  readonly statuses: Readonly<Record<number, number>>;
}

export interface Trying {
  readonly port: number;
  /** Keys that count: what is tried is near them. */
  readonly keys: readonly string[];
  readonly count: number;
  readonly seed: number;
}

const CONNECTIONS = 16;
/** 400: a repeated or broken header; 431: headers that are too long. */
const REFUSALS = new Set([0, 400, 401, 431]);

export async function tryCredentials({ port, keys, count, seed }: Trying): Promise<Tried> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const statuses: Record<number, number> = {};
  const letIn: string[] = [];
  let next = 0;
  const client = async (): Promise<void> => {
    while (next < count) {
      const number = seed + next++;
      const status = await statusOf(agent, port, randomCredential(number, keys));
      statuses[status] = (statuses[status] ?? 0) + 1;
      if (!REFUSALS.has(status)) letIn.push(`${status}: credential ${number}`);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, client));
  agent.destroy();
  return { count, letIn, statuses };
}

function statusOf(agent: http.Agent, port: number, values: readonly string[]): Promise<number> {
  const headers = values.flatMap((value) => ['Authorization', value.replace(/[^\x20-\x7e\x80-\xff]/g, '')]);
  return new Promise((resolve) => {
    const request = http.request(
      { host: '127.0.0.1', port, path: '/v1/queries', agent, headers: ['Host', 'localhost', ...headers] },
      (response) => {
        response.resume().on('end', () => resolve(response.statusCode ?? 0));
      },
    );
    request.on('error', () => resolve(0)).end();
  });
}
