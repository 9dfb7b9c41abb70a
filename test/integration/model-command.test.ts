/** `forkline model` and `forkline migrate`, as users run them. */
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { FEW_PROCESSES, type Forkline, startForkline } from '../support/forkline.ts';
import { type StoreDatabase, storeDatabase } from '../support/store-database.ts';

const COMMAND = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

describe('forkline model', function () {
  this.timeout(120_000);
  let store: StoreDatabase;
  let forkline: Forkline;
  let dir: string;

  before(async () => {
    store = await storeDatabase();
    dir = await mkdtemp(join(tmpdir(), 'forkline-models-'));
    forkline = await startForkline({ ...FEW_PROCESSES, store: { url: store.url } });
  });
  after(async () => {
    await forkline.stop();
    await rm(dir, { recursive: true });
    await store[Symbol.asyncDispose]();
  });

  function run(
    args: readonly string[],
    env: Record<string, string> = {},
  ): Promise<{ code: number; out: string }> {
    const child = spawn(process.execPath, [COMMAND, ...args], {
      cwd: dir,
      env: { PATH: process.env.PATH ?? '', FORKLINE_URL: forkline.url, ...env },
    });
    let out = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        out += text;
      });
    return new Promise((resolve) => child.on('close', (code) => resolve({ code: code ?? -1, out })));
  }
  const done = async (...args: string[]): Promise<string> => {
    const { code, out } = await run(args);
    expect(code, out).to.equal(0);
    return out;
  };

  it('makes a model of a file, shows it, edits it, and goes back', async () => {
    const text =
      'name: late\ntags:\n  - x\nquery: |-\n  select origin, delay from flights\n  | where delay > 0\n';
    await writeFile(join(dir, 'late.yaml'), text);
    expect(await done('model', 'create', 'late.yaml', '--reason', 'first')).to.equal(
      'late is saved as version 1\n',
    );
    expect(await done('model', 'show', 'late')).to.equal(`# version 1\n${text}`);
    expect(await done('model', 'list', '--tag', 'x')).to.contain('late');
    const editor = join(dir, 'editor.sh');
    await writeFile(editor, '#!/bin/sh\nsed -i "s/delay > 0/delay > 10/" "$1"\n', { mode: 0o755 });
    const edited = await run(['model', 'edit', 'late', '--reason', 'later'], { EDITOR: editor });
    expect(edited).to.deep.equal({ code: 0, out: 'late is saved as version 2\n' });
    expect(await done('model', 'diff', 'late')).to.equal(
      'late: version 1 -> 2\n  query:\n      select origin, delay from flights\n    - | where delay > 0\n    + | where delay > 10\n',
    );
    await writeFile(editor, '#!/bin/sh\nsed -i "s/where/whre/" "$1"\n', { mode: 0o755 });
    const wrong = await run(['model', 'edit', 'late'], { EDITOR: editor });
    expect([wrong.code, wrong.out]).to.deep.equal([1, wrong.out]);
    expect(wrong.out)
      .to.contain('the text is kept in')
      .and.contain('unknown stage `whre`')
      .and.contain('^^^^');
    expect(await done('model', 'rollback', 'late', '--to', '1')).to.equal('late is saved as version 3\n');
    expect(await done('model', 'versions', 'late')).to.match(
      /3 .*back to version 1\n *2 .*later\n *1 .*first/,
    );
    expect(await done('model', 'test', 'late')).to.equal('contract: holds\n');
    expect(await done('model', 'uses', 'late')).to.contain('reads on main: flights; columns delay, origin');
    expect(await done('query', 'late | stats count() as n', '--format', 'csv')).to.match(/^n\r\n\d+\r\n$/);
  });

  it('applies a folder with its plan shown before, exports it, and applies it again without a change', async () => {
    const models = join(dir, 'models');
    await done('model', 'export', 'models');
    for (let index = 1; index <= 50; index++) {
      const base = index === 1 ? 'late' : `chain_${index - 1}`;
      await writeFile(
        join(models, `chain_${index}.yaml`),
        `name: chain_${index}\nquery: ${base} | where delay > ${index}\n`,
      );
    }
    const planned = await done('model', 'apply', 'models', '--dry-run');
    expect(planned).to.contain('create chain_50\n').and.contain('50 of 51 models differ');
    expect(planned).to.not.contain('applied');
    expect(await done('model', 'apply', 'models')).to.contain('50 of 51 models differ\napplied\n');
    expect(await done('model', 'apply', 'models')).to.equal('0 of 51 models differ\n');
    await done('model', 'export', 'again');
    expect(await readdir(join(dir, 'again'))).to.have.length(51);
    expect(await done('model', 'apply', 'again', '--prune')).to.equal('0 of 51 models differ\n');
    expect(await done('model', 'export', 'again')).to.contain('0 files written');
    await rm(join(models, 'chain_50.yaml'));
    await writeFile(
      join(models, 'chain_1.yaml'),
      (await readFile(join(models, 'chain_1.yaml'), 'utf8')).replace('> 1', '> 2'),
    );
    expect(await done('model', 'apply', 'models', '--prune'))
      .to.contain('change chain_1 (version 1)\n')
      .and.contain('remove chain_50');
  });

  it('changes nothing when files are wrong, and names each of them', async () => {
    const bad = join(dir, 'models');
    await writeFile(join(bad, 'chain_2.yaml'), 'name: chain_2\nquery: late | whre x\n');
    await writeFile(join(bad, 'chain_3.yaml'), 'name: chain_3\nquery: [\n');
    const { code, out } = await run(['model', 'apply', 'models']);
    expect([code, out.includes('chain_3.yaml')], out).to.deep.equal([2, true]);
    await rm(join(bad, 'chain_3.yaml'));
    const refused = await run(['model', 'apply', 'models', '--prune']);
    expect(refused.code).to.equal(1);
    expect(refused.out)
      .to.contain('cannot be saved, so nothing was changed')
      .and.contain('chain_2: unknown stage `whre`');
    expect(await done('model', 'show', 'chain_2')).to.contain('# version 1');
  });

  it('refuses what it does not know, with what to write', async () => {
    for (const [args, message] of [
      [['model'], 'say what to do: forkline model list, show'],
      [['model', 'shw', 'a'], 'say what to do'],
      [['model', 'show'], 'write: forkline model show NAME'],
      [['model', 'show', 'a', '--prune'], '"forkline model show" has no option --prune'],
      [['model', 'rollback', 'a'], '--to 2'],
      [['model', 'apply', 'nowhere.yaml'], 'nowhere.yaml'],
    ] as const) {
      const { code, out } = await run(args);
      expect(code, out).to.equal(2);
      expect(out).to.contain(message);
    }
    expect((await run(['model', 'show', 'lat'])).out)
      .to.contain('there is no model `lat`')
      .and.contain('did you mean late');
  });

  it('migrates a store, and says what is pending', async () => {
    await using fresh = await storeDatabase();
    const config = join(dir, 'migrate.json');
    await writeFile(config, JSON.stringify({ store: { url: 'env:STORE' } }));
    const migrate = (...more: string[]) =>
      run(['migrate', '--config', config, ...more], { STORE: fresh.url });
    expect(await migrate('--check')).to.deep.include({ code: 1 });
    expect((await migrate('--check')).out).to.equal('pending V1__models.sql\npending V2__connections.sql\n');
    expect(await migrate()).to.deep.equal({
      code: 0,
      out: 'applied V1__models.sql\napplied V2__connections.sql\n',
    });
    expect(await migrate('--check')).to.deep.equal({ code: 0, out: 'the store is up to date\n' });
    await fresh.admin("update forkline.flyway_schema_history set checksum = 1 where version = '1'");
    expect((await migrate('--check')).out).to.contain('V1__models.sql has the checksum');
    await fresh.close();
    const away = await migrate();
    expect([away.code, away.out.includes('does not answer')], away.out).to.deep.equal([1, true]);
    expect(away.out).to.not.contain(new URL(fresh.url).password);
    await fresh.open();
    expect((await run(['migrate'])).out).to.contain('no store is configured');
  });
});
