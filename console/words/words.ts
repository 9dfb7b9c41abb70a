/** The language of the console: the one chosen before, or the browser's where there is a translation. */
import { computed, signal } from '@preact/signals';
import { en, type Words } from './en.ts';
import { ko } from './ko.ts';

const LANGUAGE_ITEM = 'forkline.language';
export type Language = 'en' | 'ko';

const TRANSLATIONS: Readonly<Record<Language, Words>> = { en, ko };

export const language = signal<Language>(firstLanguage());
export const words = computed(() => TRANSLATIONS[language.value]);

export function chooseLanguage(chosen: Language): void {
  language.value = chosen;
  document.documentElement.lang = chosen;
  try {
    localStorage.setItem(LANGUAGE_ITEM, chosen);
  } catch {
    // Storage is switched off: the choice lasts as long as the page.
  }
}

function firstLanguage(): Language {
  const stored = readItem() ?? navigator.language;
  const chosen = stored.startsWith('ko') ? 'ko' : 'en';
  document.documentElement.lang = chosen;
  return chosen;
}

function readItem(): string | null {
  try {
    return localStorage.getItem(LANGUAGE_ITEM);
  } catch {
    return null;
  }
}
