/**
 * Each process loads the packages that it needs and no other, with the default configuration and the usual queries. What it may
 * load is listed in limits.ts; drivers of other databases, gRPC, Redis, tokens, tracing and charsets may not be in that list.
 */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { type Forkline, startForkline } from '../support/forkline.ts';
import { BUNDLED_PACKAGES, LOADED_ALL_THE_SAME, LOADED_PACKAGES, NEVER_LOADED } from './limits.ts';
import { packagesIn, type WatchedBuild, watchedBuild } from './watched-build.ts';

describe('the packages that a process loads', function () {
  this.timeout(120_000);
  let build: WatchedBuild;
  let forkline: Forkline;

  before(async () => {
    build = await watchedBuild();
    // A sandboxed worker could not write down what it loads.
    forkline = await startForkline({ dsl: { sandbox: 'off' } }, { command: build.command });
    // Modules that are loaded late are loaded by the usual queries.
    for (const pushdown of ['auto', 'off'])
      for (const query of [
        'select 1 as a',
        'select origin, delay from flights | where delay > 0 | stats count() by origin',
      ]) {
        const { status, text } = await forkline.query(query, { body: { pushdown } });
        expect(status, text).to.equal(200);
      }
  });

  after(async () => {
    await forkline.stop();
    await build[Symbol.asyncDispose]();
  });

  it('are those of test/budget/limits.ts', async () => {
    const processes = [{ role: 'monitor', pid: forkline.monitorPid }, ...(await forkline.processes())];
    const loaded: Record<string, string[]> = {};
    for (const { role, pid } of processes) {
      if (pid === null || !(role in LOADED_PACKAGES)) continue;
      const known = loaded[role] ?? [];
      loaded[role] = [...new Set([...known, ...(await build.packagesOf(pid))])].sort();
    }
    expect(loaded).to.deep.equal(LOADED_PACKAGES);
  });

  it('are, in the bundle of the DSL worker, those of test/budget/limits.ts', async () => {
    const sources = await sourcesOf('worker.js');
    expect(sources).to.have.length.above(20);
    expect(packagesIn(sources)).to.deep.equal(BUNDLED_PACKAGES);
  });

  it('are no driver of another database, no gRPC, Redis, tokens, tracing or charsets', () => {
    const all = [...Object.values(LOADED_PACKAGES).flat(), ...BUNDLED_PACKAGES];
    const refused = all.filter((name) => NEVER_LOADED.test(name));
    expect(refused).to.deep.equal(LOADED_ALL_THE_SAME);
  });
});

/** The sources of a file of the bundle and of the parts that it loads at once; what it imports late is in others. */
async function sourcesOf(name: string): Promise<string[]> {
  const file = fileURLToPath(new URL(`../../dist/workers/dsl/${name}`, import.meta.url));
  const [text, map] = await Promise.all([readFile(file, 'utf8'), readFile(`${file}.map`, 'utf8')]);
  const { sources } = JSON.parse(map) as { sources: string[] };
  const parts = [...text.matchAll(/^(?:\} from|import) "\.\/(bundle-[^"]+)";$/gm)].map(([, part]) => part!);
  return [...sources, ...(await Promise.all(parts.map(sourcesOf))).flat()];
}
