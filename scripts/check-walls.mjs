/**
 * Checks the walls between the rooms (rooms.json) by dependency-cruiser, types counted: a room imports only rooms that it
 * may use, nobody imports the entry of a process, no module reaches itself again, and no two folders need each other.
 * It also checks how many files a folder holds and how long a file is. Prints what is wrong; the exit code is then 1.
 *
 *   node scripts/check-walls.mjs [folder]     the folder with rooms.json: this repository when left out
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Compiler } from '@swc/core';
import { Visitor } from '@swc/core/Visitor.js';
import { cruise } from 'dependency-cruiser';

process.chdir(process.argv[2] ?? fileURLToPath(new URL('../', import.meta.url)));
const { rooms, limits, registries = [] } = JSON.parse(readFileSync('rooms.json', 'utf8'));
const names = Object.keys(rooms);

// The visitor that comes with swc stops at `using`, which dependency-cruiser then takes for a mistake.
const { visitStatement } = Visitor.prototype;
Visitor.prototype.visitStatement = function visit(statement) {
  if (statement.type !== 'UsingDeclaration') return visitStatement.call(this, statement);
  this.visitVariableDeclarators(statement.decls);
  return statement;
};

// dependency-cruiser does not tell swc that a .tsx file has JSX in it.
const { parseFileSync } = Compiler.prototype;
Compiler.prototype.parseFileSync = function parse(file, options) {
  return parseFileSync.call(this, file, { ...options, tsx: file.endsWith('.tsx') });
};

/** `core` is the folder with all that is in it, a `*` stands for one name. */
function pathPattern(path) {
  const escaped = path.replaceAll('.', '\\.').replaceAll('*', '[^/]+');
  return /\.tsx?$/.test(path) ? `^${escaped}$` : `^${escaped}/`;
}

function wallsOf([room, { uses }]) {
  return {
    name: `${room} uses only ${['itself', ...uses].join(', ')}`,
    severity: 'error',
    from: { path: `^${room}/` },
    to: { path: `^(${[...names, 'test', 'scripts'].join('|')})/`, pathNot: [room, ...uses].map(pathPattern) },
  };
}

const forbidden = [
  ...Object.entries(rooms).map(wallsOf),
  {
    name: "nobody imports a process's entry",
    severity: 'error',
    from: {},
    to: { path: '(^|/)(main|worker)\\.ts$' },
  },
  { name: 'no module reaches itself again', severity: 'error', from: {}, to: { circular: true } },
  { name: 'every import is found', severity: 'error', from: {}, to: { couldNotResolve: true } },
];

const files = names
  .flatMap((room) => readdirSync(room, { recursive: true, encoding: 'utf8' }).map((name) => join(room, name)))
  .filter((file) => /\.tsx?$/.test(file));
const texts = new Map(files.map((file) => [file, readFileSync(file, 'utf8')]));

const options = {
  parser: 'swc',
  tsPreCompilationDeps: true,
  doNotFollow: { path: 'node_modules' },
};
const { output } = await cruise(names, { ...options, validate: true, ruleSet: { forbidden } });
const wrong = [
  ...output.summary.violations.map(({ rule, from, to, cycle = [] }) => {
    const way = cycle.length === 0 ? [to] : cycle.map(({ name }) => name);
    return `${rule.name}: ${[from, ...way].join(' -> ')}`;
  }),
  ...unseen(output.modules),
  ...mutualFolders(output.modules),
  ...tooMany(),
];
for (const line of wrong) console.error(line);
console.error(`walls: ${files.length} modules in ${names.length} rooms, ${wrong.length} problems`);
process.exitCode = wrong.length === 0 ? 0 : 1;

/** Returns the files and imports that the cruise missed, by a plain look at the texts. Without a parser it misses all of them. */
function unseen(modules) {
  const seen = new Map(
    modules.map(({ source, dependencies }) => [source, dependencies.map(({ resolved }) => resolved)]),
  );
  return files.flatMap((file) => {
    if (!seen.has(file)) return [`not read: ${file}`];
    const imports = texts.get(file).matchAll(/^(?:import|export) [^;'"]*from '(\.[^']+)';/gm);
    const paths = [...imports].map(([, path]) => normalize(join(dirname(file), path)));
    return paths
      .filter((path) => existsSync(path) && !seen.get(file).includes(path))
      .map((path) => `an import was not seen: ${file} -> ${path}`);
  });
}

/** The folder of a file. A registry counts as its own: it lists what the folders below hold, and they use what stands beside it. */
function homeOf(file) {
  return registries.includes(file) ? file : dirname(file);
}

/** The shortest circles of folders: from each folder that imports lead back to, over whichever others. */
function mutualFolders(modules) {
  // A load test is a program of its own, whose main folder has what its parts share.
  const own = new Set(files.filter((file) => !file.startsWith('loadtest/')));
  const edges = modules.flatMap(({ source, dependencies }) =>
    dependencies
      .filter(({ resolved }) => own.has(source) && own.has(resolved) && homeOf(source) !== homeOf(resolved))
      .map(({ resolved }) => ({
        from: homeOf(source),
        to: homeOf(resolved),
        file: source,
        used: resolved,
      })),
  );
  const next = groupBy(edges, ({ from }) => from);
  const circles = new Map();
  for (const folder of next.keys()) {
    const circle = shortestCircle(next, folder);
    if (circle === null) continue;
    const name = circle
      .map(({ from }) => from)
      .sort()
      .join(' ');
    if (!circles.has(name)) circles.set(name, circle);
  }
  return [...circles.values()].map((circle) => {
    return `folders need each other: ${circle.map(({ file, used }) => `${file} -> ${used}`).join(', ')}`;
  });
}

/** The imports that lead from a folder back to it over the fewest folders; null: none do. */
function shortestCircle(next, start) {
  const ways = new Map([[start, []]]);
  for (const [folder, way] of ways)
    for (const edge of next.get(folder) ?? []) {
      if (edge.to === start) return [...way, edge];
      if (!ways.has(edge.to)) ways.set(edge.to, [...way, edge]);
    }
  return null;
}

function tooMany() {
  const inFolder = groupBy(files, dirname);
  const crowded = [...inFolder].filter(([, held]) => held.length > limits.filesInFolder);
  const long = [...texts].map(([file, text]) => [file, text.split('\n').length]);
  return [
    ...crowded.map(
      ([folder, held]) => `${folder}/ holds ${held.length} files; a folder holds ${limits.filesInFolder}`,
    ),
    ...long
      .filter(([, lines]) => lines > limits.linesInFile)
      .map(([file, lines]) => `${file} has ${lines} lines; a file has ${limits.linesInFile}`),
  ];
}

/** Map.groupBy is not in Node 20. */
function groupBy(items, keyOf) {
  const groups = new Map();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}
