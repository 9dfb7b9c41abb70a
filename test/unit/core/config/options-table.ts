/**
 * The tables of docs/configuration.md, out of the schema. `npm run docs:options` rewrites them in the file.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expectation } from '../../../../core/config/errors.ts';
import type { Option } from '../../../../core/config/option.ts';
import { listOptions, sizeText } from '../../../../core/config/option.ts';
import { createConfigSchema } from '../../../../core/config/schema.ts';

export const DOCUMENT = fileURLToPath(new URL('../../../../docs/configuration.md', import.meta.url));
const START = '<!-- options: written by test/unit/core/config/options-table.ts -->\n';
const END = '<!-- end of options -->';

export function allOptions(): Option[] {
  return listOptions(createConfigSchema({ cores: 2 }));
}

/** The document with the tables as they should be. */
export function withTables(document: string): string {
  const start = document.indexOf(START);
  const end = document.indexOf(END);
  if (start < 0 || end < start) throw new Error('docs/configuration.md has lost its markers');
  return `${document.slice(0, start + START.length)}${renderTables()}${document.slice(end)}`;
}

function renderTables(): string {
  const rows = allOptions().map(
    (option) =>
      `| \`${option.path}\` | \`${option.notes.variable}\` | ${defaultText(option)} | ${expectation(option)} | ${option.notes.about} |`,
  );
  return ['', '| option | variable | default | values | |', '|---|---|---|---|---|', ...rows, '', ''].join(
    '\n',
  );
}

function defaultText({ notes, defaultValue }: Option): string {
  if (notes.defaultText !== undefined) return notes.defaultText;
  if (notes.unit === 'bytes') return sizeText(defaultValue as number);
  return typeof defaultValue === 'string' ? `\`${defaultValue}\`` : String(defaultValue);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(DOCUMENT, withTables(readFileSync(DOCUMENT, 'utf8')));
}
