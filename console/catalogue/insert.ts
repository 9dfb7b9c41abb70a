/** Writes a name into the open query. */
import { currentEditor } from '../commands/run-text.ts';
import { openText } from '../state/tabs.ts';

/** Inserts the name at the cursor; an empty query begins with `beginning`. */
export function insertOrBegin(name: string, beginning: string): void {
  const editor = currentEditor();
  editor?.insert(openText.value.trim() === '' ? beginning : name);
  editor?.focus();
}
