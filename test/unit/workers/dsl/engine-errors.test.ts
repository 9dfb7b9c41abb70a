import { expect } from 'chai';
import { QueryError } from '../../../../core/protocol/errors.ts';
import { engineError } from '../../../../workers/dsl/engine-errors.ts';

const limits = {
  ...{ memoryBytes: 100, spillBytes: 200 },
  ...{ spillDir: '/run/forkline/ab/spill/dsl-1', fifoPath: '/run/forkline/ab/dsl-1.in' },
};
const mapped = (message: string): QueryError => engineError(new Error(message), limits);

describe('dsl engine errors', () => {
  it('name the limit that was passed', () => {
    const spill = mapped(
      "Out of Memory Error: failed to offload data block of size 256.0 KiB (7.6 MiB/7.6 MiB used).\nThis limit was set by the 'max_temp_directory_size' setting.",
    );
    expect([spill.code, spill.details.limit]).to.deep.equal([
      'spill-exceeded',
      { name: 'dslSpillBytes', value: 200 },
    ]);
    const memory = mapped(
      'Out of Memory Error: could not allocate block of size 256.0 KiB (63.8 MiB/64.0 MiB used)',
    );
    expect([memory.code, memory.details.limit]).to.deep.equal([
      'memory-exceeded',
      { name: 'dslMemoryBytes', value: 100 },
    ]);
  });

  it('say which value is bad, in the words of the language', () => {
    const cases: Readonly<Record<string, string>> = {
      "Conversion Error: Could not convert string 'zz' to INT64 when casting from source column s\n\nLINE 1: select":
        "column s: 'zz' is not a valid int64",
      "Conversion Error: Could not convert string 'zz' to INT64\n\nLINE 1: select":
        "'zz' is not a valid int64",
      "Conversion Error: Could not convert string 'zz' to DECIMAL(10,2) when casting from source column c0\n":
        "'zz' is not a valid decimal(10,2)",
      'Conversion Error: Could not convert string "zz" to DECIMAL(10,2)\n\nLINE 1: select':
        "'zz' is not a valid decimal(10,2)",
      "Conversion Error: Type INT64 with value 99999999999 can't be cast because the value is out of range for the destination type INT32 when casting from source column x\n\nLINE 1":
        'column x: 99999999999 is out of range for int64',
      'Out of Range Error: Overflow in addition of INT64 (9223372036854775807 + 1)!':
        'Overflow in addition of INT64 (9223372036854775807 + 1)!',
      'Conversion Error: invalid timestamp field format: "nope", expected format is (YYYY-MM-DD HH:MM:SS)':
        "'nope' is not a valid date or timestamp",
      'Invalid Input Error: user said no': 'user said no',
    };
    for (const [message, text] of Object.entries(cases))
      expect(mapped(message)).to.include({ code: 'bad-value', message: text });
  });

  it('know a negative parameter of `head` for what it is', () => {
    const error = mapped('Binder Error: LIMIT/OFFSET cannot be negative\n\nLINE 3: LIMIT');
    expect([error.code, error.details.hint]).to.deep.equal([
      'bad-parameter',
      'send its parameter as 0 or more',
    ]);
  });

  it("are a stage's own where its statement raised one", () => {
    const details = { hint: 'ask for less', limit: { name: 'timechartRows', value: 1000000 } };
    const raised = { code: 'result-too-large', message: 'too many rows', ...details };
    const error = mapped(`Invalid Input Error: @forkline ${JSON.stringify(raised)}`);
    expect(error).to.include({ code: 'result-too-large', message: 'too many rows' });
    expect(error.details).to.deep.equal(details);
  });

  it('are of the query where its values or expressions can cause them', () => {
    const codes: Readonly<Record<string, string>> = {
      'Out of Range Error: x': 'bad-value',
      'Divide by Zero Error: x': 'bad-value',
      'Decimal Error: x': 'bad-value',
      'Object Size Error: x': 'bad-value',
      'Mismatch Type Error: x': 'bad-value',
      'Expression Error: x': 'bad-value',
      'Syntax Error: Like pattern must not end with escape character!': 'bad-value',
      "Binder Error: JSON path error near ''": 'bad-value',
      'Not implemented Error: x': 'unsupported',
      'Permission Error: x': 'read-only',
      'IO Error: Could not write file "/x": No space left on device': 'spill-exceeded',
      'INTERNAL Error: x': 'internal',
      'FATAL Error: x': 'internal',
      'IO Error: x': 'internal',
      'TransactionContext Error: x': 'internal',
      'a kind that is new': 'internal',
    };
    for (const [message, code] of Object.entries(codes)) expect(mapped(message).code, message).to.equal(code);
  });

  it('name no file of the worker', () => {
    const error = mapped(
      'IO Error: Cannot open file "/run/forkline/ab/spill/dsl-1/duckdb_temp.tmp": x; /run/forkline/ab/dsl-1.in.answer, /run/forkline/ab',
    );
    expect(error.message).to.equal(
      'internal error: IO Error: Cannot open file "(a file of the worker)": x; (a file of the worker) (a file of the worker)',
    );
  });

  it('pass a QueryError through and leave the unknown internal, with its cause', () => {
    const known = new QueryError('cancelled', 'x');
    expect(engineError(known, limits)).to.equal(known);
    const unknown = mapped('Binder Error: Referenced column "x" not found');
    expect(unknown.code).to.equal('internal');
    expect(unknown.cause).to.be.instanceOf(Error);
  });
});
