/**
 * Pairs of requests that differ in one thing. Each request of a pair is asked twice through the cache and once past it: all three
 * answers must be the same, whatever the other request of the pair has left in the cache.
 */
type Random = () => number;

export interface FuzzRequest {
  /** The index of the client's key. */
  readonly client: number;
  readonly body: Readonly<Record<string, unknown>>;
  /** The text of the model that the query reads, which is saved before it is asked; left out: it reads none. */
  readonly model?: string;
}

const MODEL_VERSION = 'model version';

/** The name that stands for the model of the one who asks. */
export const MODEL = '$model';

export interface Pair {
  readonly differsIn: string;
  readonly requests: readonly [FuzzRequest, FuzzRequest];
}

type Change = (request: FuzzRequest, random: Random) => FuzzRequest;

const LITERALS = [
  'a',
  'A',
  'a b',
  'a  b',
  'a\nb',
  ' a',
  'a ',
  "it''s",
  '1',
  '01',
  'é',
  'e\u0301',
  '--x',
  '/*x*/',
  '|',
  'a|b',
  ':p',
];
const withBody = (request: FuzzRequest, more: object): FuzzRequest => ({
  ...request,
  body: { ...request.body, ...more },
});
const replaced = (request: FuzzRequest, from: string | RegExp, to: string): FuzzRequest =>
  withBody(request, { query: String(request.body.query).replace(from, () => to) });

const modelText = (random: Random): string =>
  `select ${Math.floor(random() * 5)} as num, current_user::text as db, n from generate_series(1, 4) n`;

/** Each changes one thing of a request. */
const CHANGES: Readonly<Record<string, Change>> = {
  role: (request) => ({ ...request, client: 1 - request.client }),
  literal: (request, random) => replaced(request, /'lit:[^~]*~'/, `'lit:${choose(random, LITERALS)}~'`),
  number: (request, random) => replaced(request, /\d+ as num/, `${Math.floor(random() * 20)} as num`),
  'white space': (request, random) =>
    replaced(request, ' as num', choose(random, ['  as num', '\nas num', '\tas  num'])),
  'letter case of a name': (request) => replaced(request, 'as lit', 'as "Lit"'),
  'a comment': (request) => replaced(request, ' as num', ' -- c\n as num'),
  parameter: (request, random) =>
    withBody(request, { params: { p: choose(random, [1, '1', 1.5, '1.5', true, 'true', null, '', ' 1']) } }),
  format: (request, random) =>
    withBody(request, { format: choose(random, ['json', 'ndjson', 'csv', 'arrow', 'parquet']) }),
  rows: (request, random) => withBody(request, { rows: choose(random, ['objects', 'arrays']) }),
  numbers: (request, random) => withBody(request, { numbers: choose(random, ['number', 'string']) }),
  end: (request, random) => withBody(request, { end: choose(random, ['line', 'none']) }),
  limit: (request, random) => withBody(request, { limits: { rows: choose(random, [1, 2, 3, 5]) } }),
  pushdown: (request, random) => withBody(request, { pushdown: choose(random, ['off', 'auto']) }),
  connection: (request, random) =>
    withBody(request, { connection: choose(random, ['main', 'other', 'tenants']) }),
  'a connection in the text': (request) => replaced(request, 'select', '@other select'),
  [MODEL_VERSION]: (request, random) => ({ ...request, model: modelText(random) }),
  dialect: (request) => withBody(request, { dialect: 'legacy' }),
  'a stage': (request, random) =>
    replaced(request, /$/, choose(random, [' | head 1', ' | head 2', ' | eval x = num +  1'])),
};

/** The cases of a literal's first letter, of spaces and so on are small on purpose: pairs come close to each other often. */
export function createPair(random: Random): Pair {
  const first: FuzzRequest = {
    client: Math.floor(random() * 2),
    body: {
      query: `select ${Math.floor(random() * 20)} as num, 'lit:${choose(random, LITERALS)}~' as lit, :p::text as p, n, current_database() || current_user as db from generate_series(1, 4) n`,
      params: { p: choose(random, ['1', 'x', '']) },
      ...(random() < 0.3 && { format: choose(random, ['ndjson', 'csv']) }),
    },
  };
  const differsIn = choose(random, Object.keys(CHANGES));
  const base =
    differsIn === MODEL_VERSION
      ? { ...withBody(first, { query: MODEL, params: {} }), model: modelText(random) }
      : first;
  return { differsIn, requests: [base, CHANGES[differsIn]!(base, random)] };
}

function choose<T>(random: Random, from: readonly T[]): T {
  return from[Math.floor(random() * from.length)]!; // within the list, since random() is below 1
}
