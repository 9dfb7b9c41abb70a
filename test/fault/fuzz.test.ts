/**
 * Malformed requests: every one gets a status, none a 5xx that is the client's own doing, and no process dies of any.
 * `npm run fuzz -- 100000 [seed]` sends as many as one likes; in CI it is a few hundred, with a seed that is printed.
 */
import { expect } from 'chai';
import { type Forkline, SEVERAL_PROCESSES, startForkline } from '../support/forkline.ts';
import { type FuzzRequest, fuzzRequest } from '../support/fuzz.ts';
import { randomOf } from '../support/random.ts';

const REQUESTS = Number(process.env.FORKLINE_FUZZ_REQUESTS ?? 600);
const SEED = Number(process.env.FORKLINE_FUZZ_SEED ?? Date.now() % 1_000_000);
const CLIENTS = 8;
/** Codes of the server's state, not of the request. */
const PASSING = new Set(['queue-full', 'queue-timeout', 'deadline-exceeded']);

interface Outcome {
  readonly status: number;
  readonly code: string;
}

async function send(forkline: Forkline, { method, path, headers, body }: FuzzRequest): Promise<Outcome> {
  const response = await fetch(`${forkline.url}${path}`, { method, headers, body });
  const text = await response.text();
  if (response.status < 400) return { status: response.status, code: 'ok' };
  return { status: response.status, code: (JSON.parse(text) as { code: string }).code };
}

describe('malformed requests', function () {
  this.timeout(120_000 + REQUESTS * 50);

  it(`get a status and the blame where it belongs (${REQUESTS} requests, seed ${SEED})`, async () => {
    await using forkline = await startForkline({
      ...SEVERAL_PROCESSES,
      limits: { timeoutMs: 5000 },
      log: { level: 'info' },
    });
    const before = (await forkline.processes()).find(({ role }) => role === 'server')!.pid;
    const random = randomOf(SEED);
    const statuses: Record<string, number> = {};
    const wrong: string[] = [];
    let sent = 0;
    const client = async (): Promise<void> => {
      while (sent < REQUESTS && wrong.length < 10) {
        sent++;
        const request = fuzzRequest(random);
        const { status, code } = await send(forkline, request).catch((error: Error) => ({
          status: 0,
          code: String(error.cause ?? error),
        }));
        statuses[`${status} ${code}`] = (statuses[`${status} ${code}`] ?? 0) + 1;
        if (status === 0 || (status >= 500 && !PASSING.has(code)))
          wrong.push(`${status} ${code}: ${JSON.stringify({ ...request, body: String(request.body) })}`);
      }
    };
    await Promise.all(Array.from({ length: CLIENTS }, client));
    if (process.env.FORKLINE_FUZZ_REQUESTS !== undefined)
      console.log(JSON.stringify({ seed: SEED, statuses }, null, 2));
    expect(wrong).to.deep.equal([]);
    const lost = (await forkline.logLines()).filter((line) =>
      /"(child-lost|internal-error|uncaught-exception)"/.test(line),
    );
    expect(lost).to.deep.equal([]);
    expect((await forkline.processes()).find(({ role }) => role === 'server')!.pid).to.equal(before);
    expect((await forkline.query('select 1 as a')).status).to.equal(200);
  });
});
