/** Takes rows elsewhere: to the clipboard, or as a file in any format of the server. */
import type { Asked } from '../api/asked.ts';
import { resultPath } from '../api/jobs.ts';
import { randomId } from '../api/random-id.ts';
import { type CopyFormat, copyText } from '../grid/copy.ts';
import { toClipboard } from '../share/clipboard.ts';
import type { Run } from '../state/runs.ts';
import { notice } from '../state/view.ts';
import { words } from '../words/words.ts';
import { type FileRequest, SaveFile } from './save-file.tsx';

/** Rows that are copied at most: the clipboard is no place for more. */
const COPY_ROWS = 10_000;
const COPIES: readonly (readonly [CopyFormat, string])[] = [
  ['csv', 'CSV'],
  ['json', 'JSON'],
  ['markdown', 'Markdown'],
];
const FORMATS = ['csv', 'json', 'ndjson', 'arrow', 'parquet'] as const;
const JOB_FORMATS = ['json'] as const;

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

/** Runs the query again in the format asked for; the result of a job is fetched again, in the one format that it has. */
export function Download({ current }: { readonly current: Run }) {
  const said = words.value;
  const { jobId, asked } = current;
  if (jobId !== null) {
    const request = { path: resultPath(jobId), queryId: current.queryId };
    return (
      <SaveFile
        formats={JOB_FORMATS}
        request={(format) => ({ ...request, format })}
        telling={said.downloadingJob}
      />
    );
  }
  return (
    <SaveFile formats={FORMATS} request={(format) => queryFile(asked, format)} telling={said.downloading} />
  );
}

/** A file of NDJSON has rows alone, which all readers take; an answer that fails in its middle is cut then, and told as any other. */
function queryFile(asked: Asked, format: string): FileRequest {
  const queryId = `console-${randomId()}`;
  const end = format === 'ndjson' ? '&end=none' : '';
  const options = { body: asked, headers: { 'Query-Id': queryId } };
  return { format, path: `v1/query?format=${format}${end}`, options, queryId };
}

function tell(thrown: unknown): void {
  notice.value = thrown instanceof Error ? thrown.message : String(thrown);
}
