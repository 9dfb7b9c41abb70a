/** The grid with what can be done with its rows: copy, download, look at one value whole, or at what a column holds. */
import { useEffect, useState } from 'preact/hooks';
import { Grid } from '../grid/grid.tsx';
import type { Cell } from '../grid/keys.ts';
import { run } from '../state/runs.ts';
import { words } from '../words/words.ts';
import { NoRun } from './no-run.tsx';
import { ColumnSide, ValueSide } from './sides.tsx';
import { CopyRows, Download } from './take-rows.tsx';

export function RowsPanel() {
  const [selected, setSelected] = useState<Cell | null>(null);
  const [column, setColumn] = useState<number | null>(null);
  const current = run.value;
  const said = words.value;
  useEffect(() => {
    setSelected(null);
    setColumn(null);
  }, [current?.queryId]);
  if (current?.rows == null) return <NoRun />;
  const { columns, rows, rowCount, state } = current;
  const isCell = selected !== null && selected.row < rowCount && selected.column < columns.length;
  return (
    <div class="rows">
      <div class="actions">
        <CopyRows current={current} />
        <Download current={current} />
        {rowCount === 0 && state === 'done' && <span class="empty">{said.noRows}</span>}
      </div>
      <div class="rows-with-side">
        <Grid
          key={current.queryId}
          columns={columns}
          rows={rows}
          rowCount={rowCount}
          label={said.rows}
          selected={isCell ? selected : null}
          onSelect={(cell) => {
            setSelected(cell);
            setColumn(null);
          }}
          onColumn={setColumn}
        />
        {column !== null && columns[column] !== undefined ? (
          <ColumnSide current={current} column={column} onClose={() => setColumn(null)} />
        ) : (
          isCell && (
            <ValueSide
              column={columns[selected.column]!}
              value={rows.row(selected.row)[selected.column]}
              row={selected.row}
              onClose={() => setSelected(null)}
            />
          )
        )}
      </div>
    </div>
  );
}
