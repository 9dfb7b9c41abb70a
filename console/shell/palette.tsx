/** All commands, found by typing: for people who use the keyboard, and for those who do not know the keys yet. */
import { signal } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';
import { type Command, commandsThere } from '../commands/commands.ts';
import { shownKey } from '../commands/keys.ts';
import { currentEditor } from '../commands/run-text.ts';
import { words } from '../words/words.ts';

export const isPaletteOpen = signal(false);

export function Palette() {
  return isPaletteOpen.value ? <OpenPalette /> : null;
}

function OpenPalette() {
  const dialog = useRef<HTMLDialogElement>(null);
  const [typed, setTyped] = useState('');
  const [at, setAt] = useState(0);
  const said = words.value;
  const found = commandsThere().filter((one) => isFound(one.label(said), typed));
  const current = found[Math.min(at, found.length - 1)];
  useEffect(() => {
    dialog.current!.showModal();
  }, []);
  const close = () => {
    isPaletteOpen.value = false;
  };
  const choose = (command: Command | undefined) => {
    close();
    if (command === undefined) return;
    // Commands that move the focus elsewhere do so after this.
    currentEditor()?.focus();
    command.run();
  };
  return (
    <dialog ref={dialog} class="palette" aria-label={said.palette} onClose={close}>
      <input
        role="combobox"
        aria-expanded="true"
        aria-controls="palette-list"
        aria-activedescendant={current === undefined ? undefined : `command-${current.id}`}
        aria-label={said.palette}
        placeholder={said.palette}
        value={typed}
        onInput={(event) => {
          setTyped(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={(event) => {
          if (event.isComposing) return;
          const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
          if (step !== 0) {
            event.preventDefault();
            setAt((at + step + found.length) % Math.max(found.length, 1));
          }
          if (event.key === 'Enter') {
            event.preventDefault();
            choose(current);
          }
        }}
      />
      <div id="palette-list" role="listbox" aria-label={said.palette}>
        {found.map((one) => (
          <Line key={one.id} command={one} isCurrent={one === current} onChoose={() => choose(one)} />
        ))}
      </div>
    </dialog>
  );
}

interface LineProps {
  readonly command: Command;
  readonly isCurrent: boolean;
  readonly onChoose: () => void;
}

function Line({ command: { id, label, key }, isCurrent, onChoose }: LineProps) {
  const line = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (isCurrent) line.current?.scrollIntoView({ block: 'nearest' });
  }, [isCurrent]);
  return (
    <div
      ref={line}
      id={`command-${id}`}
      role="option"
      tabIndex={-1}
      aria-selected={isCurrent}
      onClick={onChoose}
      onKeyDown={() => {}}
    >
      <span>{label(words.value)}</span>
      {key !== undefined && <kbd>{shownKey(key)}</kbd>}
    </div>
  );
}

/** Whether the words that were typed stand in the label, in any order. */
function isFound(label: string, typed: string): boolean {
  const lower = label.toLowerCase();
  return typed
    .toLowerCase()
    .split(/\s+/)
    .every((word) => lower.includes(word));
}
