/** Runs commands by their keys, wherever the focus is. */
import { useEffect } from 'preact/hooks';
import { commandsThere } from '../commands/commands.ts';
import { isKey } from '../commands/keys.ts';
import { isPaletteOpen } from './palette.tsx';

export function useKeys(): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.isComposing) return;
      if (event.key === 'F1' || isKey(event, 'Mod-K')) {
        isPaletteOpen.value = !isPaletteOpen.value;
      } else {
        const command = commandsThere().find(({ key }) => key !== undefined && isKey(event, key));
        if (command === undefined || isPaletteOpen.value) return;
        command.run();
      }
      event.preventDefault();
      event.stopPropagation();
    };
    // Before the editor, which has meanings of its own for some of these keys.
    addEventListener('keydown', onKey, { capture: true });
    return () => removeEventListener('keydown', onKey, { capture: true });
  }, []);
}
