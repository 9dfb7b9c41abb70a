/** The notes on an answer: that the server kept it and how old it is, and what the server warns of. */
import type { Finished, KeptAnswer } from '../api/run-query.ts';
import { runText } from '../commands/run-text.ts';
import type { Run } from '../state/runs.ts';
import { words } from '../words/words.ts';

interface NotesProps {
  readonly current: Run;
  readonly finished: Finished;
}

export function AnswerNotes({ current, finished: { kept, warnings } }: NotesProps) {
  const said = words.value;
  return (
    <>
      {kept !== null && (
        <p class="kept">
          {keptText(kept)}{' '}
          <button type="button" onClick={() => void runText(current.asked.query, true)}>
            {said.askAnew}
          </button>
        </p>
      )}
      {current.jobId !== null && <p class="kept">{said.resultOfJob}</p>}
      {warnings.length > 0 && (
        <ul class="warnings" aria-label={said.warnings}>
          {warnings.map((warning) => (
            <li key={warning}>{warning}</li>
          ))}
        </ul>
      )}
    </>
  );
}

function keptText({ status, ageMs }: KeptAnswer): string {
  const said = words.value;
  return said.kept[status](said.seconds(ageMs));
}
