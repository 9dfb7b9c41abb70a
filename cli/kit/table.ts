/** Rows as a table for terminals: numbers to the right, control characters shown, nothing cut. */

export interface TableColumn {
  readonly name: string;
  readonly alignRight: boolean;
}

/** Returns the lines of a table, without a line end behind the last. */
export function renderTable(columns: readonly TableColumn[], rows: readonly (readonly unknown[])[]): string {
  const cells = rows.map((row) => columns.map((_, i) => cellText(row[i])));
  const headers = columns.map((column) => cellText(column.name));
  const widths = headers.map((header, i) => {
    let width = displayWidth(header);
    for (const row of cells) width = Math.max(width, displayWidth(row[i]!));
    return width;
  });
  const line = (texts: readonly string[]): string =>
    texts
      .map((text, i) => pad(text, widths[i]!, columns[i]!.alignRight))
      .join('  ')
      .trimEnd();
  const rule = widths.map((width) => '-'.repeat(width)).join('  ');
  return [line(headers), rule, ...cells.map(line)].join('\n');
}

/** Control characters would move the terminal's cursor, or worse. */
function cellText(value: unknown): string {
  const text =
    value === null || value === undefined
      ? 'null'
      : typeof value === 'object'
        ? JSON.stringify(value)
        : String(value);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, (char) => JSON.stringify(char).slice(1, -1));
}

function pad(text: string, width: number, right: boolean): string {
  const space = ' '.repeat(width - displayWidth(text));
  return right ? space + text : text + space;
}

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** Returns the number of columns that a terminal needs: two for East Asian wide characters and emoji. */
export function displayWidth(text: string): number {
  // Printable ASCII, which is nearly everything.
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let width = 0;
  for (const { segment } of segmenter.segment(text)) width += isWide(segment) ? 2 : 1;
  return width;
}

function isWide(segment: string): boolean {
  if (/^[\uff61-\uffdc\uffe8-\uffee]/.test(segment)) return false; // halfwidth forms, of whichever script
  if (/^\p{Emoji}\ufe0f/u.test(segment)) return true; // a symbol that is to be shown as an emoji
  const wideScripts =
    /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u3000-\u303f\uff01-\uff60\uffe0-\uffe6]/u;
  return wideScripts.test(segment) || /^\p{Emoji_Presentation}/u.test(segment);
}
