/**
 * The rows of an answer. Only what is visible is in the page, rows and columns, since an answer may have thousands of both. So this is no
 * table but ARIA's grid, which has the focus and the keys itself; biome.json takes three rules about elements away for it.
 */
import { useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import type { RowStore } from '../rows/row-store.ts';
import type { ShownColumn } from '../rows/shown-column.ts';
import { isNumeric } from './cell.ts';
import { type Cell, movedBy } from './keys.ts';
import { ShownRows } from './shown-rows.ts';
import { useViewport } from './use-viewport.ts';
import { ColumnPlaces, RowPlaces, type Visible } from './visible.ts';

const ROW_PX = 26;
const HEAD_PX = 28;
const MIN_PX = 70;
const MAX_PX = 360;
const CHARACTER_PX = 8.2;
const SAMPLE_ROWS = 50;
const ROWS_BEYOND = 8;
const COLUMNS_BEYOND = 1;

export interface GridProps {
  readonly columns: readonly ShownColumn[];
  readonly rows: RowStore;
  readonly rowCount: number;
  readonly label: string;
  readonly selected: Cell | null;
  readonly onSelect: (cell: Cell) => void;
  readonly onColumn: (column: number) => void;
}

export function Grid({ columns, rows, rowCount, label, selected, onSelect, onColumn }: GridProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const { top, left, width, height } = useViewport(scroller);
  const shown = useMemo(() => new ShownRows(rows), [rows]);
  const columnPlaces = useColumnPlaces(columns, shown, rowCount);
  const room = Math.max(height - HEAD_PX, ROW_PX);
  const rowPlaces = useMemo(() => new RowPlaces(rowCount, ROW_PX, room), [rowCount, room]);
  const visibleColumns = columnPlaces.visible(left, width, COLUMNS_BEYOND);
  useLayoutEffect(() => {
    const element = scroller.current!;
    if (selected === null) return;
    element.scrollTop = rowPlaces.scrolledTo(selected.row, element.scrollTop);
    // The width is read now: the value that opens beside the grid has just made it narrower, of which the viewport hears with the next frame.
    element.scrollLeft = columnPlaces.scrolledTo(selected.column, element.scrollLeft, element.clientWidth);
  }, [selected]);
  return (
    <div
      class="grid"
      ref={scroller}
      role="grid"
      aria-label={label}
      aria-rowcount={rowCount + 1}
      aria-colcount={columns.length}
      aria-activedescendant={selected === null ? undefined : idOf(selected.row, selected.column)}
      tabIndex={0}
      onKeyDown={(event) => {
        if (event.key === 'Enter' && selected !== null) onColumn(selected.column);
        const isFar = event.ctrlKey || event.metaKey;
        const next = movedBy(event.key, isFar, selected, rowCount, columns.length);
        if (next === null || event.altKey) return;
        event.preventDefault();
        onSelect(next);
      }}
    >
      <Head
        columns={columns}
        visible={visibleColumns}
        width={columnPlaces.total}
        current={selected?.column ?? null}
        onColumn={onColumn}
      />
      <div
        class="grid-body"
        role="rowgroup"
        style={{ height: `${rowPlaces.total}px`, width: `${columnPlaces.total}px` }}
      >
        {rowPlaces.visible(top, ROWS_BEYOND).map(({ index, start }) => (
          <Row
            key={index}
            index={index}
            start={start}
            shown={shown}
            columns={columns}
            visible={visibleColumns}
            selected={selected?.row === index ? selected.column : null}
            onSelect={onSelect}
          />
        ))}
      </div>
    </div>
  );
}

interface HeadProps {
  readonly columns: readonly ShownColumn[];
  readonly visible: readonly Visible[];
  readonly width: number;
  /** The column of the selected cell. */
  readonly current: number | null;
  readonly onColumn: (column: number) => void;
}

function Head({ columns, visible, width, current, onColumn }: HeadProps) {
  return (
    <div class="grid-head" role="row" aria-rowindex={1} style={{ width: `${width}px` }}>
      {visible.map(({ index, start, size }) => {
        const { name, type } = columns[index]!;
        const number = isNumeric(columns[index]!) ? ' number' : '';
        return (
          <div
            key={index}
            role="columnheader"
            aria-colindex={index + 1}
            class={`head${number}${index === current ? ' selected' : ''}`}
            style={{ transform: `translateX(${start}px)`, width: `${size}px` }}
          >
            <button type="button" tabIndex={-1} title={`${name}: ${type}`} onClick={() => onColumn(index)}>
              {name} <small>{type}</small>
            </button>
          </div>
        );
      })}
    </div>
  );
}

interface RowProps {
  readonly index: number;
  readonly start: number;
  readonly shown: ShownRows;
  readonly columns: readonly ShownColumn[];
  readonly visible: readonly Visible[];
  /** The selected column in this row; null for none. */
  readonly selected: number | null;
  readonly onSelect: (cell: Cell) => void;
}

function Row({ index, start, shown, columns, visible, selected, onSelect }: RowProps) {
  const cells = shown.cells(index);
  return (
    <div
      class={`grid-row${selected === null ? '' : ' selected'}`}
      role="row"
      aria-rowindex={index + 2}
      style={{ transform: `translateY(${start}px)` }}
    >
      {visible.map((at) => {
        const { text, kind } = cells[at.index] ?? { text: '', kind: 'value' };
        const isSelected = selected === at.index;
        const number = isNumeric(columns[at.index]!) ? ' number' : '';
        return (
          <div
            key={at.index}
            id={idOf(index, at.index)}
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

function idOf(row: number, column: number): string {
  return `cell-${row}-${column}`;
}

/** Returns the places of columns, whose widths follow from their names and the first rows. */
function useColumnPlaces(columns: readonly ShownColumn[], shown: ShownRows, rowCount: number): ColumnPlaces {
  const sampled = Math.min(rowCount, SAMPLE_ROWS);
  return useMemo(() => {
    const lengths = columns.map(({ name, type }) => cellsOf(name) + type.length + 2);
    for (let row = 0; row < sampled; row++)
      for (const [index, { text }] of shown.cells(row).entries())
        lengths[index] = Math.max(lengths[index] ?? 0, cellsOf(text));
    const widths = lengths.map((length) => Math.min(Math.max(length * CHARACTER_PX + 20, MIN_PX), MAX_PX));
    return new ColumnPlaces(widths);
  }, [columns, shown, sampled]);
}

/** Returns how many characters of usual width a text takes: those of East Asia take two. */
function cellsOf(text: string): number {
  const shown = text.length > 60 ? text.slice(0, 60) : text;
  return shown.length + (shown.match(/[\u1100-\u115f\u2e80-\ud7a3\uf900-\ufaff\uff00-\uff60]/g)?.length ?? 0);
}
