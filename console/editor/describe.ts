/** Tells what a word of the query is: the signature of a function, the syntax of a stage, the type of a column. /v1/complete knows it. */
import type { Asked } from '../api/asked.ts';
import { complete } from '../api/complete.ts';
import type { Word } from './word-around.ts';

/** Resolves to what the word is; null when nothing is known of it. Rejects as `ask` does. */
export async function describe(asked: Asked, word: Word, signal: AbortSignal): Promise<string | null> {
  const { items } = await complete(asked, word.end, signal);
  const item = items.find(({ label }) => label.toLowerCase() === word.text.toLowerCase());
  if (item === undefined) return null;
  if (item.type !== undefined) return `${item.label} ${item.type}`;
  // The detail of functions and most stages begins with how they are written.
  return /^[(\s:]/.test(item.detail.slice(item.label.length)) && item.detail.startsWith(item.label)
    ? item.detail
    : `${item.label}: ${item.detail}`;
}
