import { expect } from 'chai';
import { type ErrorCode, QueryError } from '../../../../core/protocol/errors.ts';
import { rootCause } from '../../../../server/answer/root-cause.ts';

const error = (code: ErrorCode) => new QueryError(code, code);

describe('the cause of two failures', () => {
  const cases: [ErrorCode | null, ErrorCode, ErrorCode, string][] = [
    [null, 'bad-value', 'bad-value', 'only the stages failed'],
    ['cancelled', 'memory-exceeded', 'memory-exceeded', 'the failing stages cancelled the copy'],
    ['sql-error', 'cancelled', 'sql-error', 'the failing copy cancelled the stages'],
    ['bad-value', 'bad-value', 'bad-value', 'a row too long for the stages'],
    ['worker-lost', 'cancelled', 'worker-lost', 'the SQL worker died'],
    ['internal', 'worker-lost', 'worker-lost', 'the DSL worker died, and its pipe was gone for the copy'],
    ['cancelled', 'worker-lost', 'worker-lost', 'the DSL worker died'],
  ];
  for (const [copy, stages, cause, why] of cases) {
    it(`is ${cause}: ${why}`, () => {
      expect(rootCause(copy === null ? null : error(copy), error(stages))).to.include({ code: cause });
    });
  }
});
