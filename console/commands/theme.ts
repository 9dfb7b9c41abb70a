/** Dark or light: what the system says, and follows, until the user chooses. The page has it in `data-theme`, by which styles.css chooses its colours. */
const ITEM = 'forkline.theme';

type Theme = 'dark' | 'light';

export function applyTheme(): void {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const show = (): void => {
    document.documentElement.dataset.theme = chosenTheme() ?? (dark.matches ? 'dark' : 'light');
  };
  show();
  dark.addEventListener('change', show);
}

export function switchTheme(): void {
  const { dataset } = document.documentElement;
  dataset.theme = dataset.theme === 'dark' ? 'light' : 'dark';
  try {
    localStorage.setItem(ITEM, dataset.theme);
  } catch {
    // Storage is switched off: the choice lasts until the system changes its own.
  }
}

/** Returns null until the user has chosen, and where storage is switched off. */
function chosenTheme(): Theme | null {
  try {
    const chosen = localStorage.getItem(ITEM);
    return chosen === 'dark' || chosen === 'light' ? chosen : null;
  } catch {
    return null;
  }
}
