import { expect } from 'chai';
import { type ChainHead, EMPTY_CHAIN, readSeal, sealLine } from '../../../../core/audit/chain.ts';
import { type AuditReport, AuditVerifier, type VerifyOptions } from '../../../../core/audit/verify.ts';

const record = (seq: number, fields: object = {}, stream = 'aaaaaaaa') =>
  JSON.stringify({ stream, seq, event: 'query-begin', ...fields });

/** Sealed lines of records. */
function chain(records: readonly string[], before: ChainHead = EMPTY_CHAIN): string[] {
  let head = before;
  return records.map((each) => {
    const sealed = sealLine(each, head);
    head = sealed.head;
    return sealed.line;
  });
}

function verify(lines: readonly string[], options: Partial<VerifyOptions> = {}): AuditReport {
  const verifier = new AuditVerifier({ mayBeginLate: false, expected: null, ...options });
  for (const [index, line] of lines.entries()) verifier.add(line, `audit.jsonl:${index + 1}`);
  return verifier.finish();
}

const WHOLE = chain([1, 2, 3, 4, 5].map((seq) => record(seq, { queryId: `q${seq}` })));
const without = (index: number) => WHOLE.filter((_, at) => at !== index);
const HEAD = headOf(WHOLE.at(-1)!);

function headOf(line: string): ChainHead {
  const { n, hash } = readSeal(line)!;
  return { n, hash };
}

describe('the chain of the audit', () => {
  it('is JSON, and whole as it was written', () => {
    expect(JSON.parse(WHOLE[2]!)).to.include({ n: 3, seq: 3, queryId: 'q3' });
    expect(verify(WHOLE)).to.deep.include({ lines: 5, firstN: 1, problems: [], head: HEAD });
    expect(verify([])).to.deep.include({ lines: 0, firstN: null, problems: [], head: null });
    expect(verify(WHOLE, { expected: HEAD }).problems).to.deep.equal([]);
  });

  const changed = WHOLE[1]!.replace('q2', 'qX');
  /** Line 2 changed, and all after it sealed anew. */
  const rewritten = [
    WHOLE[0]!,
    ...chain(
      [2, 3, 4, 5].map((seq) => record(seq)),
      headOf(WHOLE[0]!),
    ),
  ];
  for (const [what, lines, problems] of [
    [
      'a changed record',
      WHOLE.map((line) => (line === WHOLE[1] ? changed : line)),
      ['audit.jsonl:2: line 2 was changed'],
    ],
    [
      'a changed number',
      WHOLE.map((line) => line.replace('"n":3,', '"n":33,')),
      ['line 33 was changed', 'line 33 follows line 2', 'line 4 follows line 33'],
    ],
    [
      'a missing line',
      without(2),
      ['audit.jsonl:3: line 4 follows line 2: one line is missing', '1 lines of their writer never'],
    ],
    [
      'missing lines',
      [WHOLE[0]!, WHOLE[4]!],
      ['line 5 follows line 1: 3 lines are missing', '3 lines of their writer'],
    ],
    [
      'a missing beginning',
      WHOLE.slice(2),
      ['the first line here is line 3: 2 before it are missing', 'never reached'],
    ],
    [
      'lines that were exchanged',
      [WHOLE[0]!, WHOLE[2]!, WHOLE[1]!, WHOLE[3]!, WHOLE[4]!],
      [
        'line 3 follows line 1',
        'seq 3 after 1',
        'line 2 follows line 3: lines were moved',
        'it is here twice',
        'line 4 follows line 2',
        'seq 4',
      ],
    ],
    [
      'a line that is there twice',
      [...WHOLE.slice(0, 2), WHOLE[1]!, ...WHOLE.slice(2)],
      ['line 2 follows line 2: lines were moved or are here twice', 'it is here twice'],
    ],
    [
      'a line without a seal',
      [WHOLE[0]!, '{"event":"x"}', ...WHOLE.slice(1)],
      ['audit.jsonl:2: the line has no seal'],
    ],
    ['half a line', [...WHOLE.slice(0, 4), WHOLE[4]!.slice(0, 40)], ['audit.jsonl:5: the line has no seal']],
    [
      'a line of another chain',
      [WHOLE[0]!, ...chain([record(2)], { n: 1, hash: 'f'.repeat(64) }), ...WHOLE.slice(2)],
      ['line 2 follows another line 1', 'line 3 follows another line 2'],
    ],
    [
      'a forged first line',
      chain([record(1)], { n: 0, hash: 'f'.repeat(64) }),
      ['the first line follows another one'],
    ],
  ] as const)
    it(`shows ${what}`, () => {
      const found = verify(lines).problems.map(({ where, problem }) => `${where}: ${problem}`);
      expect(found.length, found.join('\n')).to.equal(problems.length);
      for (const [index, problem] of problems.entries()) expect(found[index]).to.contain(problem);
    });

  it('shows with a kept head that its end was cut off, or all of it written anew', () => {
    expect(verify(WHOLE.slice(0, 4)).problems, 'alone it does not').to.deep.equal([]);
    const cut = verify(WHOLE.slice(0, 4), { expected: HEAD }).problems;
    expect(cut.map(({ problem }) => problem)).to.deep.equal([
      'line 5, whose head was kept, is not here: the end was cut off',
    ]);
    expect(verify(rewritten).problems, 'alone it does not').to.deep.equal([]);
    const [anew] = verify(rewritten, { expected: HEAD }).problems;
    expect(anew!.problem).to.contain('has another hash than the head that was kept');
  });

  it('may begin late where the configuration removes old files', () => {
    expect(verify(WHOLE.slice(2), { mayBeginLate: true })).to.deep.include({ firstN: 3, problems: [] });
  });

  it('shows lines that a writer made and that never came, and counts queries without an end', () => {
    const lines = chain([
      record(1, { queryId: 'a' }),
      record(2, { queryId: 'b' }),
      record(1, { queryId: 'c' }, 'bbbbbbbb'),
      record(3, { event: 'query-end', queryId: 'a' }),
      record(5, {}),
    ]);
    const { problems, unended } = verify(lines);
    expect(problems.map(({ problem }) => problem)).to.deep.equal([
      '1 lines of their writer never reached the file (stream aaaaaaaa, seq 5 after 3)',
    ]);
    expect(unended).to.equal(2);
  });
});
