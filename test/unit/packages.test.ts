/** package.json names the packages that the code needs, all of them and no other. */
import { readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

function readJson<T>(name: string): T {
  return JSON.parse(readFileSync(join(ROOT, name), 'utf8')) as T;
}

/** The rooms that users get. */
const { include: shipped } = readJson<{ include: string[] }>('tsconfig.build.json');
const { dependencies, devDependencies } = readJson<Record<string, Record<string, string>>>('package.json');

function sourcesIn(rooms: readonly string[]): string[] {
  return rooms.flatMap((room) =>
    readdirSync(join(ROOT, room), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(?:ts|mjs)$/.test(name))
      .map((name) => readFileSync(join(ROOT, room, name), 'utf8')),
  );
}

/** Packages that are imported, required or resolved; of `pg/lib/x` it is `pg`. */
function packagesOf(sources: readonly string[]): Set<string> {
  const statement = /^(?:import|export) (?:[^;']*? from )?'([\w@][\w@./-]*)'/gm;
  const call = /(?:\bimport|\brequire|\)\.resolve)\('([\w@][\w@./-]*)'\)/g;
  const named = sources.flatMap((text) =>
    [statement, call].flatMap((pattern) => [...text.matchAll(pattern)].map(([, name]) => name!)),
  );
  const packages = named
    .filter((name) => !isBuiltin(name))
    .map((name) => {
      const parts = name.split('/');
      return parts.slice(0, name.startsWith('@') ? 2 : 1).join('/');
    });
  return new Set(packages);
}

describe('package.json', () => {
  const used = packagesOf(sourcesIn(shipped));

  it('has no dependency that the shipped code does not use', () => {
    expect(used.size).to.be.above(10);
    expect(Object.keys(dependencies!).filter((name) => !used.has(name))).to.deep.equal([]);
  });

  it('has every package that the shipped code uses as a dependency', () => {
    expect([...used].filter((name) => dependencies![name] === undefined)).to.deep.equal([]);
  });

  it('has every package that load tests, scripts and tests use', () => {
    const all = { ...dependencies, ...devDependencies };
    const others = packagesOf(sourcesIn(['loadtest', 'scripts', 'test']));
    expect([...others].filter((name) => all[name] === undefined)).to.deep.equal([]);
  });
});
