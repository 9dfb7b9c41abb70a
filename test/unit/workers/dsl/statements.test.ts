import { expect } from 'chai';
import type { AnswerOptions } from '../../../../core/protocol/answer.ts';
import type { Column } from '../../../../core/protocol/types.ts';
import { inputSelect } from '../../../../workers/dsl/inputs.ts';
import { answerHead, answerSelect, copyText, rowSeparator } from '../../../../workers/dsl/statements.ts';
import { firstColumn, withEngine } from './support.ts';

const columns: readonly Column[] = [
  { name: 'a "b",c', type: { kind: 'int64' } },
  { name: "it's", type: { kind: 'string' } },
];
const options = (overrides: Partial<AnswerOptions>): AnswerOptions => ({
  format: 'json',
  rows: 'objects',
  numbers: 'number',
  ...overrides,
});

/** The rows that the COPY statement would write. */
function rowTexts(answer: AnswerOptions): Promise<(string | null)[]> {
  const copy = copyText(
    `SELECT 1::BIGINT AS c0, 'x' AS c1 UNION ALL SELECT NULL, NULL`,
    columns,
    answer,
    '/nowhere',
  );
  const select = /^COPY \(([\s\S]*)\) TO '\/nowhere'/.exec(copy)![1]!;
  return withEngine((connection) => firstColumn(connection, select));
}

describe('dsl statements', () => {
  it('print rows as objects, as arrays and as CSV, whatever the columns are called', async () => {
    expect(await rowTexts(options({}))).to.deep.equal([
      `{"a \\"b\\",c":1,"it's":"x"}`,
      `{"a \\"b\\",c":null,"it's":null}`,
    ]);
    expect(await rowTexts(options({ rows: 'arrays' }))).to.deep.equal(['[1,"x"]', '[null,null]']);
    expect(await rowTexts(options({ format: 'csv' }))).to.deep.equal(['1,x', ',']);
  });

  it('begin each format with its head', () => {
    expect(answerHead(columns, options({}))).to.equal(
      `{"columns":[{"name":"a \\"b\\",c","type":"int64"},{"name":"it's","type":"string"}],"rows":[`,
    );
    expect(answerHead(columns, options({ format: 'csv' }))).to.equal(`"a ""b"",c",it's\r\n`);
    expect(answerHead(columns, options({ format: 'ndjson' }))).to.equal('');
    expect(
      ['json', 'ndjson', 'csv'].map((format) => rowSeparator(options({ format: format as 'json' }))),
    ).to.deep.equal([',', '\n', '\r\n']);
  });

  it('keep the order of the stages and end a plan that ends in a comment', async () => {
    const plan = {
      sql: 'SELECT i, i::VARCHAR FROM range(5) AS r(i) ORDER BY i DESC -- last',
      parameters: [],
      inputs: [{ name: 'input', columns: [], scans: 2 }],
      runsUserSql: false,
    };
    const select = answerSelect({ plan, columns });
    expect(await withEngine((connection) => firstColumn(connection, select))).to.deep.equal([
      '4',
      '3',
      '2',
      '1',
      '0',
    ]);
  });

  it('read an input by its place, and apply expressions around it', () => {
    const text = { name: 'x"y', wire: 'text', expression: null } as const;
    expect(inputSelect([text], 1)).to.match(
      /^SELECT r0 AS "x""y" FROM forkline_input\(1\) WHERE .* OFFSET 0$/,
    );
    const list = { name: 'l', wire: 'text', expression: 'f("l")' } as const;
    expect(inputSelect([text, list], 0)).to.match(
      /^SELECT "x""y", f\("l"\) AS "l" FROM \(SELECT r0 AS "x""y", r1 AS "l" FROM forkline_input\(0\) WHERE .* OFFSET 0\)$/,
    );
  });
});
