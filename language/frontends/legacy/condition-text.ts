/**
 * Expressions of the legacy language as text that both our stages and the stage engine understand alike. What the legacy
 * language compares silently (a text beside a number) is made explicit, so that nothing of it is an error.
 */

import type { Column } from '../../../core/protocol/types.ts';
import { quoteName, quoteText } from '../../dialects/quoting.ts';
import type { WrittenName } from '../query-tree.ts';
import { compareText, numericText, textual, type Written } from './comparison-text.ts';
import type { LegacyExpression } from './condition.ts';
import { asText, isNumber } from './engine-text.ts';
import { placed } from './text-places.ts';

export interface ExpressionScope {
  readonly columns: readonly Column[];
  /** The column that is meant, and how it is written. Throws unknown-column. */
  column(name: WrittenName, qualifier: string | null): { readonly column: Column; readonly sql: string };
}

export function writeExpression(expression: LegacyExpression, scope: ExpressionScope): string {
  return write(expression, scope).sql;
}

/** The kind of value that it gives. */
export function kindOf(expression: LegacyExpression, scope: ExpressionScope): Written['kind'] {
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
      return truth(String(expression.value));
    case 'null':
      return { sql: 'null', kind: 'null' };
    case 'minus':
      return { sql: `(-${numericText(write(expression.of, scope))})`, kind: 'number' };
    case 'arithmetic': {
      const [left, right] = [write(expression.left, scope), write(expression.right, scope)];
      return { sql: `(${numericText(left)} ${expression.op} ${numericText(right)})`, kind: 'number' };
    }
    case 'compare':
      return truth(compareText(expression.op, write(expression.left, scope), write(expression.right, scope)));
    case 'logic':
      return truth(`(${expression.parts.map(text).join(` ${expression.op} `)})`);
    case 'not':
      return truth(`(not ${text(expression.of)})`);
    case 'isNull':
      return truth(`(${text(expression.of)} is ${expression.negated ? 'not ' : ''}null)`);
    case 'like': {
      const of = write(expression.of, scope);
      return truth(`(${textual(of)} ${not(expression)}like ${quoteText(expression.pattern ?? '')})`);
    }
    case 'in': {
      const of = write(expression.of, scope);
      const values = expression.values.map((value) => compareText('=', of, write(value, scope)));
      const any = `(${values.join(' or ')})`;
      return truth(expression.negated ? `(not ${any})` : any);
    }
    case 'between': {
      const of = write(expression.of, scope);
      const both = `(${compareText('>=', of, write(expression.low, scope))} and ${compareText('<=', of, write(expression.high, scope))})`;
      return truth(expression.negated ? `(not ${both})` : both);
    }
    case 'keyword':
      return truth(keyword(expression.text, scope));
    default:
      return expression satisfies never;
  }
}

const truth = (sql: string): Written => ({ sql, kind: 'bool' });
const not = ({ negated }: { readonly negated: boolean }): string => (negated ? 'not ' : '');

function writeColumn(name: WrittenName, qualifier: string | null, scope: ExpressionScope): Written {
  const { column, sql } = scope.column(name, qualifier);
  return {
    sql: placed(name.span, sql),
    kind: isNumber(column) ? 'number' : (KINDS[column.type.kind] ?? 'other'),
  };
}

const KINDS: Readonly<Record<string, Written['kind']>> = {
  string: 'text',
  bool: 'bool',
  date: 'date',
  timestamp: 'timestamp',
  timestamptz: 'timestamp',
};

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
