/**
 * Checks that comments begin with their subject: a comment that begins with a word such as "Of", "What" or "It" is a riddle to
 * who reads it first. Reads the rooms and folders named below, which are clean already; the others follow one by one.
 * Prints each comment that is found; the exit code is then 1.
 *
 *   node scripts/check-prose.mjs [folder ...]     these folders instead, for a look at what they still have
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('../', import.meta.url)));
/** The folders that are clean. Only some fixtures of test/ are left. */
const CLEAN = [
  ...['scripts', 'build.mjs', 'cli', 'console', 'demo', 'loadtest', 'logger'],
  ...[
    'core/config',
    'core/logging',
    'core/process',
    'core/protocol',
    'server',
    'monitor',
    'language',
    'workers/sql',
    'workers/dsl',
    'connectors/kit',
    'connectors/postgres',
    'connectors/sqlite',
    'connectors/mariadb',
    'test/support',
    'test/unit',
    'test/integration',
    'test/regression',
    'test/oracle',
    'test/fault',
    'test/fuzz-guard',
    'test/budget',
    'test/fixtures/budget',
  ],
  ...['test/run.mjs', 'test/soak.mjs', 'test/fuzz.mjs'],
];
/** Files in clean folders that are not clean yet. */
const LEFT = new Set();
/** Words that hide the subject when a comment begins with them. */
const HIDDEN_SUBJECT =
  /^(?:as|it|its|likewise|not|of|so|such|that|the same|what|whatever|who|whoever|whom|whose|those|which|where|how)\b(?! (?:as|follows)\b)/i;

const folders = process.argv.length > 2 ? process.argv.slice(2) : CLEAN;
const files = folders.flatMap(sourcesIn).filter((file) => folders !== CLEAN || !LEFT.has(file));
const found = files.flatMap((file) => riddlesIn(file));
for (const { file, line, text } of found)
  console.error(`${file}:${line}: a comment without a subject: ${text}`);
console.error(`prose: ${files.length} files, ${found.length} comments without a subject`);
process.exitCode = found.length === 0 && files.length > 0 ? 0 : 1;

function sourcesIn(path) {
  if (statSync(path).isFile()) return [path];
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(?:tsx?|mjs)$/.test(name))
    .map((name) => join(path, name));
}

function riddlesIn(file) {
  return commentsIn(readFileSync(file, 'utf8').split('\n'))
    .filter(({ text }) => HIDDEN_SUBJECT.test(text))
    .map((comment) => ({ file, ...comment }));
}

/** Returns the first line of each comment: of a block, of `//` lines that follow each other, and behind code. */
function commentsIn(lines) {
  const comments = [];
  let isAfterComment = false;
  for (const [index, line] of lines.entries()) {
    const alone = /^\s*\/\/ ?(.*)$/.exec(line);
    const block = /^\s*\/\*\*?\s*(.*)$/.exec(line);
    const behind = /\S.*?\s\/\/ (.*)$/.exec(line);
    const text =
      alone !== null && !isAfterComment ? alone[1] : (block?.[1] ?? (alone ? undefined : behind?.[1]));
    if (text !== undefined) {
      // The text of a longer block begins in its second line.
      const first = text === '' ? (lines[index + 1] ?? '').replace(/^\s*\*?\s*/, '') : text;
      comments.push({ line: index + 1, text: first.replace(/\s*\*\/$/, '') });
    }
    isAfterComment = alone !== null;
  }
  return comments;
}
