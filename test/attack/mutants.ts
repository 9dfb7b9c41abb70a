/**
 * `npm run attack:mutants [-- NAME...]`: takes one protection after the other out of a copy of the sources, builds it, and runs the attacks. Each must be
 * found: an attack suite that passes without the protection does not test it. Prints a row for each; exit code 1 when one was missed.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const NOT_COPIED = new Set(['node_modules', '.git', 'data', 'logs', 'dist-dev', 'coverage']);

interface Mutant {
  readonly name: string;
  /** The source file. */
  readonly file: string;
  /** Each text must be there once. */
  readonly changes: readonly (readonly [from: string, to: string])[];
}

const SHOWN_ROWS = 'language/stages/kit/shown-rows.ts';
const MUTANTS: readonly Mutant[] = [
  {
    // The one around the rows of a role alone is not missed: what may fail has one of its own (docs/decisions/0080).
    name: 'no fences between conditions',
    file: 'language/select/open-select.ts',
    changes: [['this.with({ fence: this.dialect.traits.fence }).seal()', 'this.with({}).seal()']],
  },
  {
    name: 'no condition of a role on rows',
    file: SHOWN_ROWS,
    changes: [['condition === null ? relation : relation.filter(condition)', 'relation']],
  },
  {
    name: 'hidden columns are shown',
    file: SHOWN_ROWS,
    changes: [['const node = valueShown(column, roles);', 'const node = valueShown(column, roles) ?? null;']],
  },
  {
    name: 'masks are left out',
    file: SHOWN_ROWS,
    changes: [
      [
        'const node = valueShown(column, roles);',
        'const node = valueShown(column, roles) === undefined ? undefined : null;',
      ],
    ],
  },
  {
    name: 'other people’s queries are seen and ended',
    file: 'server/http/operations.ts',
    changes: [
      [
        "return rights.queries === 'all' ? () => true : ({ principal }) => principal.id === id;",
        'return () => true;',
      ],
    ],
  },
  {
    name: 'kept answers are sent to everybody',
    file: 'server/cache/answer-key.ts',
    changes: [['scopeOf(principal)],', "'everybody'],"]],
  },
  {
    name: 'plans are kept for everybody',
    file: 'server/planning/plan-cache.ts',
    changes: [['`$' + '{scope} $', '`$']],
  },
  {
    name: 'completions are kept for everybody',
    file: 'server/http/complete-handler.ts',
    changes: [['`$' + '{scope} $', '`$']],
  },
  {
    name: 'connections that a role does not have are reached',
    file: 'server/query/connection-book.ts',
    changes: [['(connections === null || connections.includes(name)) && ', '']],
  },
  {
    name: 'everybody gets the first login of a connection',
    file: 'server/query/connection-book.ts',
    changes: [['return held[0]!;', 'return withLogin[0]!;']],
  },
  {
    name: 'tokens for others are taken',
    file: 'server/access/token-verifier.ts',
    changes: [['...{ issuer, audience, algorithms', '...{ issuer, algorithms']],
  },
  {
    name: 'every name in Host passes',
    file: 'server/http/host-check.ts',
    changes: [['if (!this.#isOurs(authority))', 'if (false)']],
  },
  {
    name: 'pages of other origins may ask',
    file: 'server/http/gate.ts',
    changes: [['origin !== undefined && !isOrigin(origin, host)', 'false']],
  },
  {
    name: 'rights of routes are not looked at',
    file: 'server/access/require-right.ts',
    changes: [['if (rights[right]) return;', 'if (true) return;']],
  },
];

function tryMutant(mutant: Mutant): readonly string[] {
  const copy = mkdtempSync(join(tmpdir(), 'forkline-mutant-'));
  try {
    cpSync(ROOT, copy, { recursive: true, filter: (path) => !NOT_COPIED.has(basename(path)) });
    symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
    mutate(join(copy, mutant.file), mutant);
    // Types that no longer fit are told, and the output is written all the same.
    const { stderr } = spawnSync(process.execPath, ['build.mjs'], { cwd: copy, encoding: 'utf8' });
    if (!/^build: \d+ files of dist/m.test(stderr))
      throw new Error(`${mutant.name}: the build failed: ${stderr}`);
    return failuresIn(copy);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

function mutate(path: string, { name, changes }: Mutant): void {
  let text = readFileSync(path, 'utf8');
  for (const [from, to] of changes) {
    if (text.split(from).length !== 2) throw new Error(`${name}: ${path} does not have once: ${from}`);
    text = text.replace(from, () => to);
  }
  writeFileSync(path, text);
}

/** The titles of the tests that fail. */
function failuresIn(copy: string): readonly string[] {
  const mocha = join(ROOT, 'node_modules/mocha/bin/mocha.js');
  const args = [mocha, '--reporter', 'json', '--reporter-option', `output=${copy}/report.json`];
  const { stdout, stderr } = spawnSync(process.execPath, [...args, 'test/attack/**/*.test.ts'], {
    cwd: copy,
    encoding: 'utf8',
    env: { ...process.env, FORKLINE_ATTACKS: 'all' },
  });
  try {
    const report = JSON.parse(readFileSync(join(copy, 'report.json'), 'utf8')) as {
      failures: readonly { readonly fullTitle: string }[];
    };
    return report.failures.map(({ fullTitle }) => fullTitle);
  } catch {
    throw new Error(`the attacks did not run: ${stdout}${stderr}`);
  }
}

const wanted = process.argv.slice(2);
let missed = 0;
for (const mutant of MUTANTS.filter(
  ({ name }) => wanted.length === 0 || wanted.some((each) => name.includes(each)),
)) {
  const failures = tryMutant(mutant);
  if (failures.length === 0) missed++;
  process.stdout.write(
    `${failures.length === 0 ? 'MISSED' : 'found '}  ${mutant.name}: ${failures.length} tests\n`,
  );
  for (const title of failures) process.stdout.write(`          ${title}\n`);
}
process.exitCode = missed === 0 ? 0 : 1;
