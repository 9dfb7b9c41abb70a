/** One query that runs in the engine: the state that its steps share, and the result of sending its answer. */
import type { RunStagesCall } from '../../core/protocol/dsl-worker.ts';
import { QueryError } from '../../core/protocol/errors.ts';
import type { AnswerWriter } from './answer-writer.ts';
import type { QueryInputs } from './inputs.ts';
import type { StatementRunner } from './statement-runner.ts';
import type { QueryParts } from './statements.ts';

export interface Run {
  readonly call: RunStagesCall;
  readonly parts: QueryParts;
  readonly inputs: QueryInputs;
  readonly answerPipe: string;
  readonly statements: StatementRunner;
  readonly writer: AnswerWriter;
  readonly startedAt: number;
  abort(cause: QueryError): void;
  /** Empties the answer pipe on an abort; set while rows go through the pipe. */
  discardAnswer: () => void;
}

/** The size of the answer that was sent. */
export interface SentAnswer {
  readonly rows: number;
  readonly complete: boolean;
}

export function tooManyRows(maxRows: number): QueryError {
  return new QueryError('result-too-large', `the answer has more than ${maxRows} rows`, {
    hint: 'aggregate, or take fewer rows with head',
    limit: { name: 'resultRows', value: maxRows, observed: maxRows + 1 },
  });
}
