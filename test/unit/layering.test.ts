/** The layers of ARCHITECTURE.md, read off the imports. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const ROOMS = [
  'cli',
  'connectors',
  'core',
  'demo',
  'language',
  'loadtest',
  'logger',
  'monitor',
  'server',
  'workers',
];

interface Import {
  readonly from: string;
  readonly to: string;
  readonly typesOnly: boolean;
}

function modules(): string[] {
  return ROOMS.flatMap((room) =>
    readdirSync(join(ROOT, room), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => join(room, name)),
  );
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(ROOT, file), 'utf8');
  const found = [...text.matchAll(/^(?:import|export) (type )?(?:[^;'"]*? from )?'(\.[^']+)';/gm)];
  return found.map(([, type, path]) => ({
    from: file,
    to: relative(ROOT, join(ROOT, dirname(file), path!)),
    typesOnly: type !== undefined,
  }));
}

const files = modules();
const imports = files.flatMap(importsOf);
const room = (file: string): string => file.split('/')[0]!;

/** A chain of modules that ends where it begins; types do not count, they are gone when it runs. */
function cycle(): string[] | null {
  const next = new Map(
    files.map((file) => [file, imports.filter((i) => i.from === file && !i.typesOnly).map((i) => i.to)]),
  );
  const done = new Set<string>();
  const walk = (file: string, path: readonly string[]): string[] | null => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return null;
    for (const to of next.get(file) ?? []) {
      const found = walk(to, [...path, file]);
      if (found !== null) return found;
    }
    done.add(file);
    return null;
  };
  for (const file of files) {
    const found = walk(file, []);
    if (found !== null) return found;
  }
  return null;
}

describe('layers', () => {
  it('were read: modules and imports are there, and every import names a module', () => {
    expect(files.length).to.be.above(150);
    expect(imports.length).to.be.above(400);
    expect(imports.filter(({ to }) => !existsSync(join(ROOT, to)))).to.deep.equal([]);
  });

  it('language imports nothing of ours but core/protocol', () => {
    const outside = imports.filter(({ from, to }) => room(from) === 'language' && room(to) !== 'language');
    expect(outside.filter(({ to }) => !to.startsWith('core/protocol/'))).to.deep.equal([]);
  });

  it('workers, monitor and logger never import the server, but for the type of its configuration', () => {
    const wrong = imports.filter(
      ({ from, to, typesOnly }) =>
        ['workers', 'monitor', 'logger'].includes(room(from)) &&
        room(to) === 'server' &&
        !(to === 'core/protocol/server-config.ts' && typesOnly),
    );
    expect(wrong).to.deep.equal([]);
  });

  it('nothing that runs imports tests, load tests or the command', () => {
    const wrong = imports.filter(
      ({ from, to }) =>
        !['cli', 'loadtest'].includes(room(from)) && ['cli', 'loadtest', 'test'].includes(room(to)),
    );
    expect(wrong).to.deep.equal([]);
  });

  it('load tests import no tests', () => {
    const wrong = imports.filter(({ from, to }) => room(from) === 'loadtest' && room(to) === 'test');
    expect(wrong).to.deep.equal([]);
  });

  it('have no cycles', () => {
    expect(cycle()).to.equal(null);
  });
});
