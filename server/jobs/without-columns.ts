/** Writes rows without columns, which the stage engine does not know. */
import type { AnswerOptions, AnswerSummary } from '../../core/protocol/answer.ts';
import { QueryError } from '../../core/protocol/errors.ts';
import type { AnswerTarget } from '../answer/query-answer.ts';

/** Throws `unsupported` for a format that has no such rows. */
export function withoutColumns(
  answer: Pick<AnswerTarget, 'write'>,
  { options, rows }: { readonly options: AnswerOptions; readonly rows: number },
): Pick<AnswerSummary, 'rows'> {
  const row = options.rows === 'arrays' ? '[]' : '{}';
  switch (options.format) {
    case 'json':
      answer.write(Buffer.from(`{"columns":[],"rows":[${new Array(rows).fill(row).join(',')}`), () => {});
      break;
    case 'ndjson':
      answer.write(Buffer.from(`${row}\n`.repeat(rows)), () => {});
      break;
    default:
      throw new QueryError('unsupported', 'the result has no columns for an answer in this format', {
        hint: 'ask for json, ndjson or csv',
      });
  }
  return { rows };
}
