/**
 * The rows of an answer. Only what is visible is in the page, rows and columns, since an answer may have thousands of both. So this is no
 * table but ARIA's grid, which has the focus and the keys itself; biome.json takes three rules about elements away for it.
 */
import { useMemo, useRef } from 'preact/hooks';
import type { ShownColumn } from '../api/explain.ts';
import type { RowStore } from '../rows/row-store.ts';
import { isNumeric, shownCell, valueText } from './cell.ts';
import { useVirtual, type Visible } from './use-virtual.ts';

const ROW_PX = 26;
const MIN_PX = 70;
const MAX_PX = 360;
const CHARACTER_PX = 8.2;
const SAMPLE_ROWS = 50;

export interface GridProps {
  readonly columns: readonly ShownColumn[];
  readonly rows: RowStore;
  readonly rowCount: number;
  readonly label: string;
  readonly selected: Cell | null;
  readonly onSelect: (cell: Cell | null) => void;
  readonly onColumn: (column: number) => void;
}

export interface Cell {
  readonly row: number;
  readonly column: number;
}

export function Grid({ columns, rows, rowCount, label, selected, onSelect, onColumn }: GridProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const widths = useWidths(columns, rows, rowCount);
  const shownRows = useVirtual({
    scroller,
    count: rowCount,
    size: () => ROW_PX,
    horizontal: false,
    overscan: 12,
  });
  const shownColumns = useVirtual({
    scroller,
    count: columns.length,
    size: (index) => widths[index] ?? MIN_PX,
    horizontal: true,
    overscan: 2,
  });
  const width = `${shownColumns.total}px`;
  const move = (cell: Cell) => {
    onSelect(cell);
    shownRows.lines.scrollToIndex(cell.row);
    shownColumns.lines.scrollToIndex(cell.column);
  };
  return (
    <div
      class="grid"
      ref={scroller}
      role="grid"
      aria-label={label}
      aria-rowcount={rowCount + 1}
      aria-colcount={columns.length}
      tabIndex={0}
      onKeyDown={(event) => {
        const next = movedBy(event.key, event.ctrlKey || event.metaKey, selected, rowCount, columns.length);
        if (next === null) return;
        event.preventDefault();
        move(next);
      }}
    >
      <div class="grid-head" role="row" aria-rowindex={1} style={{ width }}>
        {shownColumns.visible.map(({ index, start, size }) => (
          <div
            key={index}
            role="columnheader"
            aria-colindex={index + 1}
            class={isNumeric(columns[index]!) ? 'head number' : 'head'}
            style={{ transform: `translateX(${start}px)`, width: `${size}px` }}
          >
            <button
              type="button"
              title={`${columns[index]!.name}: ${columns[index]!.type}`}
              onClick={() => onColumn(index)}
            >
              {columns[index]!.name} <small>{columns[index]!.type}</small>
            </button>
          </div>
        ))}
      </div>
      <div class="grid-body" role="rowgroup" style={{ height: `${shownRows.total}px`, width }}>
        {shownRows.visible.map(({ index, start }) => (
          <Row
            key={index}
            index={index}
            start={start}
            rows={rows}
            columns={columns}
            visible={shownColumns.visible}
            selected={selected}
            onSelect={onSelect}
          />
        ))}
      </div>
    </div>
  );
}

interface RowProps {
  readonly index: number;
  readonly start: number;
  readonly rows: RowStore;
  readonly columns: readonly ShownColumn[];
  readonly visible: readonly Visible[];
  readonly selected: Cell | null;
  readonly onSelect: (cell: Cell) => void;
}

function Row({ index, start, rows, columns, visible, selected, onSelect }: RowProps) {
  const values = index < rows.rowCount ? rows.row(index) : [];
  return (
    <div
      class="grid-row"
      role="row"
      aria-rowindex={index + 2}
      style={{ transform: `translateY(${start}px)` }}
    >
      {visible.map((at) => {
        const { text, kind } = shownCell(values[at.index]);
        const isSelected = selected?.row === index && selected.column === at.index;
        const number = isNumeric(columns[at.index]!) ? ' number' : '';
        return (
          <div
            role="gridcell"
            aria-colindex={at.index + 1}
            aria-selected={isSelected}
            class={`cell ${kind}${number}${isSelected ? ' selected' : ''}`}
            style={{ transform: `translateX(${at.start}px)`, width: `${at.size}px` }}
            onClick={() => onSelect({ row: index, column: at.index })}
          >
            {text}
          </div>
        );
      })}
    </div>
  );
}

/** Returns the widths of columns in pixels, by their names and the first rows. */
function useWidths(columns: readonly ShownColumn[], rows: RowStore, rowCount: number): readonly number[] {
  const sampled = Math.min(rowCount, SAMPLE_ROWS);
  return useMemo(() => {
    const lengths = columns.map(({ name, type }) => name.length + type.length + 2);
    for (let row = 0; row < sampled; row++)
      for (const [index, value] of rows.row(row).entries())
        lengths[index] = Math.max(lengths[index] ?? 0, valueText(value).length);
    return lengths.map((length) => Math.min(Math.max(length * CHARACTER_PX + 20, MIN_PX), MAX_PX));
  }, [columns, rows, sampled]);
}

/** Returns the cell that a key leads to; null for a key that does not move. The first key selects the first cell. */
function movedBy(key: string, isFar: boolean, from: Cell | null, rows: number, columns: number): Cell | null {
  const steps: Readonly<Record<string, readonly [number, number]>> = {
    ArrowDown: [1, 0],
    ArrowUp: [-1, 0],
    ArrowRight: [0, 1],
    ArrowLeft: [0, -1],
    PageDown: [20, 0],
    PageUp: [-20, 0],
    Home: [isFar ? -rows : 0, -columns],
    End: [isFar ? rows : 0, columns],
  };
  const step = steps[key];
  if (step === undefined || rows === 0) return null;
  if (from === null) return { row: 0, column: 0 };
  const within = (value: number, count: number) => Math.min(Math.max(value, 0), count - 1);
  return { row: within(from.row + step[0], rows), column: within(from.column + step[1], columns) };
}
