/** The part beside the grid: one value whole, or what a column holds. */
import type { ComponentChildren } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { isNumeric, valueText } from '../grid/cell.ts';
import { SummaryView } from '../grid/summary-view.tsx';
import { type ColumnSummary, summarize } from '../rows/column-summary.ts';
import type { ShownColumn } from '../rows/shown-column.ts';
import { toClipboard } from '../share/clipboard.ts';
import type { Run } from '../state/runs.ts';
import { notice } from '../state/view.ts';
import { words } from '../words/words.ts';

/** Characters of a value that are shown: a browser is slow to lay out millions in one block. */
const SHOWN = 100_000;

interface SideProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

function Side({ title, onClose, children }: SideProps) {
  return (
    <aside aria-label={title}>
      <header>
        <h2>{title}</h2>
        <button type="button" class="quiet" aria-label={words.value.close} onClick={onClose}>
          ×
        </button>
      </header>
      {children}
    </aside>
  );
}

interface ValueProps {
  readonly column: ShownColumn;
  readonly value: unknown;
  readonly row: number;
  readonly onClose: () => void;
}

export function ValueSide({ column, value, row, onClose }: ValueProps) {
  const said = words.value;
  const text = useMemo(() => readable(value), [value]);
  const copy = () =>
    void toClipboard(text).then(
      () => {
        notice.value = said.valueCopied;
      },
      (thrown: unknown) => {
        notice.value = String(thrown);
      },
    );
  return (
    <Side title={column.name} onClose={onClose}>
      <p class="about">
        {column.type} · {said.rowNumber(row + 1)}
        {typeof value === 'string' && ` · ${said.characters(value.length)}`}
      </p>
      {text === '' ? (
        <p class="empty">{value === '' ? said.emptyText : 'null'}</p>
      ) : (
        <pre tabIndex={0}>{text.slice(0, SHOWN)}</pre>
      )}
      {text.length > SHOWN && <p class="cut">{said.valueCut(SHOWN, text.length)}</p>}
      <button type="button" onClick={copy}>
        {said.copyValue}
      </button>
    </Side>
  );
}

/** Returns a value as text; JSON with indents, where a text is a list or object. */
function readable(value: unknown): string {
  const text = valueText(value);
  if (!/^[[{]/.test(text) || text.length > SHOWN) return text;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

interface ColumnProps {
  readonly current: Run;
  readonly column: number;
  readonly onClose: () => void;
}

export function ColumnSide({ current, column, onClose }: ColumnProps) {
  const [summary, setSummary] = useState<ColumnSummary | null>(null);
  const { columns, rows, state } = current;
  const one = columns[column]!;
  useEffect(() => {
    const looking = new AbortController();
    setSummary(null);
    summarize(rows!, column, isNumeric(one), looking.signal).then(setSummary, () => {});
    return () => looking.abort();
  }, [rows, column, state]);
  return (
    <Side title={one.name} onClose={onClose}>
      <p class="about">{one.type}</p>
      {summary === null ? <p>{words.value.counting}</p> : <SummaryView summary={summary} />}
    </Side>
  );
}
