/** Mistakes in the legacy language: each has an error that says what is wrong, where, and how to mend it. */
import { expect } from 'chai';
import { QueryError } from '../../../../../core/protocol/errors.ts';
import { planQuery } from '../../../../../language/compile.ts';
import { nativeType } from '../../../../../language/dialects/postgres/types.ts';
import { JUDGES_NOTHING } from '../../../../../language/source/judged-functions.ts';
import { MISTAKES } from '../../../../fixtures/legacy/cases/errors.ts';
import { TEST_CONNECTIONS } from '../../../../support/test-connections.ts';

/** The object ids of PostgreSQL's types. */
const COLUMNS = { oid: 23, kind: 25, qty: 23, price: 701, memo: 25 };

function failure(text: string): object {
  const columns = Object.entries(COLUMNS).map(([name, id]) => ({ name, type: nativeType(id) }));
  const source = { kind: 'source' as const, columns, parameterTypes: [] };
  try {
    planQuery(
      {
        ...{ text, language: 'legacy', parameters: {}, connection: 'main', dialects: TEST_CONNECTIONS },
        ...{ pushdown: 'auto', throughWorker: false },
        answers: { 'source-0': source, 'source-1': source },
      },
      JUDGES_NOTHING,
    );
  } catch (thrown) {
    if (!(thrown instanceof QueryError)) throw thrown;
    const { span, hint } = thrown.details;
    return { code: thrown.code, at: text.slice(span!.start, span!.end), message: thrown.message, hint };
  }
  return { code: 'none' };
}

describe('mistakes in the legacy language', () => {
  for (const { query, ...expected } of MISTAKES)
    it(`${expected.code}: ${query}`, () => {
      expect(failure(query)).to.deep.equal(expected);
    });
});
