/** Remembers, in a text that is made of a legacy command, which stretch of the legacy text each piece comes from. */
import type { Span } from '../../../core/protocol/errors.ts';
import type { SourceSegment } from '../../../core/protocol/plan.ts';

const OPEN = '\uE000';
const MIDDLE = '\uE001';
const CLOSE = '\uE002';
const MARKS = /[\uE000-\uE002]/u;

/** `text` with its place in the legacy text. */
export function placed({ start, end }: Span, text: string): string {
  // A text of the user's that has such letters itself keeps them, and is known by its command's place alone.
  return MARKS.test(text) ? text : `${OPEN}${start}:${end}${MIDDLE}${text}${CLOSE}`;
}

interface Stretch extends Span {
  readonly place: Span;
}

export interface PlacedText {
  readonly text: string;
  /** The pieces that stand in the legacy text as they are. */
  readonly copied: readonly SourceSegment[];
  /** Returns the place that a stretch of the text comes from; null: no piece of it has a place. */
  placeOf(span: Span): Span | null;
}

/** The text without its marks, behind `before`, which has no places. */
export function readPlaces(marked: string, before = ''): PlacedText {
  const stretches: Stretch[] = [];
  let text = before;
  let at = 0;
  const pattern = /\uE000(\d+):(\d+)\uE001([^\uE000-\uE002]*)\uE002/gu;
  for (const found of marked.matchAll(pattern)) {
    text += marked.slice(at, found.index);
    const place = { start: Number(found[1]), end: Number(found[2]) };
    stretches.push({ start: text.length, end: text.length + found[3]!.length, place });
    text += found[3];
    at = found.index + found[0].length;
  }
  text += marked.slice(at);
  const placeOf = ({ start, end }: Span): Span | null => {
    const touched = stretches.filter((stretch) => stretch.start < end && stretch.end > start);
    if (touched.length === 0) return null;
    return {
      start: Math.min(...touched.map(({ place }) => place.start)),
      end: Math.max(...touched.map(({ place }) => place.end)),
    };
  };
  const copied = stretches
    .filter(({ start, end, place }) => end - start === place.end - place.start)
    .map(({ start, end, place }) => ({ sqlStart: start, queryStart: place.start, length: end - start }));
  return { text, copied, placeOf };
}
