/** The tables of the open query's connection. */
import { tablesOf } from '../api/catalogue.ts';
import type { Table } from '../api/catalogue-types.ts';
import { runText } from '../commands/run-text.ts';
import { openAsked, openTab } from '../state/tabs.ts';
import { view } from '../state/view.ts';
import { words } from '../words/words.ts';
import { insertOrBegin } from './insert.ts';
import { tableName } from './names.ts';
import { useAsked } from './use-asked.ts';

/** Tables that are shown at most; the search finds the others. */
const SHOWN = 100;
const COLUMNS_SHOWN = 200;

export function TableList({ wanted }: { readonly wanted: string }) {
  const { connection } = openTab.value;
  const { value, failure } = useAsked((signal) => tablesOf(connection, signal), [connection]);
  const said = words.value;
  if (failure !== '') return <p role="alert">{failure}</p>;
  if (value === null) return <p class="empty">{said.loading}</p>;
  const found = value.tables.filter((table) => isFound(table, wanted));
  const left = found.length - SHOWN;
  return (
    <section aria-label={said.tables}>
      <h2>{said.tables}</h2>
      <ul class="things">
        {found.slice(0, SHOWN).map((table) => (
          <TableThing key={`${table.schema}.${table.name}`} table={table} dialect={value.dialect} />
        ))}
      </ul>
      {found.length === 0 && <p class="empty">{said.nothingFound}</p>}
      {(left > 0 || !value.complete) && <p class="cut">{said.moreTables(Math.max(left, 0))}</p>}
    </section>
  );
}

function isFound({ schema, name, columns }: Table, wanted: string): boolean {
  const lower = wanted.trim().toLowerCase();
  const isIn = (text: string) => text.toLowerCase().includes(lower);
  return isIn(`${schema}.${name}`) || columns.some((column) => isIn(column.name));
}

function TableThing({ table, dialect }: { readonly table: Table; readonly dialect: string }) {
  const said = words.value;
  const name = tableName(table, dialect);
  const { connection } = openTab.value;
  const show = () => {
    const text = `select * from ${name}\n| head 100`;
    openAsked(connection === null ? { query: text } : { query: text, connection });
    view.value = 'rows';
    void runText(text);
  };
  return (
    <li>
      <div class="actions">
        <strong>{name}</strong>
        <button type="button" aria-label={`${said.firstRows}: ${name}`} onClick={show}>
          {said.firstRows}
        </button>
        <button
          type="button"
          aria-label={`${said.insert}: ${name}`}
          onClick={() => insertOrBegin(name, `select * from ${name}`)}
        >
          {said.insert}
        </button>
      </div>
      <ColumnNames columns={table.columns} />
    </li>
  );
}

export function ColumnNames({ columns }: Pick<Table, 'columns'>) {
  const left = columns.length - COLUMNS_SHOWN;
  return (
    <p class="columns">
      {columns.slice(0, COLUMNS_SHOWN).map(({ name, type }) => (
        <span key={name}>
          <code>{name}</code> <small>{type}</small>{' '}
        </span>
      ))}
      {left > 0 && `… (${columns.length})`}
    </p>
  );
}
