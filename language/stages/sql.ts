/**
 * `sql (select ... from input ...)`: a SELECT over the rows so far, which it reads as `input`. It is DuckDB's SQL, since
 * that is what runs stages: whatever a database speaks, this is the same. It stands in a FROM, so that nothing but a
 * SELECT can; the worker lets it name only listed functions (workers/dsl/user-sql/sql-guard.ts); the engine has no access to files or
 * networks; and the worker that ran it serves no other query.
 *
 * The rows so far are kept before it runs: it may read them as often as it likes.
 */
import { QueryError, type Span } from '../../core/protocol/errors.ts';
import { isListKind, type ParameterKind } from '../../core/protocol/parameters.ts';
import type { SourceSegment } from '../../core/protocol/plan.ts';
import type { Column } from '../../core/protocol/types.ts';
import { STAGE_ENGINE } from '../dialects/registry.ts';
import type { EngineSql } from '../frontends/forkline/cursor.ts';
import { missingParameter } from '../resolve/expression.ts';
import type { ResolvedStage } from '../resolve/graph.ts';
import { refuseDuplicates, type Scope } from '../resolve/scope.ts';
import type { ParameterUse } from '../source/lexer.ts';
import { skipSqlTrivia, skipWord } from '../source/scan.ts';
import { type BoundSql, bindWith, memberships } from '../source/sql.ts';
import { parameterType } from '../types/parameter-types.ts';
import type { StageDefinition } from './kit/stage.ts';

interface Resolved extends ResolvedStage {
  readonly input: readonly Column[];
  readonly sql: EngineSql;
  readonly text: string;
  readonly parameters: Scope['parameters'];
}

const EXAMPLE = 'write `sql (select md5(host) as h from input)`';
const READS = new Set(['select', 'with', 'values', 'from']);

function checkHead(text: string, { start, end }: Span): void {
  const at = skipSqlTrivia(text, start, STAGE_ENGINE.lexical);
  const span = {
    start: Math.min(at, end),
    end: Math.min(Math.max(at + 1, skipWord(text, at)), Math.max(end, start + 1)),
  };
  if (at >= end)
    throw new QueryError('syntax', '`sql` needs a SELECT in its brackets', { span, hint: EXAMPLE });
  const word = text.slice(at, skipWord(text, at));
  if (READS.has(word.toLowerCase()) || text[at] === '(') return;
  throw new QueryError('read-only', `\`sql\` takes a SELECT, not \`${word === '' ? text[at] : word}\``, {
    span,
    hint: EXAMPLE,
  });
}

/** The engine's SQL with `value` in the place of each parameter. */
function bound(
  { text, sql, parameters }: Pick<Resolved, 'text' | 'sql' | 'parameters'>,
  value: (name: string, kind: ParameterKind) => string,
): Pick<BoundSql, 'sql' | 'segments'> {
  const kindOf = ({ name, ...span }: ParameterUse): ParameterKind => {
    const kind = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
    if (kind === undefined) throw missingParameter(name, span);
    return kind;
  };
  const uses = memberships(sql.placeholders, (use) => isListKind(kindOf(use)));
  return bindWith(text, sql.span, uses, STAGE_ENGINE.binding, (use) => {
    const kind = kindOf(use);
    const type = parameterType(use.name, kind);
    return type.kind === 'null' ? 'NULL' : STAGE_ENGINE.parameter(value(use.name, kind), type);
  });
}

/** Leads from the SQL through the text that it was cut from to the query's text. */
function throughCopies(
  segments: readonly SourceSegment[],
  copied: readonly SourceSegment[],
): readonly SourceSegment[] {
  return segments.flatMap(({ sqlStart, queryStart, length }) =>
    copied.flatMap((copy) => {
      const start = Math.max(queryStart, copy.sqlStart);
      const end = Math.min(queryStart + length, copy.sqlStart + copy.length);
      const shifted = {
        sqlStart: sqlStart + start - queryStart,
        queryStart: copy.queryStart + start - copy.sqlStart,
      };
      return end > start ? [{ ...shifted, length: end - start }] : [];
    }),
  );
}

