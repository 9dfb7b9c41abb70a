/** The grid with what can be done with its rows: copy, download, look at one value whole, or at what a column holds. */
import { useEffect, useState } from 'preact/hooks';
import { send } from '../api/client.ts';
import { isNumeric, valueText } from '../grid/cell.ts';
import { type CopyFormat, copyText } from '../grid/copy.ts';
import { type Cell, Grid } from '../grid/grid.tsx';
import { SummaryView } from '../grid/summary-view.tsx';
import { type ColumnSummary, summarize } from '../rows/column-summary.ts';
import { queryContext, run } from '../state/console-state.ts';
import { words } from '../words/words.ts';

/** Rows that are copied at most: the clipboard is no place for more. */
const COPY_ROWS = 10_000;
const FORMATS = ['csv', 'json', 'ndjson', 'arrow', 'parquet'] as const;

export function RowsPanel({ onNotice }: { readonly onNotice: (notice: string) => void }) {
  const [selected, setSelected] = useState<Cell | null>(null);
  const [column, setColumn] = useState<number | null>(null);
  const current = run.value;
  const said = words.value;
  useEffect(() => {
    setSelected(null);
    setColumn(null);
  }, [current?.queryId]);
  if (current?.rows == null) return <p class="empty">{said.noRun}</p>;
  const { columns, rows, rowCount, state } = current;
  if (rowCount === 0 && state === 'done') return <p class="empty">{said.noRows}</p>;
  return (
    <div class="rows">
      <div class="actions">
        <Copy onNotice={onNotice} />
        <Download onNotice={onNotice} />
      </div>
      <div class="rows-with-side">
        <Grid
          columns={columns}
          rows={rows}
          rowCount={rowCount}
          label={said.rows}
          selected={selected}
          onSelect={setSelected}
          onColumn={setColumn}
        />
        {selected !== null && selected.row < rowCount && (
          <aside aria-label={said.value}>
            <h2>{columns[selected.column]?.name}</h2>
            <pre>{valueText(rows.row(selected.row)[selected.column]) || 'null'}</pre>
            <button type="button" onClick={() => setSelected(null)}>
              {said.close}
            </button>
          </aside>
        )}
        {column !== null && columns[column] !== undefined && (
          <Summary column={column} onClose={() => setColumn(null)} />
        )}
      </div>
    </div>
  );
}

function Copy({ onNotice }: { readonly onNotice: (notice: string) => void }) {
  const copy = async (format: CopyFormat) => {
    const { columns, rows } = run.value!;
    const count = Math.min(rows!.rowCount, COPY_ROWS);
    const taken = Array.from({ length: count }, (_, row) => rows!.row(row));
    await navigator.clipboard.writeText(copyText(format, columns, taken));
    onNotice(words.value.copied(count));
  };
  return (
    <>
      {(['csv', 'json', 'markdown'] as const).map((format) => (
        <button
          type="button"
          key={format}
          onClick={() => void copy(format).catch((thrown: unknown) => onNotice(String(thrown)))}
        >
          {words.value.copy} {format.toUpperCase()}
        </button>
      ))}
    </>
  );
}

/** Runs the query again in the format asked for. */
function Download({ onNotice }: { readonly onNotice: (notice: string) => void }) {
  const download = async (format: string) => {
    const { query } = run.value!;
    const response = await send(`v1/query?format=${format}`, { body: { ...queryContext(), query } });
    const address = URL.createObjectURL(await response.blob());
    const link = document.createElement('a');
    link.href = address;
    link.download = `forkline.${format}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
  };
  return (
    <label>
      <span>{words.value.download}</span>
      <select
        value=""
        onChange={(event) => {
          const format = event.currentTarget.value;
          event.currentTarget.value = '';
          void download(format).catch((thrown: unknown) =>
            onNotice(thrown instanceof Error ? thrown.message : String(thrown)),
          );
        }}
      >
        <option value="" />
        {FORMATS.map((format) => (
          <option key={format} value={format}>
            {format}
          </option>
        ))}
      </select>
    </label>
  );
}

function Summary({ column, onClose }: { readonly column: number; readonly onClose: () => void }) {
  const [summary, setSummary] = useState<ColumnSummary | null>(null);
  const { columns, rows, state } = run.value!;
  const one = columns[column]!;
  useEffect(() => {
    const looking = new AbortController();
    setSummary(null);
    summarize(rows!, column, isNumeric(one), looking.signal).then(setSummary, () => {});
    return () => looking.abort();
  }, [rows, column, state]);
  return (
    <aside aria-label={one.name}>
      <h2>{one.name}</h2>
      {summary === null ? <p>…</p> : <SummaryView summary={summary} />}
      <button type="button" onClick={onClose}>
        {words.value.close}
      </button>
    </aside>
  );
}
