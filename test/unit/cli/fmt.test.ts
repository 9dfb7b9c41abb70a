/** `forkline fmt` on real files: what it prints, what it changes, what it leaves alone, and its exit codes. */
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { expect } from 'chai';
import { parseCommandLine } from '../../../cli/arguments.ts';
import { runFmt } from '../../../cli/fmt.ts';
import type { FmtOptions } from '../../../cli/kit/edit-options.ts';
import { UsageError } from '../../../cli/kit/usage-error.ts';

const UGLY = 'select a from t|where a>1';
const GOOD = 'select a from t\n| where a > 1\n';

class Sink extends Writable {
  text = '';
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk;
    done();
  }
}

describe('forkline fmt', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'fmt-'));
    writeFileSync(join(dir, 'ugly.fl'), UGLY, { mode: 0o640 });
    writeFileSync(join(dir, 'good.fl'), GOOD);
    writeFileSync(join(dir, 'bad.fl'), 'select 1\n| hed 5');
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  const at = (name: string): string => join(dir, name);
  const read = (name: string): string => readFileSync(at(name), 'utf8');

  async function run(mode: FmtOptions['mode'], files: readonly string[], stdin = '') {
    const [stdout, stderr] = [new Sink(), new Sink()];
    const code = await runFmt({ files, mode }, { stdin: Readable.from([stdin]), stdout, stderr });
    return { code, stdout: stdout.text, stderr: stderr.text };
  }

  it('formats stdin to stdout', async () => {
    expect(await run('print', [], UGLY)).to.deep.equal({ code: 0, stdout: GOOD, stderr: '' });
    expect(await run('write', ['-'], UGLY)).to.deep.equal({ code: 0, stdout: GOOD, stderr: '' });
  });

  it('prints files and leaves them as they are', async () => {
    expect((await run('print', [at('ugly.fl')])).stdout).to.equal(GOOD);
    expect(read('ugly.fl')).to.equal(UGLY);
  });

  it('checks: names what would change, exit code 1', async () => {
    const { code, stdout } = await run('check', [at('good.fl'), at('ugly.fl')]);
    expect([code, stdout]).to.deep.equal([1, `${at('ugly.fl')}\n`]);
    expect(await run('check', [at('good.fl')])).to.deep.equal({ code: 0, stdout: '', stderr: '' });
    expect((await run('check', [], UGLY)).code).to.equal(1);
    expect(read('ugly.fl')).to.equal(UGLY);
  });

  it('writes: only what changes, keeping mode and links, leaving nothing behind', async () => {
    symlinkSync(at('ugly.fl'), at('link.fl'));
    const { code, stdout } = await run('write', [at('link.fl'), at('good.fl')]);
    expect([code, stdout]).to.deep.equal([0, `${at('link.fl')}\n`]);
    expect(read('ugly.fl')).to.equal(GOOD);
    expect(statSync(at('ugly.fl')).mode & 0o777).to.equal(0o640);
    expect(readdirSync(dir)).to.have.members(['ugly.fl', 'good.fl', 'bad.fl', 'link.fl']);
  });

  it('reports what does not parse with its place, leaves it untouched, and does the others', async () => {
    const { code, stderr } = await run('write', [at('bad.fl'), at('missing.fl'), at('ugly.fl')]);
    expect(code).to.equal(1);
    expect(stderr).to.include('bad.fl: error: unknown stage `hed`').and.to.include('line 2, column 3');
    expect(stderr).to.include('missing.fl cannot be read');
    expect(read('bad.fl')).to.equal('select 1\n| hed 5');
    expect(read('ugly.fl')).to.equal(GOOD);
  });

  it('is asked for on the command line', () => {
    expect(parseCommandLine(['fmt', 'a', 'b', '--check'])).to.deep.equal({
      name: 'fmt',
      files: ['a', 'b'],
      mode: 'check',
    });
    expect(parseCommandLine(['fmt'])).to.deep.equal({ name: 'fmt', files: [], mode: 'print' });
    expect(() => parseCommandLine(['fmt', '--check', '--write'])).to.throw(UsageError, 'choose one');
    expect(() => parseCommandLine(['query', '--write', 'x'])).to.throw(UsageError, 'no option --write');
  });
});
