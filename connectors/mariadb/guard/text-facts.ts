/** Facts that the tokens of a MariaDB text tell: the words that may be names of tables, and how volatile its functions are. */
import { type Volatility, worstOf } from '../../../core/protocol/sql-facts.ts';
import { type SqlToken, tokenizeSql } from '../../../language/dialects/mariadb/tokens.ts';
import { ALLOWED_FUNCTIONS, SYNTAX_WORDS } from './allowed-functions.ts';

export interface TextFacts {
  /** Every word, in lower case. */
  readonly names: ReadonlySet<string>;
  readonly volatility: Volatility;
  readonly because: string;
  readonly areTablesKnown: boolean;
}

const VOLATILE = new Set(
  'rand random_bytes uuid uuid_short sys_guid sysdate connection_id found_rows row_count encrypt'.split(' '),
);
const STABLE = new Set(
  (
    'now curdate curtime current_date current_time current_timestamp localtime localtimestamp utc_date utc_time utc_timestamp ' +
    'unix_timestamp from_unixtime user current_user session_user system_user current_role database schema version default'
  ).split(' '),
);
/** Functions that are called by their name alone. */
const WITHOUT_BRACKETS = new Set(
  'current_date current_time current_timestamp localtime localtimestamp utc_date utc_time utc_timestamp current_user current_role'.split(
    ' ',
  ),
);
const SHOWING = new Set(['show', 'explain', 'describe', 'desc']);
const SYSTEM_SCHEMAS = new Set(['information_schema', 'performance_schema', 'mysql', 'sys']);

export function factsInText(sql: string): TextFacts {
  const tokens = tokenizeSql(sql);
  const names = tokens.filter(isName).map(({ text }) => text.toLowerCase());
  const found = tokens.map((token, index) => tokenVolatility(tokens, token, index));
  const showing = SHOWING.has(tokens[0]?.text ?? '');
  const volatility = showing ? 'volatile' : worstOf(found);
  return {
    names: new Set(names),
    volatility,
    because: showing ? 'what it shows changes by itself' : (tokens[found.indexOf(volatility)]?.text ?? ''),
    areTablesKnown: !showing && !found.includes('unknown'),
  };
}

function isName({ kind }: SqlToken): boolean {
  return kind === 'word' || kind === 'quoted-name';
}

function tokenVolatility(tokens: readonly SqlToken[], token: SqlToken, index: number): Volatility {
  if (token.text === '@' && token.kind === 'punctuation') return 'stable'; // a variable of the system
  if (token.kind === 'executed-comment' || token.kind === 'unterminated') return 'unknown';
  if (!isName(token)) return 'immutable';
  const name = token.text.toLowerCase();
  const next = tokens[index + 1]?.text;
  const isQualified = tokens[index - 1]?.text === '.';
  if (SYSTEM_SCHEMAS.has(name) && next === '.') return 'volatile';
  const isCall = next === '(' && tokens[index + 1]!.kind === 'punctuation';
  if (!isCall)
    return token.kind === 'word' && !isQualified && WITHOUT_BRACKETS.has(name) ? 'stable' : 'immutable';
  if (token.kind === 'word' && !isQualified && SYNTAX_WORDS.has(name)) return 'immutable';
  if (isBeforeDefinition(tokens, index + 1)) return 'immutable';
  if (isQualified || !ALLOWED_FUNCTIONS.has(name)) return 'unknown';
  return VOLATILE.has(name) ? 'volatile' : STABLE.has(name) ? 'stable' : 'immutable';
}

/** Says whether the brackets that open at `open` hold the columns of a common table: `name (a, b) as (`. */
function isBeforeDefinition(tokens: readonly SqlToken[], open: number): boolean {
  const close = tokens.findIndex(
    ({ kind, text }, index) => index > open && kind === 'punctuation' && text === ')',
  );
  const [as, bracket] = [tokens[close + 1], tokens[close + 2]];
  return close !== -1 && as?.kind === 'word' && as.text === 'as' && bracket?.text === '(';
}
