/** Bound values for databases that bind with `?`, by place: each `$n` becomes a `?` of as many characters, so that positions stay. */

/** The part of a dialect's token that is needed here; `text` has a parameter's digits. */
interface Token {
  readonly kind: string;
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export interface Placed {
  readonly text: string;
  /** The number of the value for each place. */
  readonly numbers: readonly number[];
}

export function withQuestionMarks(sql: string, tokenize: (sql: string) => readonly Token[]): Placed {
  if (!sql.includes('$')) return { text: sql, numbers: [] };
  const numbers: number[] = [];
  let text = '';
  let from = 0;
  for (const token of tokenize(sql)) {
    if (token.kind !== 'parameter') continue;
    numbers.push(Number(token.text));
    text += `${sql.slice(from, token.start)}${'?'.padEnd(token.end - token.start)}`;
    from = token.end;
  }
  return { text: text + sql.slice(from), numbers };
}
