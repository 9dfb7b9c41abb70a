/** What an answer to GET says beside the rest, for browsers and for programs that read a file by its address. */
import type { AnswerFormat } from '../../core/protocol/answer.ts';

/** JSON is shown by browsers; they save the others. */
const SHOWN: ReadonlySet<AnswerFormat> = new Set(['json']);

/**
 * Names and values by turns. A part of an answer cannot be asked for: it would be the part of another run, and two parts
 * need not fit together.
 */
export function downloadHeaders(format: AnswerFormat): readonly string[] {
  const disposition = SHOWN.has(format) ? 'inline' : 'attachment';
  return [
    ...['Accept-Ranges', 'none'],
    ...['Content-Disposition', `${disposition}; filename="query.${format}"`],
  ];
}
