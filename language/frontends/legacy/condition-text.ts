/**
 * Expressions of the legacy language as text that both our stages and the stage engine understand alike. What the legacy
 * language compares silently (a text beside a number) is made explicit, so that nothing of it is an error.
 */

import type { Column } from '../../../core/protocol/types.ts';
import { quoteName, quoteText } from '../../dialects/quoting.ts';
import type { WrittenName } from '../query-tree.ts';
import type { LegacyExpression } from './condition.ts';
import { asText, isNumber } from './engine-text.ts';
import { placed } from './text-places.ts';

export interface ExpressionScope {
  readonly columns: readonly Column[];
  /** The column that is meant, and how it is written. Throws unknown-column. */
  column(name: WrittenName, qualifier: string | null): { readonly column: Column; readonly sql: string };
}

type Kind = 'number' | 'text' | 'null' | 'other';

interface Written {
  readonly sql: string;
  readonly kind: Kind;
  /** The text itself, when it stands in the query. */
  readonly literal?: string;
}

export function writeExpression(expression: LegacyExpression, scope: ExpressionScope): string {
  return write(expression, scope).sql;
}

/** The kind of value that it gives: `other` are moments, booleans and the like. */
export function kindOf(expression: LegacyExpression, scope: ExpressionScope): Kind {
  return write(expression, scope).kind;
}

function write(expression: LegacyExpression, scope: ExpressionScope): Written {
  const text = (inner: LegacyExpression): string => write(inner, scope).sql;
  switch (expression.kind) {
    case 'column':
      return writeColumn(expression.name, expression.qualifier, scope);
    case 'text':
      return {
        sql: placed(expression.span, quoteText(expression.text)),
        kind: 'text',
        literal: expression.text,
      };
    case 'number':
      return { sql: expression.text, kind: 'number' };
    case 'bool':
      return { sql: String(expression.value), kind: 'other' };
    case 'null':
      return { sql: 'null', kind: 'null' };
    case 'minus':
      return { sql: `(-${numeric(write(expression.of, scope))})`, kind: 'number' };
    case 'arithmetic': {
      const [left, right] = [write(expression.left, scope), write(expression.right, scope)];
      return { sql: `(${numeric(left)} ${expression.op} ${numeric(right)})`, kind: 'number' };
    }
    case 'compare':
      return other(compare(expression.op, write(expression.left, scope), write(expression.right, scope)));
    case 'logic':
      return other(`(${expression.parts.map(text).join(` ${expression.op} `)})`);
    case 'not':
      return other(`(not ${text(expression.of)})`);
    case 'isNull':
      return other(`(${text(expression.of)} is ${expression.negated ? 'not ' : ''}null)`);
    case 'like': {
      const of = write(expression.of, scope);
      return other(`(${textual(of)} ${not(expression)}like ${quoteText(expression.pattern ?? '')})`);
    }
    case 'in': {
      const of = write(expression.of, scope);
      const values = expression.values.map((value) => compare('=', of, write(value, scope)));
      const any = `(${values.join(' or ')})`;
      return other(expression.negated ? `(not ${any})` : any);
    }
    case 'between': {
      const of = write(expression.of, scope);
      const both = `(${compare('>=', of, write(expression.low, scope))} and ${compare('<=', of, write(expression.high, scope))})`;
      return other(expression.negated ? `(not ${both})` : both);
    }
    case 'keyword':
      return other(keyword(expression.text, scope));
    default:
      return expression satisfies never;
  }
}

const other = (sql: string): Written => ({ sql, kind: 'other' });
const not = ({ negated }: { readonly negated: boolean }): string => (negated ? 'not ' : '');

function writeColumn(name: WrittenName, qualifier: string | null, scope: ExpressionScope): Written {
  const { column, sql } = scope.column(name, qualifier);
  const kind = isNumber(column) ? 'number' : column.type.kind === 'string' ? 'text' : 'other';
  return { sql: placed(name.span, sql), kind };
}

/** Text that stands in the query and is a number is written as one, so that a database may compute it. */
function numeric({ sql, kind, literal }: Written): string {
  if (literal !== undefined && /^[+-]?\d{1,15}(?:\.\d+)?$/.test(literal.trim())) return `${literal.trim()}`;
  return kind === 'text' ? `try_cast(${sql} as double)` : sql;
}

function textual({ sql, kind }: Written): string {
  return kind === 'text' ? sql : `cast(${sql} as varchar)`;
}

/** A text beside a number is compared as a number; one that is none is null. */
function compare(op: string, left: Written, right: Written): string {
  const numbers = left.kind === 'number' || right.kind === 'number';
  const [one, two] = numbers ? [numeric(left), numeric(right)] : [left.sql, right.sql];
  if (op === '<=>') return `(${one} is not distinct from ${two})`;
  const sign = op === '==' ? '=' : op === '!=' ? '<>' : op;
  return `(${one} ${sign} ${two})`;
}

/** Returns SQL that says whether any text column has the text, in upper or lower case; `*` is any text. */
function keyword(text: string, { columns }: ExpressionScope): string {
  const escaped = text
    .toLowerCase()
    .replace(/[\\%_]/g, String.raw`\$&`)
    .replaceAll('*', '%');
  const texts = columns.filter(({ type }) => type.kind === 'string');
  if (texts.length === 0) return 'false';
  return `(${texts.map((column) => `lower(${asText(column)}) like ${quoteText(`%${escaped}%`)}`).join(' or ')})`;
}

/** The scope of a condition over the columns of one input. */
export function ownScope(columns: readonly Column[], find: (name: WrittenName) => Column): ExpressionScope {
  return {
    columns,
    column: (name) => {
      const column = find(name);
      return { column, sql: quoteName(column.name) };
    },
  };
}
