/** The values of parameters, which MariaDB binds by their places. */
import { QueryError } from '../../core/protocol/errors.ts';
import { isListKind } from '../../core/protocol/parameters.ts';
import type { CopyToCall, RunSqlCall } from '../../core/protocol/sql-worker.ts';
import { tokenizeSql } from '../../language/dialects/mariadb/tokens.ts';
import { stalePlan } from '../kit/stale-plan.ts';
import type { BoundValue } from './wire/commands.ts';

type StatementCall = RunSqlCall | CopyToCall;

export interface BoundStatement {
  readonly text: string;
  readonly values: readonly BoundValue[];
}

/** Returns the SQL as MariaDB takes it, and the value of each place. */
export function boundStatement(call: StatementCall): BoundStatement {
  const { text, numbers } = withPlaces(call.sql);
  return { text, values: boundValues(call, numbers) };
}

function boundValues(
  { parameters, parameterKinds }: StatementCall,
  numbers: readonly number[],
): readonly BoundValue[] {
  return numbers.map((number) => {
    const text = parameters[number - 1];
    if (text === undefined) throw stalePlan('the number of parameters');
    const kind = parameterKinds?.[number - 1] ?? 'string';
    if (isListKind(kind)) throw boundList(number);
    return { text, kind };
  });
}

function boundList(sqlParameter: number): QueryError {
  return new QueryError('bad-parameter', 'a list cannot be bound in SQL for MariaDB', {
    hint: 'Bind each value by itself, or filter in a stage: `| where x in (:list)`.',
    sqlParameter,
  });
}

/** MariaDB binds by place: each `$n` becomes a `?` of as many characters, so that positions stay. */
export function withPlaces(sql: string): { readonly text: string; readonly numbers: readonly number[] } {
  if (!sql.includes('$')) return { text: sql, numbers: [] };
  const numbers: number[] = [];
  let text = '';
  let from = 0;
  for (const token of tokenizeSql(sql)) {
    if (token.kind !== 'parameter') continue;
    numbers.push(Number(token.text));
    text += `${sql.slice(from, token.start)}${'?'.padEnd(token.end - token.start)}`;
    from = token.end;
  }
  return { text: text + sql.slice(from), numbers };
}
