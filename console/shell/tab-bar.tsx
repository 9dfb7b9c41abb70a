/** The open queries. */
import { addTab, closeTab, openTabId, tabs } from '../state/console-state.ts';
import { words } from '../words/words.ts';

const TITLE_LENGTH = 24;

export function TabBar() {
  const { untitled, closeTab: close, newTab, query } = words.value;
  return (
    <div class="tabs" role="tablist" aria-label={query}>
      {tabs.value.map(({ id, text }) => (
        <span class={id === openTabId.value ? 'tab open' : 'tab'} key={id} role="presentation">
          <button
            type="button"
            role="tab"
            aria-selected={id === openTabId.value}
            onClick={() => {
              openTabId.value = id;
            }}
          >
            {titleOf(text) || untitled}
          </button>
          <button
            type="button"
            class="quiet"
            aria-label={`${close}: ${titleOf(text) || untitled}`}
            onClick={() => closeTab(id)}
          >
            ×
          </button>
        </span>
      ))}
      <button type="button" class="quiet" aria-label={newTab} title={newTab} onClick={() => addTab()}>
        +
      </button>
    </div>
  );
}

function titleOf(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim().slice(0, TITLE_LENGTH);
}
