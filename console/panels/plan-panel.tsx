/** Shows where each stage runs and why, with the columns after it and the SQL of each database; its rows can be asked for. */

import type { ExplainedStage } from '../api/explain.ts';
import { runText } from '../commands/run-text.ts';
import { textUpTo } from '../editor/up-to.ts';
import type { ShownColumn } from '../rows/shown-column.ts';
import { explained } from '../state/runs.ts';
import { openText } from '../state/tabs.ts';
import { view } from '../state/view.ts';
import { words } from '../words/words.ts';

export function PlanPanel() {
  const said = words.value;
  const text = openText.value;
  if (explained.value === null || explained.value.text !== text)
    return <p class="empty">{text.trim() === '' ? said.noPlan : said.noPlanOf}</p>;
  const { told } = explained.value;
  const show = (part: string) => {
    view.value = 'rows';
    void runText(part);
  };
  return (
    <div class="plan">
      <table>
        <thead>
          <tr>
            <th scope="col">{said.stage}</th>
            <th scope="col">{said.where}</th>
            <th scope="col">{said.why}</th>
            <th scope="col">{said.columns}</th>
            <th scope="col">{said.rows}</th>
          </tr>
        </thead>
        <tbody>
          <tr>
            <td>SQL</td>
            <td>{said.source}</td>
            <td />
            <td>{told.stages.length === 0 && namesOf(told.columns ?? [])}</td>
            <td>
              <RowsButton stage="SQL" onClick={() => show(textUpTo(text, 0))} />
            </td>
          </tr>
          {told.stages.map((stage) => (
            <StageLine key={stage.index} stage={stage} onRows={() => show(text.slice(0, stage.span.end))} />
          ))}
        </tbody>
      </table>
      {told.warnings.map((warning) => (
        <p key={warning}>{warning}</p>
      ))}
      {told.sources.map(({ connection, sql }) => (
        <figure key={`${connection} ${sql}`}>
          <figcaption>
            {said.sql}: {connection}
          </figcaption>
          <pre tabIndex={0}>{sql}</pre>
        </figure>
      ))}
      {told.worker !== null && (
        <figure>
          <figcaption>
            {said.sql}: {said.worker}
          </figcaption>
          <pre tabIndex={0}>{told.worker.sql}</pre>
        </figure>
      )}
    </div>
  );
}

interface StageProps {
  readonly stage: ExplainedStage;
  readonly onRows: () => void;
}

function StageLine({ stage: { name, where, why, columns }, onRows }: StageProps) {
  const said = words.value;
  return (
    <tr>
      <td>{name}</td>
      <td>
        <span class={where === 'source' ? 'placed-source' : 'placed-worker'} aria-hidden="true">
          {where === 'source' ? '●' : '○'}
        </span>{' '}
        {where === 'source' ? said.source : said.worker}
      </td>
      <td>{why}</td>
      <td>{namesOf(columns)}</td>
      <td>
        <RowsButton stage={name} onClick={onRows} />
      </td>
    </tr>
  );
}

function RowsButton({ stage, onClick }: { readonly stage: string; readonly onClick: () => void }) {
  const said = words.value;
  return (
    <button type="button" aria-label={`${said.runStage}: ${stage}`} onClick={onClick}>
      {said.runStage}
    </button>
  );
}

/** Returns the names of the first columns. */
function namesOf(columns: readonly ShownColumn[]): string {
  const names = columns.slice(0, 8).map(({ name }) => name);
  return names.join(', ') + (columns.length > names.length ? `, … (${columns.length})` : '');
}
