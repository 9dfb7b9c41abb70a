/** Dark or light: what the system says, until the user chooses. */
const ITEM = 'forkline.theme';

export function applyTheme(): void {
  try {
    const chosen = localStorage.getItem(ITEM);
    if (chosen !== null) document.documentElement.dataset.theme = chosen;
  } catch {
    // Storage is switched off: the system decides.
  }
}

export function switchTheme(): void {
  const { dataset } = document.documentElement;
  const isDark =
    dataset.theme === undefined
      ? matchMedia('(prefers-color-scheme: dark)').matches
      : dataset.theme === 'dark';
  dataset.theme = isDark ? 'light' : 'dark';
  try {
    localStorage.setItem(ITEM, dataset.theme);
  } catch {
    // Storage is switched off: the choice lasts as long as the page.
  }
}
