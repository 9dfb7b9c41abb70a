/** The rooms of rooms.json: whether what must name them does, and whether the check of their walls finds what is wrong. */
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

interface Room {
  readonly holds: string;
  readonly uses: readonly string[];
  /** Absent: it is. */
  readonly deployed?: boolean;
  /** Absent: it is compiled file by file for Node. */
  readonly builtFor?: 'browsers';
}

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const read = (name: string): string => readFileSync(join(ROOT, name), 'utf8');
const { rooms } = JSON.parse(read('rooms.json')) as { readonly rooms: Readonly<Record<string, Room>> };
const names = Object.keys(rooms);
const deployed = names.filter((name) => rooms[name]!.deployed !== false);
const ofNode = names.filter((name) => rooms[name]!.builtFor === undefined);
const includedBy = (name: string): readonly string[] =>
  (JSON.parse(read(name)) as { readonly include: readonly string[] }).include;

describe('the rooms', () => {
  it('are all folders of sources that there are', () => {
    const folders = readdirSync(ROOT, { withFileTypes: true }).filter(
      (entry) => entry.isDirectory() && !entry.name.startsWith('.') && entry.name !== 'node_modules',
    );
    const sources = folders
      .map(({ name }) => name)
      .filter((name) => !['dist', 'dist-dev', 'data', 'test'].includes(name))
      .filter((name) =>
        readdirSync(join(ROOT, name), { recursive: true, encoding: 'utf8' }).some((file) =>
          file.endsWith('.ts'),
        ),
      );
    expect(sources).to.have.members(names);
  });

  it('are compiled, checked and described', () => {
    expect(includedBy('tsconfig.build.json')).to.have.members(
      ofNode.filter((name) => deployed.includes(name)),
    );
    expect(includedBy('tsconfig.loadtest.json')).to.have.members(ofNode);
    expect(includedBy('tsconfig.json')).to.have.members([...ofNode, 'test']);
    const architecture = read('ARCHITECTURE.md');
    for (const name of names) expect(architecture).to.match(new RegExp(`^\\| \`${name}/`, 'm'));
  });

  it('that are deployed are in the image, and only those', () => {
    const copied = [...read('deploy/docker/Dockerfile').matchAll(/^COPY (\w+) \1\/$/gm)].map(
      ([, name]) => name,
    );
    const allowed = [...read('deploy/docker/Dockerfile.dockerignore').matchAll(/^!(\w+)$/gm)];
    expect(copied).to.have.members(deployed);
    expect(allowed.map(([, name]) => name)).to.have.members(deployed);
  });

  it('use only rooms and files that there are', () => {
    for (const [name, { uses }] of Object.entries(rooms))
      for (const used of uses)
        expect(existsSync(join(ROOT, used.split('*')[0]!)), `${name} uses ${used}`).to.equal(true);
  });
});

describe('the check of the walls', function () {
  this.timeout(60_000);
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'forkline-walls-'));
    const uses = { base: [], upper: ['base'] };
    put(
      'rooms.json',
      JSON.stringify({ rooms: mapUses(uses), limits: { filesInFolder: 3, linesInFile: 10 } }),
    );
    put('base/one.ts', 'export interface One {\n  readonly one: 1;\n}\n');
    put('upper/two.ts', "import type { One } from '../base/one.ts';\nexport type Two = One;\n");
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  function put(name: string, text: string): void {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }

  function problems(): string[] {
    const script = join(ROOT, 'scripts/check-walls.mjs');
    const { status, stderr } = spawnSync(process.execPath, [script, folder], { encoding: 'utf8' });
    const lines = stderr.trim().split('\n');
    expect(lines.at(-1)).to.match(/^walls: \d+ modules in 2 rooms/);
    expect(status).to.equal(lines.length === 1 ? 0 : 1);
    return lines.slice(0, -1);
  }

  it('passes where nothing is wrong', () => {
    expect(problems()).to.deep.equal([]);
  });

  it('finds a type that is imported upwards', () => {
    put('base/three.ts', "import type { Two } from '../upper/two.ts';\nexport type Three = Two;\n");
    expect(problems().join('\n')).to.contain('base uses only itself: base/three.ts -> upper/two.ts');
  });

  it('finds a circle of types, an entry that is imported, and an import of nothing', () => {
    put('base/four.ts', "import type { Five } from './five.ts';\nexport type Four = Five | 4;\n");
    put('base/five.ts', "import type { Four } from './four.ts';\nexport type Five = Four | 5;\n");
    put('upper/main.ts', "import { six } from './six.ts';\nexport const seven = six;\n");
    put('upper/two.ts', "export { seven } from './main.ts';\n");
    const found = problems().join('\n');
    expect(found).to.contain('no module reaches itself again: base/five.ts');
    expect(found).to.contain("nobody imports a process's entry: upper/two.ts -> upper/main.ts");
    expect(found).to.contain('every import is found: upper/main.ts -> ./six.ts');
  });

  it('finds folders that need each other, though no module does', () => {
    put('base/part/eight.ts', "import type { One } from '../one.ts';\nexport type Eight = One;\n");
    put('base/nine.ts', "import type { Eight } from './part/eight.ts';\nexport type Nine = Eight;\n");
    expect(problems()).to.deep.equal([
      'folders need each other: base/nine.ts -> base/part/eight.ts, base/part/eight.ts -> base/one.ts',
    ]);
  });

  it('finds a crowded folder and a long file, and reads files with `using`', () => {
    for (const name of ['a', 'b', 'c']) put(`base/${name}.ts`, `export const ${name} = 1;\n`);
    put(
      'upper/long.ts',
      'await using it = { async [Symbol.asyncDispose]() {} };\n'.repeat(1) + '\n'.repeat(12),
    );
    const found = problems();
    expect(found).to.include('base/ holds 4 files; a folder holds 3');
    expect(found).to.include('upper/long.ts has 14 lines; a file has 10');
  });
});

function mapUses(uses: Readonly<Record<string, readonly string[]>>): Record<string, Room> {
  return Object.fromEntries(Object.entries(uses).map(([name, used]) => [name, { holds: name, uses: used }]));
}
