/** The types that parameters have in stages, by the kinds of their values. */
import { QueryError } from '../../core/protocol/errors.ts';
import { decimalOf, type ParameterKind } from '../../core/protocol/parameters.ts';
import { type ColumnType, MAX_PRECISION, typeName } from '../../core/protocol/types.ts';
import { decimal, type ExprType, FLOAT64, INT64, STRING } from './rules.ts';

/** The type in stages; a list of nothing but nulls is one of texts. Throws bad-parameter where there is none. */
export function parameterType(name: string, kind: ParameterKind): ExprType {
  if (kind === 'number')
    throw new QueryError(
      'bad-parameter',
      `the number :${name} has more digits than any type of the stages holds`,
      {
        hint: `a decimal has at most ${MAX_PRECISION} digits; the SQL part takes the number as it is`,
      },
    );
  if (kind.startsWith('untyped')) return STRING;
  if (!kind.startsWith('list<')) return kind === 'null' ? { kind } : typeNamed(kind);
  const element = kind.slice('list<'.length, -1);
  return { kind: 'list', of: element === 'null' ? STRING : typeNamed(element) };
}

function typeNamed(name: string): ColumnType {
  const size = decimalOf(name);
  if (name === 'int64') return INT64;
  if (name === 'float64') return FLOAT64;
  if (size !== null) return decimal(size.precision, size.scale);
  return { kind: name as 'string' | 'bool' }; // the kinds that are left
}

/** The type other than text that untyped text may be read as; null: it is nothing but text. */
export function typeOfUntyped(kind: ParameterKind): ColumnType | null {
  return kind.startsWith('untyped ') ? typeNamed(kind.slice('untyped '.length)) : null;
}

/** The name of a kind, for people. */
export function kindName(kind: ParameterKind): string {
  if (kind.startsWith('untyped')) return 'text of any type';
  return kind === 'number' || kind === 'null' ? kind : typeName(parameterType('', kind) as ColumnType); // null is told apart
}
