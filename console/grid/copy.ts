/** Rows as text for other programs. CSV quotes as RFC 4180 says; Markdown is a table of GitHub's form. */
import type { ShownColumn } from '../rows/shown-column.ts';
import { isNumeric, valueText } from './cell.ts';

export type CopyFormat = 'csv' | 'json' | 'markdown';
type Row = readonly unknown[];

export function copyText(format: CopyFormat, columns: readonly ShownColumn[], rows: readonly Row[]): string {
  if (format === 'csv') return csv(columns, rows);
  return format === 'json' ? json(columns, rows) : markdown(columns, rows);
}

function csv(columns: readonly ShownColumn[], rows: readonly Row[]): string {
  const quoted = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  // An empty text is quoted, so that it is not taken for null.
  const cell = (value: unknown) => (value === '' ? '""' : quoted(valueText(value)));
  const lines = [columns.map(({ name }) => quoted(name)), ...rows.map((row) => row.map(cell))];
  return `${lines.map((line) => line.join(',')).join('\r\n')}\r\n`;
}

/** Numbers arrived as texts, so that no digit was lost; they are written as numbers, digit by digit. */
function json(columns: readonly ShownColumn[], rows: readonly Row[]): string {
  const member = (value: unknown, column: ShownColumn): string => {
    const isNumber =
      isNumeric(column) && typeof value === 'string' && /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(value);
    return `${JSON.stringify(column.name)}: ${isNumber ? value : JSON.stringify(value)}`;
  };
  const lines = rows.map(
    (row) => `  {${columns.map((column, index) => member(row[index], column)).join(', ')}}`,
  );
  return rows.length === 0 ? '[]\n' : `[\n${lines.join(',\n')}\n]\n`;
}

function markdown(columns: readonly ShownColumn[], rows: readonly Row[]): string {
  const cell = (text: string) =>
    text.replaceAll('\\', '\\\\').replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll(/\r?\n/g, ' ');
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return `${[
    line(columns.map(({ name }) => cell(name))),
    line(columns.map((column) => (isNumeric(column) ? '---:' : '---'))),
    ...rows.map((row) => line(row.map((value) => cell(valueText(value))))),
  ].join('\n')}\n`;
}
