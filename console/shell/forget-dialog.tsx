/** Asks before the page forgets the work of somebody who leaves: the key, the answers, and what this browser keeps. */
import { useEffect, useRef } from 'preact/hooks';
import { storedKey } from '../api/client.ts';
import { forgetKey, forgetWork } from '../state/forget.ts';
import { past } from '../state/runs.ts';
import { tabs } from '../state/tabs.ts';
import { isForgetting } from '../state/view.ts';
import { words } from '../words/words.ts';

export function ForgetDialog() {
  return isForgetting.value ? <OpenDialog /> : null;
}

function OpenDialog() {
  const dialog = useRef<HTMLDialogElement>(null);
  const said = words.value;
  useEffect(() => {
    dialog.current!.showModal();
  }, []);
  const close = () => {
    isForgetting.value = false;
  };
  const and = (action: () => void) => () => {
    close();
    action();
  };
  const written = tabs.value.filter(({ text }) => text.trim() !== '').length;
  return (
    <dialog ref={dialog} class="ask" aria-label={said.forgetWork} onClose={close}>
      <h2>{said.forgetWork}</h2>
      <p>{said.whatIsForgotten(written, past.value.length)}</p>
      <div class="actions">
        <button type="button" class="primary" onClick={and(forgetWork)}>
          {said.forgetAll}
        </button>
        {storedKey() !== null && (
          <button type="button" onClick={and(forgetKey)}>
            {said.forgetKeyOnly}
          </button>
        )}
        <button type="button" onClick={close}>
          {said.goBack}
        </button>
      </div>
    </dialog>
  );
}
