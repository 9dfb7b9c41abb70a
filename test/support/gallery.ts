/**
 * test/fixtures/language/errors-gallery.txt: what people get wrong, and what they read then. A query, `-----`, the error as it is
 * rendered, `=====`. To add one, write the query and the two lines, and let `npm run gallery` fill it in; then read what
 * it says as a beginner would.
 */
import { QueryError } from '../../core/protocol/errors.ts';
import { renderError } from '../../language/editor/render-error.ts';
import { planFlights } from '../unit/language/run-plan.ts';

export const GALLERY = new URL('../fixtures/language/errors-gallery.txt', import.meta.url);

export interface GalleryEntry {
  readonly query: string;
  readonly rendered: string;
}

export function readGallery(text: string): readonly GalleryEntry[] {
  return text
    .split('\n=====\n')
    .filter((block) => block !== '')
    .map((block) => {
      const [query, rendered = ''] = block.split('\n-----');
      return { query: query!, rendered: rendered.trim() };
    });
}

export function galleryText(entries: readonly GalleryEntry[]): string {
  return entries.map(({ query, rendered }) => `${query}\n-----\n${rendered}\n=====\n`).join('');
}

/** Throws when there is no error. */
export function errorOf(query: string): string {
  try {
    planFlights(query);
  } catch (thrown) {
    if (thrown instanceof QueryError) return renderError(thrown.toWire(), query).text;
    throw thrown;
  }
  throw new Error(`there is nothing wrong with: ${query}`);
}
