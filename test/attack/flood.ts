/**
 * One principal's flood in a process of its own, so that it does not slow down what measures the other. A message says on how many
 * connections it asks from then on, each as fast as it is answered; it replies with what it got since the last one.
 */
import http from 'node:http';

export interface Got {
  readonly answered: number;
  readonly refused: number;
}

const [port = '', key = '', query = ''] = JSON.parse(process.env.FLOOD ?? '[]') as string[];
const headers = { authorization: `Bearer ${key}`, 'content-type': 'text/plain' };
let wanted = 0;
/** The clients that ask, by their numbers; one of a number that is no longer wanted ends its last request first. */
const asking = new Set<number>();
let answered = 0;
let refused = 0;

function ask(agent: http.Agent): Promise<void> {
  return new Promise((resolve) => {
    const request = http.request(
      { host: '127.0.0.1', port, path: '/v1/query', method: 'POST', agent, headers },
      (response) => {
        if (response.statusCode === 200) answered++;
        else refused++;
        response.resume().on('close', resolve);
      },
    );
    request.on('error', () => resolve()).end(query);
  });
}

async function client(index: number): Promise<void> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  while (index < wanted) await ask(agent);
  agent.destroy();
  asking.delete(index);
}

process.on('message', (connections: number) => {
  process.send?.({ answered, refused } satisfies Got);
  answered = 0;
  refused = 0;
  wanted = connections;
  for (let index = 0; index < wanted; index++) {
    if (asking.has(index)) continue;
    asking.add(index);
    void client(index);
  }
});
