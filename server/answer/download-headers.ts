/** Further headers of an answer to GET, for browsers and for programs that download a file by its address. */
import type { AnswerFormat } from '../../core/protocol/answer.ts';

/** Formats that browsers should show; they save all others as files. */
const SHOWN: ReadonlySet<AnswerFormat> = new Set(['json']);

/**
 * Returns header names and values alternately. They say that ranges are not supported: each range would come from another
 * run of the query, and two of them need not fit together.
 */
export function downloadHeaders(format: AnswerFormat): readonly string[] {
  const disposition = SHOWN.has(format) ? 'inline' : 'attachment';
  return [
    ...['Accept-Ranges', 'none'],
    ...['Content-Disposition', `${disposition}; filename="query.${format}"`],
  ];
}
