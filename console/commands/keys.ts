/** Keys of commands as text, such as `Mod-Enter`: Mod is Cmd on a Mac, and Ctrl elsewhere. */
const IS_MAC = /Mac|iP(hone|ad)/.test(navigator.platform);

export function isKey(
  { key, ctrlKey, metaKey, shiftKey, altKey, code }: KeyboardEvent,
  wanted: string,
): boolean {
  const parts = wanted.split('-');
  const name = parts.pop()!;
  const mod = IS_MAC ? metaKey : ctrlKey;
  const other = IS_MAC ? ctrlKey : metaKey;
  if (parts.includes('Mod') !== mod || other) return false;
  if (parts.includes('Shift') !== shiftKey || parts.includes('Alt') !== altKey) return false;
  // With Alt, Shift or another layout, `key` is another letter; `code` is the place of the key.
  return key.toLowerCase() === name.toLowerCase() || code === codeOf(name);
}

const CODES: Readonly<Record<string, string>> = { '[': 'BracketLeft', ']': 'BracketRight', '/': 'Slash' };

function codeOf(name: string): string {
  if (/^\d$/.test(name)) return `Digit${name}`;
  return CODES[name] ?? `Key${name.toUpperCase()}`;
}

/** Returns the key as people read it. */
export function shownKey(key: string): string {
  const names = IS_MAC ? { Mod: '⌘', Shift: '⇧', Alt: '⌥' } : { Mod: 'Ctrl', Shift: 'Shift', Alt: 'Alt' };
  return key
    .split('-')
    .map((part) => names[part as keyof typeof names] ?? (part.length === 1 ? part.toUpperCase() : part))
    .join(IS_MAC ? '' : '-');
}
