/** Notes which stretches of SQL that a database sees stand in the legacy text, so that its errors find their places. */
import type { Span } from '../../../core/protocol/errors.ts';
import type { SourceSegment } from '../../../core/protocol/plan.ts';

/** The SQL of an option, whose doubled quotes may have become single ones. */
export function copiedSql(sql: string, text: string, { start, end }: Span): readonly SourceSegment[] {
  const segments: SourceSegment[] = [];
  let begin = 0;
  let shift = start;
  for (let at = 0; at < sql.length; at++) {
    if (text[at + shift] === sql[at]) continue;
    if (at > begin) segments.push({ sqlStart: begin, queryStart: begin + shift, length: at - begin });
    begin = at;
    while (at + shift < end && text[at + shift] !== sql[at]) shift++;
    if (at + shift >= end) return segments;
  }
  if (sql.length > begin)
    segments.push({ sqlStart: begin, queryStart: begin + shift, length: sql.length - begin });
  return segments;
}

/** The name of a table behind `select * from `, where the text at this place is that name. */
export function copiedName(
  sql: string,
  name: string,
  text: string,
  { start, end }: Span,
): readonly SourceSegment[] {
  const written = text.slice(start, end);
  if (written !== name && written.slice(1, -1) !== name) return [];
  const sqlStart = 'select * from '.length;
  return [{ sqlStart, queryStart: start, length: sql.length - sqlStart }];
}
