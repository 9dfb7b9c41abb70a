/** Tests which files a path stands for, and which directories are opened for it. */
import {
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import type { FileTree } from '../../../../connectors/files/file-tree.ts';
import {
  type FindOptions,
  findFiles,
  type WantedPartitions,
} from '../../../../connectors/files/find-files.ts';
import { LocalTree } from '../../../../connectors/files/local-tree.ts';
import { parsePath } from '../../../../connectors/files/user-path.ts';

describe('the files of a path', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'forkline-find-'));
    for (const path of [
      'a.csv',
      'b.parquet',
      'note.md',
      '_SUCCESS',
      '.hidden.csv',
      'd/c.csv',
      'd/e/f.csv',
      'd/_temporary/g.csv',
      'h/y=1/x.parquet',
      'h/y=2/x.parquet',
      'h/y=2/z.parquet',
      'h/_y=3/x.parquet',
    ])
      write(path);
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  function write(path: string): void {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), '');
  }

  async function found(path: string, options: Partial<FindOptions> = {}): Promise<readonly string[]> {
    const files = await findFiles(new LocalTree(root), parsePath(path), { hive: true, ...options });
    return files.map((file) => file.path).sort();
  }

  for (const [path, files] of [
    ['a.csv', ['a.csv']],
    ['note.md', ['note.md']],
    ['nothing.csv', []],
    ['*.csv', ['a.csv']],
    ['d', ['d/c.csv', 'd/e/f.csv']],
    ['d/*', ['d/c.csv', 'd/e/f.csv']],
    ['d/*.csv', ['d/c.csv']],
    ['**/*.csv', ['a.csv', 'd/c.csv', 'd/e/f.csv']],
    ['**/f.csv', ['d/e/f.csv']],
    ['d/**', ['d/c.csv', 'd/e/f.csv']],
    ['a.csv/x', []],
    ['**/e/*.csv', ['d/e/f.csv']],
    ['**/e', ['d/e/f.csv']],
    ['**/d/**/**/f.csv', ['d/e/f.csv']],
    ['**/*/e/f.csv', ['d/e/f.csv']],
    ['**/y=2/*.parquet', ['h/y=2/x.parquet', 'h/y=2/z.parquet']],
    ['**/_temporary/g.csv', []],
    ['d/_temporary/g.csv', ['d/_temporary/g.csv']],
    ['h/*/x.parquet', ['h/_y=3/x.parquet', 'h/y=1/x.parquet', 'h/y=2/x.parquet']],
  ] as const)
    it(`${path}: ${files.join(', ')}`, async () => {
      expect(await found(path)).to.deep.equal(files);
    });

  it('are looked for only in partitions that are wanted', async () => {
    const asked: string[] = [];
    const wanted: WantedPartitions = {
      includes([partition]) {
        const { key, value } = partition!;
        asked.push(`${key}=${value}`);
        return key === 'y' && value === '2';
      },
      only: () => null,
    };
    expect(await found('h', { wanted })).to.deep.equal(['h/y=2/x.parquet', 'h/y=2/z.parquet']);
    expect(asked.sort()).to.deep.equal(['_y=3', 'y=1', 'y=2']);
  });

  it('are looked for only in directories of the values that are wanted, however these are written', async () => {
    for (const name of ['n=7', 'n=07', 'n=8', 'n=x', 'n=__HIVE_DEFAULT_PARTITION__', 'n=%37', 'plain'])
      write(`n/${name}/x.parquet`);
    const asked: string[] = [];
    const wanted: WantedPartitions = {
      includes([partition]) {
        asked.push(`${partition!.value}`);
        return partition!.value !== 'x';
      },
      only: () => ({ type: 'BIGINT', values: [7n, 9n, 7n] }),
    };
    // A directory that tells no value of the type may have any rows.
    expect(await found('n', { wanted })).to.deep.equal(
      ['n=%37', 'n=07', 'n=7', 'plain'].map((name) => `n/${name}/x.parquet`),
    );
    expect(asked.sort()).to.deep.equal(['07', '7', '7', 'x']);
    expect(await found('n/n=*', { wanted })).to.have.length(3);
    expect(await found('n', { wanted, hive: false })).to.have.length(7);
  });

  it('are searched for no further than the first of many', async () => {
    for (let index = 0; index < 300; index++) write(`wide/p=${index}/x.parquet`);
    const tree = new LocalTree(root);
    const read: string[] = [];
    const watched: FileTree = {
      entries(directory) {
        read.push(directory);
        return tree.entries(directory);
      },
      kindOf: (path) => tree.kindOf(path),
      identify: (path) => tree.identify(path),
      refuseChanged: (path, before) => tree.refuseChanged(path, before),
      engineFile: (path) => tree.engineFile(path),
      open: (path) => tree.open(path),
      expect: (directory) => read.push(`expected ${directory}`),
    };
    await findFiles(watched, parsePath('wide'), { hive: true, atMost: 1 });
    expect(read).to.deep.equal(['wide', 'wide/p=0']);
    read.length = 0;
    await findFiles(watched, parsePath('wide'), { hive: true });
    // Others are expected while the first is read, but never all at once.
    const after = read.slice(read.indexOf('wide') + 1);
    expect(after.indexOf('wide/p=0')).to.equal(64);
    expect(after.filter((each) => each.startsWith('expected'))).to.have.length(300);
  });

  for (const options of [{}, { atMost: 1 }])
    it(`are refused where a directory may mean two things, also ${JSON.stringify(options)}`, async () => {
      write('h/y=null/x.parquet');
      const error = await found('h', options).then(
        () => null,
        (thrown: Error) => thrown,
      );
      expect(error?.message).to.equal('the directory h/y=null may mean null or the text null');
      expect(await found('h/y=1', options)).to.deep.equal(['h/y=1/x.parquet']);
    });

  it('are found anew when a directory has changed, however it was read before', async () => {
    const tree = new LocalTree(root);
    const names = (): readonly string[] => tree.entries('d')!.map(({ name }) => name);
    const long = new Date(Date.now() - 60_000);
    utimesSync(join(root, 'd'), long, long);
    expect(names()).to.deep.equal(['_temporary', 'c.csv', 'e']);
    write('d/new.csv');
    expect(names()).to.deep.equal(['_temporary', 'c.csv', 'e', 'new.csv']);
    rmSync(join(root, 'd/c.csv'));
    expect(names()).to.deep.equal(['_temporary', 'e', 'new.csv']);
    expect(tree.entries('nothing')).to.equal(null);
  });

  it('may be reached by links that stay inside, and by a root that is a link', async () => {
    symlinkSync('d/e', join(root, 'inside'));
    symlinkSync(root, `${root}-link`);
    try {
      expect(await found('inside')).to.deep.equal(['inside/f.csv']);
      expect(new LocalTree(`${root}-link`).root).to.equal(realpathSync(root));
    } finally {
      rmSync(`${root}-link`);
    }
  });

  it('are refused behind links that lead out, at any place, and behind links to a directory above', async () => {
    symlinkSync('/etc', join(root, 'd/out'));
    for (const path of ['d/out', 'd/out/passwd', 'd/*', 'd', '**/passwd']) {
      const error = await found(path).then(
        () => null,
        (thrown: Error) => thrown,
      );
      expect(error?.message, path).to.match(/^d\/out(\/passwd)? is a link that leads out of the root/);
    }
    rmSync(join(root, 'd/out'));
    symlinkSync('..', join(root, 'd/up'));
    const error = await found('d').then(
      () => null,
      (thrown: Error) => thrown,
    );
    expect(error?.message).to.equal('d/up is a link to a directory above it');
  });

  it('end with the query', async () => {
    const check = (): void => {
      throw new Error('ended');
    };
    for (let index = 0; index < 600; index++) mkdirSync(join(root, `many/${index}`), { recursive: true });
    const error = await found('many', { check }).then(
      () => null,
      (thrown: Error) => thrown,
    );
    expect(error?.message).to.equal('ended');
  });
});
