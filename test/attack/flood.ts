/** One principal's flood in a process of its own, so that it does not slow down what measures the other: asks until it is killed. */
import http from 'node:http';

const [port = '', key = '', query = '', connections = '100'] = JSON.parse(
  process.env.FLOOD ?? '[]',
) as string[];

async function ask(agent: http.Agent): Promise<void> {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'text/plain' };
  await new Promise<void>((resolve) => {
    const request = http.request(
      { host: '127.0.0.1', port, path: '/v1/query', method: 'POST', agent, headers },
      (response) => response.resume().on('close', resolve),
    );
    request.on('error', () => resolve()).end(query);
  });
}

async function client(): Promise<never> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  for (;;) await ask(agent);
}

for (let index = 0; index < Number(connections); index++) void client();
