/** `forkline compile`: each step as JSON, and what it says when something must be known first or is wrong. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { expect } from 'chai';
import { parseCommandLine } from '../../../cli/arguments.ts';
import { UsageError } from '../../../cli/command-line/usage-error.ts';
import { runCompile } from '../../../cli/compile.ts';

class Sink extends Writable {
  text = '';
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk;
    done();
  }
}

const QUERY = "select * from t | where a > 1 | parse b as regex '(?<n>x)' | head 3";

describe('forkline compile', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'compile-'));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  function describedAs(described: unknown): string {
    const file = join(dir, 'described.json');
    writeFileSync(file, JSON.stringify(described));
    return file;
  }

  async function compile(...args: readonly string[]) {
    const command = parseCommandLine(['compile', ...args]);
    if (command.name !== 'compile') throw new Error(`parsed as ${command.name}`);
    const [stdout, stderr] = [new Sink(), new Sink()];
    const code = await runCompile(command, { stdin: Readable.from([QUERY]), stdout, stderr });
    return { code, shown: stdout.text, said: stderr.text };
  }

  async function usageError(...args: readonly string[]): Promise<string> {
    try {
      await compile(...args);
    } catch (error) {
      if (error instanceof UsageError) return error.message;
      throw error;
    }
    throw new Error('it was taken');
  }

  it('prints where each stage runs and why', async () => {
    const file = describedAs({ 'source-0': { columns: { a: 'int64', b: 'string' } } });
    const { code, shown } = await compile('--step', 'placed', '--describe', file, QUERY);
    expect(code).to.equal(0);
    const { engines, answers, stages, queries } = JSON.parse(shown);
    expect(engines).to.deep.equal(['source:main', 'stages']);
    expect(answers).to.equal('stages');
    expect(stages.map(({ name, engine, why }: Record<string, string>) => [name, engine, why])).to.deep.equal([
      ['where', 'source:main', 'exact in PostgreSQL'],
      ['parse', 'stages', 'its patterns and JSON are read by the stage engine'],
      ['head', 'stages', 'it follows `parse`, which runs in a worker'],
    ]);
    expect(queries[0].runs.map(({ engine }: Record<string, string>) => engine)).to.deep.equal(engines);
    // `parse` keeps every row, so that the limit holds for what is fetched.
    expect(queries[0].runs[0].sent.atMost.value).to.equal('3');
  });

  it('prints the other steps, the statements when none is named', async () => {
    const file = describedAs({ 'source-0': { columns: { a: 'int64', b: 'string' } } });
    const tree = JSON.parse((await compile('--step', 'tree', '--describe', file, QUERY)).shown);
    expect(tree.query.stages.map(({ name }: { name: string }) => name)).to.deep.equal([
      'where',
      'parse',
      'head',
    ]);
    const resolved = JSON.parse((await compile('--step', 'resolved', '--describe', file, QUERY)).shown);
    expect(resolved.stages[0].resolved.condition.type).to.deep.equal({ kind: 'bool' });
    const { sources, worker } = JSON.parse((await compile('--describe', file)).shown);
    expect(sources[0].sql).to.contain('WHERE');
    expect(worker.sql).to.contain('regexp_extract_all');
  });

  it('says what it must know first, a question of a later step too', async () => {
    const unknown = await compile(QUERY);
    expect(unknown.code).to.equal(1);
    expect(unknown.said).to.contain('{"source-0": {"columns"');
    const pivot = 'select * from t | pivot count() splitrow b splitcol a';
    const file = describedAs({ 'source-0': { columns: { a: 'int64', b: 'string' } } });
    const asked = await compile('--describe', file, pivot);
    const key = /"(values-\d+)"/.exec(asked.said)?.[1];
    const whole = describedAs({
      'source-0': { columns: { a: 'int64', b: 'string' } },
      [key!]: { values: ['1', '2'] },
    });
    const { columns } = JSON.parse((await compile('--describe', whole, pivot)).shown);
    expect(columns.map(({ name }: { name: string }) => name)).to.deep.equal(['b', '1', '2']);
  });

  it('shows the place of an error in the query', async () => {
    const { code, said } = await compile('select 1 | hed 5');
    expect(code).to.equal(1);
    expect(said).to.contain('^').and.to.contain('head');
  });

  it('refuses what is wrong on the command line or in the file', async () => {
    expect(await usageError('--step', 'parsed', QUERY)).to.contain('tree, resolved, placed, statements');
    expect(await usageError('--describe', join(dir, 'nothing.json'), QUERY)).to.contain('cannot be read');
    const of = (described: unknown) => usageError('--describe', describedAs(described), QUERY);
    expect(await of([])).to.contain('must hold an object');
    expect(await of({ 'source-0': {} })).to.contain('must have columns');
    expect(await of({ 'source-0': { columns: { a: 'int65' } } })).to.contain('int64');
    expect(await of({ connections: { main: 'excel' } })).to.contain('"excel"');
  });
});
