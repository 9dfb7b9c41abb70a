import { mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Config } from '../../../../core/config/config.ts';
import type { FilesConnection } from '../../../../core/protocol/connection.ts';
import { shownPlaces } from '../../../../monitor/sandbox/shown-places.ts';

describe('the places that a sandbox shows', () => {
  let dir: string;
  beforeEach(() => {
    dir = realpathSync(mkdtempSync(join(tmpdir(), 'forkline-places-')));
    mkdirSync(join(dir, 'one'));
    mkdirSync(join(dir, 'two'));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  const shown = (connections: Record<string, Omit<FilesConnection, 'kind' | 'tables'>>) =>
    shownPlaces({
      connections: Object.fromEntries(
        Object.entries(connections).map(([name, each]) => [name, { kind: 'files', tables: {}, ...each }]),
      ),
      dsl: { extensionDirectory: join(dir, 'extensions') },
    } as unknown as Config);

  it('are the directories of connections that are there, with their links resolved', async () => {
    symlinkSync(join(dir, 'one'), join(dir, 'link'));
    const { places, network } = await shown({
      a: { root: join(dir, 'link') },
      b: { root: join(dir, 'missing') },
    });
    expect(network).to.equal(false);
    expect(places.map(({ path, real }) => [path, real])).to.deep.equal([
      [join(dir, 'link'), join(dir, 'one')],
    ]);
  });

  it('are others when a link leads elsewhere, or a directory takes the place of another', async () => {
    symlinkSync(join(dir, 'one'), join(dir, 'link'));
    const connections = { a: { root: join(dir, 'link') } };
    const before = await shown(connections);
    expect((await shown(connections)).key).to.equal(before.key);
    symlinkSync(join(dir, 'two'), join(dir, 'next'));
    renameSync(join(dir, 'next'), join(dir, 'link'));
    const swapped = await shown(connections);
    expect(swapped.key).to.not.equal(before.key);
    mkdirSync(join(dir, 'new-two'));
    renameSync(join(dir, 'two'), join(dir, 'old-two'));
    renameSync(join(dir, 'new-two'), join(dir, 'two'));
    expect((await shown(connections)).key).to.not.equal(swapped.key);
  });

  it('are the same for all who ask at the same time', async () => {
    const connections = { a: { root: join(dir, 'one') }, b: { root: join(dir, 'two') } };
    const keys = await Promise.all([1, 2, 3].map(async () => (await shown(connections)).key));
    expect(new Set(keys).size).to.equal(1);
  });

  it('include the network where a connection reads from a store', async () => {
    const store = { kind: 'web', origin: 'https://files.example.com', prefix: '', authorization: 'x' };
    const { network } = await shown({
      a: { root: 'https://files.example.com/', store } as Omit<FilesConnection, 'kind' | 'tables'>,
    });
    expect(network).to.equal(true);
  });
});
