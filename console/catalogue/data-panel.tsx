/** The panel of what queries can read: the models of the catalogue, and the tables of the connection with their columns. */
import { useState } from 'preact/hooks';
import { words } from '../words/words.ts';
import { ModelList } from './model-list.tsx';
import { TableList } from './table-list.tsx';

export function DataPanel() {
  const [wanted, setWanted] = useState('');
  return (
    <div class="data">
      <div class="actions">
        <label>
          <span>{words.value.find}</span>
          <input type="search" value={wanted} onInput={(event) => setWanted(event.currentTarget.value)} />
        </label>
      </div>
      <div class="lists">
        <TableList wanted={wanted} />
        <ModelList wanted={wanted} />
      </div>
    </div>
  );
}