function describe(sql: EngineSql, input: Scope): readonly Column[] {
  const { parameters } = input;
  const text = sql.text ?? input.text;
  // The columns of the SQL cannot depend on the values of parameters, so that null stands for each here.
  const asked = bound({ text, sql, parameters }, () => 'NULL');
  const columns = input.columns.map(({ name, type }) => ({ name, engineType: STAGE_ENGINE.typeName(type) }));
  const relations = [{ name: 'input', columns }];
  const described = input.answers.engine({
    ...asked,
    segments: sql.text === undefined ? asked.segments : throughCopies(asked.segments, sql.copied ?? []),
    hasUserSql: true,
    relations,
    stage: input.stage,
  });
  const { span } = sql;
  const typed = described.map(({ name, engineType }): Column => {
    const type = STAGE_ENGINE.typeOf(engineType);
    if (type !== null) return { name, type };
    throw new QueryError('unsupported', `\`${name}\` is ${engineType}, which answers do not carry`, {
      span,
      hint: 'cast it to VARCHAR or JSON, or take its parts: `x.part as part`',
    });
  });
  refuseDuplicates(
    typed,
    () => span,
    (name) => `name one of them differently: \`... as ${name}_2\``,
  );
  return typed;
}

/** The parsed arguments of the stage. */
export type Syntax = EngineSql;

export const stage: StageDefinition<Syntax, Resolved> = {
  name: 'sql',
  aliases: [],
  docs: {
    syntax: 'sql (select ... from input ...)',
    summary:
      "A SELECT over the rows so far, called `input`, in DuckDB's SQL, wherever the rows came from. Ends the order of rows.",
    notes:
      "DuckDB is what runs stages, so that this means the same whatever the database is. It may read `input` as often as it likes, and nothing else: no files, no network, no tables, no settings; functions are those that docs/security.md names. Parameters are `:name`; in a struct write a space after the colon: `{'a' : 1}`. Columns of types that answers do not carry (STRUCT, MAP) are an error: cast them. JSON comes as text. A `pivot` in it lists its values. The worker that ran it serves no other query.",
    examples: [
      {
        text: 'sql (select md5(dest) as hash, delay from input)',
        summary: 'a function that stages do not have',
      },
      {
        text: 'sql (select origin, list(dest order by delay) as dests from input group by all) | sort origin',
        summary: 'stages go on behind it',
      },
    ],
  },
  parse(cursor) {
    if (!cursor.isSymbol('(')) cursor.fail('`sql` needs a SELECT in brackets', EXAMPLE);
    const sql = cursor.engineSql();
    checkHead(cursor.text, sql.span);
    return sql;
  },
  resolve(sql, input) {
    const { parameters } = input;
    const text = sql.text ?? input.text;
    return { columns: describe(sql, input), input: input.columns, sql, text, parameters };
  },
  // Only the engine knows which columns the SQL reads: `select *` and `count(*)` need all.
  columnsUsed: ({ input }) => new Set(input.map(({ name }) => name)),
  emit(resolved, relation) {
    const { columns, input } = resolved;
    const given = input.map(({ name }) => STAGE_ENGINE.quoteName(name)).join(', ');
    const casts = columns.map(
      ({ type }, index) =>
        `CAST(c${index} AS ${STAGE_ENGINE.typeName(type)}) AS ${STAGE_ENGINE.quoteName(columns[index]!.name)}`,
    );
    const names = columns.map((_, index) => `c${index}`).join(', ');
    return relation.through(columns, [], (rows, parameter) => {
      const { sql } = bound(resolved, parameter);
      const select = `SELECT ${casts.join(', ')}\nFROM (\n${sql}\n) AS written(${names})`;
      return `WITH input AS NOT MATERIALIZED (SELECT ${given} FROM ${rows})\n${select}`;
    });
  },
  runsUserSql: true,
  exactIn: () => ({ exact: false, why: `it is ${STAGE_ENGINE.title}'s SQL` }),
};
