import { expect } from 'chai';
import type { AnswerOptions } from '../../../../core/protocol/answer.ts';
import type { Column } from '../../../../core/protocol/types.ts';
import { inputSelect } from '../../../../workers/dsl/input.ts';
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
    const select = answerSelect({ plan, columns, inputFifos: ['/nowhere'], maxRowBytes: 1000 });
    expect(await withEngine((connection) => firstColumn(connection, select))).to.deep.equal([
      '4',
      '3',
      '2',
      '1',
      '0',
    ]);
  });

  it('read the input through a buffer as large as its longest row may be', () => {
    const columns = [{ name: 'x"y', csvType: 'VARCHAR', expression: null }];
    const select = inputSelect({ fifoPath: "/it's", columns, maxRowBytes: 4096 });
    expect(select).to.match(/^SELECT "x""y" FROM read_csv\('\/it''s'/);
    expect(select).to.match(/buffer_size = 4096, max_line_size = 4096/);
  });
});
