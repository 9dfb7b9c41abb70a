/** Where each stage runs and why, with the SQL of each database; a stage's rows can be asked for. */

import { textUpTo } from '../editor/up-to.ts';
import { explanation, openTab } from '../state/console-state.ts';
import { words } from '../words/words.ts';

export function PlanPanel({ onRunText }: { readonly onRunText: (text: string) => void }) {
  const told = explanation.value;
  const said = words.value;
  if (told === null) return <p class="empty">{said.noRun}</p>;
  const upTo = (end: number) => onRunText(textUpTo(openTab.value.text, end, told));
  return (
    <div class="plan">
      <table>
        <thead>
          <tr>
            <th>{said.stage}</th>
            <th>{said.where}</th>
            <th>{said.why}</th>
            <th />
          </tr>
        </thead>
        <tbody>
          {told.stages.map(({ index, name, where, why, span }) => (
            <tr key={index}>
              <td>{name}</td>
              <td>{where === 'source' ? said.source : said.worker}</td>
              <td>{why}</td>
              <td>
                <button type="button" onClick={() => upTo(span.end - 1)}>
                  {said.runStage}
                </button>
              </td>
            </tr>
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
          <pre>{sql}</pre>
        </figure>
      ))}
    </div>
  );
}
