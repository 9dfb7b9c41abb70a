/** The values of parameters, which MariaDB binds by their places. */
import { QueryError } from '../../core/protocol/errors.ts';
import { isListKind } from '../../core/protocol/parameters.ts';
import type { CopyToCall, RunSqlCall } from '../../core/protocol/sql-worker.ts';
import { tokenizeSql } from '../../language/dialects/mariadb/tokens.ts';
import { type Placed, withQuestionMarks } from '../kit/question-marks.ts';
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

/** MariaDB binds by place. */
export function withPlaces(sql: string): Placed {
  return withQuestionMarks(sql, tokenizeSql);
}
