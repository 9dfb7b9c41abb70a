/** The open queries: a list of buttons, of which one is pressed. */

import { closeOne } from '../commands/commands.ts';
import { addTab, openTabId, tabs } from '../state/tabs.ts';
import { words } from '../words/words.ts';

const TITLE_LENGTH = 24;

export function TabBar() {
  const { untitled, closeTab: close, newTab, queries } = words.value;
  return (
    <ul class="tabs" aria-label={queries}>
      {tabs.value.map(({ id, text }) => {
        const isOpen = id === openTabId.value;
        const title = titleOf(text) || untitled;
        return (
          <li class={isOpen ? 'tab open' : 'tab'} key={id}>
            <button
              type="button"
              aria-current={isOpen ? 'page' : undefined}
              onClick={() => {
                openTabId.value = id;
              }}
            >
              {title}
            </button>
            <button
              type="button"
              class="quiet"
              aria-label={`${close}: ${title}`}
              onClick={() => closeOne(id)}
            >
              ×
            </button>
          </li>
        );
      })}
      <li>
        <button type="button" class="quiet" aria-label={newTab} title={newTab} onClick={() => addTab()}>
          +
        </button>
      </li>
    </ul>
  );
}

/** Returns the beginning of a text without its comments, in one line. */
function titleOf(text: string): string {
  return text
    .replaceAll(/--[^\n]*/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim()
    .slice(0, TITLE_LENGTH);
}
