/** The name, the open queries, and what concerns the page itself. */
import { keyNumber, storedKey, wantsKey } from '../api/client.ts';
import { runCommand } from '../commands/commands.ts';
import { language, words } from '../words/words.ts';
import { isPaletteOpen } from './palette.tsx';
import { TabBar } from './tab-bar.tsx';

export function Header() {
  const said = words.value;
  // The number changes with each key that is given or forgotten.
  const hasKey = keyNumber.value >= 0 && storedKey() !== null && !wantsKey.value;
  return (
    <header class="top">
      <h1>Forkline</h1>
      <TabBar />
      <nav aria-label={said.page}>
        <button
          type="button"
          class="quiet"
          aria-haspopup="dialog"
          onClick={() => {
            isPaletteOpen.value = true;
          }}
        >
          {said.commands}
        </button>
        <button
          type="button"
          class="quiet"
          title={said.theme}
          aria-label={said.theme}
          onClick={() => runCommand('theme')}
        >
          ◐
        </button>
        <button
          type="button"
          class="quiet"
          lang={language.value === 'en' ? 'ko' : 'en'}
          onClick={() => runCommand('language')}
        >
          {said.language}
        </button>
        {hasKey && (
          <button type="button" class="quiet" onClick={() => runCommand('forget')}>
            {said.logOut}
          </button>
        )}
        <a href="docs">{said.api}</a>
      </nav>
    </header>
  );
}
