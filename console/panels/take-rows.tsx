/** Takes rows elsewhere: to the clipboard, or as a file in any format of the server. */
import { useState } from 'preact/hooks';
import { isAbort, send } from '../api/client.ts';
import { type CopyFormat, copyText } from '../grid/copy.ts';
import { toClipboard } from '../share/clipboard.ts';
import type { Run } from '../state/runs.ts';
import { notice } from '../state/view.ts';
import { words } from '../words/words.ts';

/** Rows that are copied at most: the clipboard is no place for more. */
const COPY_ROWS = 10_000;
const COPIES: readonly (readonly [CopyFormat, string])[] = [
  ['csv', 'CSV'],
  ['json', 'JSON'],
  ['markdown', 'Markdown'],
];
const FORMATS = ['csv', 'json', 'ndjson', 'arrow', 'parquet'] as const;
/** The address of a file is needed until the browser has begun to save it. */
const KEPT_MS = 60_000;

export function CopyRows({ current }: { readonly current: Run }) {
  const said = words.value;
  const copy = async (format: CopyFormat) => {
    const { columns, rows } = current;
    const count = Math.min(rows!.rowCount, COPY_ROWS);
    const taken = Array.from({ length: count }, (_, row) => rows!.row(row));
    await toClipboard(copyText(format, columns, taken));
    notice.value = count < rows!.rowCount ? said.copiedOf(count, rows!.rowCount) : said.copied(count);
  };
  return (
    <fieldset class="group">
      <legend>{said.copy}</legend>
      {COPIES.map(([format, name]) => (
        <button
          type="button"
          key={format}
          aria-label={`${said.copy} ${name}`}
          onClick={() => void copy(format).catch(tell)}
        >
          {name}
        </button>
      ))}
    </fieldset>
  );
}

/** Runs the query again in the format asked for. */
export function Download({ current }: { readonly current: Run }) {
  const [stop, setStop] = useState<AbortController | null>(null);
  const said = words.value;
  const download = async (format: string) => {
    const request = new AbortController();
    setStop(request);
    notice.value = said.downloading(format);
    try {
      const response = await send(`v1/query?format=${format}`, {
        body: current.asked,
        signal: request.signal,
      });
      save(await response.blob(), `forkline.${format}`);
      notice.value = said.downloaded(`forkline.${format}`);
    } catch (thrown) {
      if (isAbort(thrown)) notice.value = said.cancelled;
      else tell(thrown);
    } finally {
      setStop(null);
    }
  };
  if (stop !== null)
    return (
      <button type="button" onClick={() => stop.abort()}>
        {said.cancelDownload}
      </button>
    );
  return (
    <fieldset class="group">
      <legend>{said.download}</legend>
      {FORMATS.map((format) => (
        <button
          type="button"
          key={format}
          aria-label={`${said.download} ${format}`}
          onClick={() => void download(format)}
        >
          {format}
        </button>
      ))}
    </fieldset>
  );
}

function save(content: Blob, name: string): void {
  const address = URL.createObjectURL(content);
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), KEPT_MS);
}

function tell(thrown: unknown): void {
  notice.value = thrown instanceof Error ? thrown.message : String(thrown);
}
