/** The key of an answer, which the cache makes for every query before it knows whether it has one. */
import { anonymousAt } from '../../../core/protocol/principal.ts';
import { answerKey } from '../../../server/cache/answer-key.ts';
import type { QueryRequest } from '../../../server/http/request/query-request.ts';
import { type BenchCase, timeOf } from '../case.ts';

const KEYS = 5000;

export async function open(): Promise<BenchCase> {
  const principal = anonymousAt('127.0.0.1');
  const place = {
    engines: 'bench',
    connection: 'main',
    connectionVersion: 'v1',
    dialect: 'postgres',
  } as const;
  const requests = Array.from({ length: KEYS }, (_, n) => requestFor(n));
  return {
    async measure() {
      const keys = new Set<string>();
      const ms = timeOf(() => {
        for (const request of requests) keys.add(answerKey(request, principal, place));
      });
      if (keys.size !== KEYS) throw new Error('two requests have one key');
      return (ms * 1e3) / KEYS;
    },
  };
}

function requestFor(n: number): QueryRequest {
  return {
    text: `select name, region, capacity from forkline_load.hosts where id = ${n} and region = :region`,
    ...{ connection: null, parameters: { region: 'eu' }, capRows: null, timeoutMs: null, pushdown: 'auto' },
    ...{ language: null, model: null, wasEncrypted: false },
    answer: { format: 'json', rows: 'objects', numbers: 'number', end: 'line' },
  };
}
