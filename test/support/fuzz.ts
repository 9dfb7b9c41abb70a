/**
 * Requests that nobody would send on purpose, from a seed: queries of every stage with letters lost, doubled, swapped or
 * replaced, bodies and headers of the wrong kind. What must hold is in test/fault/fuzz.test.ts.
 */
export interface FuzzRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | null;
}

const QUERIES = [
  'select origin, delay from flights where delay > 3 limit 50 | where delay > 5 and origin <> $$x$$',
  "select * from flights limit 20 | eval a = delay / 2, b = origin || '-' | sort -a, b | head 3",
  'select * from airports | stats count() as n, avg(latitude) by state | sort -n',
  'select * from airports | join left (select iata as i, city as c from airports) as a on iata = a.i | fields iata, a_c',
  "select 1 as a, '가나 😀' as t | case when a > 1 then t otherwise null as l | top 2 l",
  'set pushdown = off; select date, delay from flights limit 100 | timechart date span=1d avg(delay) fill=0',
  'let x = (select 1 as a union all select 2); x | union (select 3 as a) | pivot sum(a) splitcol a in (1, 2)',
  "select 'a=1,b=2' as m | parse m as kv | unpivot a, b as (k, v) | explode v sep ','",
  'select iata from airports | dedup 1 iata sort -iata | streamstats row_number() as n sort iata | tail 2',
  'select :p::int as p | where p = :p | describe',
  "select array[1, 2] as l, '{\"a\": 1}'::jsonb as j | eval n = list_length(l), v = j ->> 'a' | summary",
];
const PIECES = [
  ...[
    "'",
    '"',
    '`',
    '(',
    ')',
    '|',
    '||',
    ';',
    ',',
    '--',
    '/*',
    '*/',
    '$',
    ':',
    '@',
    '\\',
    '\0',
    '\n',
    '#',
    '%',
    '=',
    '==',
    '[',
    ']',
  ],
  ...[
    'é',
    '한',
    '😀',
    '\ud800',
    ' ',
    '１',
    '“',
    'null',
    'NaN',
    '1e999',
    '99999999999999999999999999',
    '-',
    '| head',
    ' by ',
    ' as ',
  ],
  ...[
    '| where',
    '| stats',
    '| join (',
    '| sql (select * from input',
    'select',
    'from',
    'pg_sleep(0)',
    'drop table x',
    'set x = y;',
    'let a = (a);',
  ],
];
const TYPES = [
  'text/plain',
  'application/json',
  'application/x-www-form-urlencoded',
  'application/sql',
  'image/png',
  ';;',
  'text/plain; charset=x',
];
const ACCEPTS = [
  'application/json',
  'text/csv',
  'application/x-ndjson',
  '*/*',
  'image/*',
  ',,',
  'application/vnd.apache.parquet',
];

export function fuzzRequest(random: () => number): FuzzRequest {
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)]!;
  const query = mutated(pick(QUERIES), random, pick);
  const headers: Record<string, string> = { accept: random() < 0.8 ? 'application/json' : pick(ACCEPTS) };
  if (random() < 0.1) headers['query-id'] = pick(['a b', 'x'.repeat(100), 'é'.replace('é', '%'), '', '..']);
  if (random() < 0.1)
    headers.traceparent = pick(['00-0-0-00', 'x', `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`]);
  const path = random() < 0.85 ? '/v1/query' : pick(['/v1/explain', '/v1/format', '/v1/complete']);
  if (random() < 0.15 && path === '/v1/query')
    return {
      method: 'GET',
      path: `${path}?q=${encodeURIComponent(Buffer.from(query).toString())}${pick(['', '&limit=x', '&a=b', '&format=json', '&pushdown=maybe'])}`,
      headers,
      body: null,
    };
  headers['content-type'] = random() < 0.7 ? 'application/json' : pick(TYPES);
  return { method: 'POST', path, headers, body: bodyOf(query, random, pick) };
}

function mutated(query: string, random: () => number, pick: <T>(values: readonly T[]) => T): string {
  let text = query;
  for (let count = Math.floor(random() * 5); count > 0; count--) {
    const at = Math.floor(random() * text.length);
    const length = Math.floor(random() * 8);
    const kind = random();
    if (kind < 0.3) text = text.slice(0, at) + text.slice(at + length);
    else if (kind < 0.75) text = text.slice(0, at) + pick(PIECES) + text.slice(at);
    else if (kind < 0.9) text = text.slice(0, at + length) + text.slice(at);
    else text = text.slice(0, at);
  }
  return text;
}

function bodyOf(
  query: string,
  random: () => number,
  pick: <T>(values: readonly T[]) => T,
): string | Uint8Array {
  const kind = random();
  if (kind < 0.15) return query;
  if (kind < 0.2) return Buffer.from([0xff, 0xfe, ...Buffer.from(query.slice(0, 20))]);
  const body: Record<string, unknown> = { query };
  if (query.includes(':p')) body.params = { p: pick([1, '1', null, true, 1.5, 'x']) };
  if (random() < 0.1)
    body[pick(['limits', 'rows', 'format', 'connection', 'pushdown', 'position', 'nonsense'])] = pick([
      0,
      -1,
      'x',
      null,
      [],
      {},
      { rows: 1 },
      1e99,
    ]);
  if (random() < 0.1) body.query = pick([1, null, [], {}, '']);
  const text = JSON.stringify(body);
  return random() < 0.1 ? text.slice(0, Math.floor(random() * text.length)) : text;
}
