/**
 * `npm run attack:mutants [-- NAME...]`: takes one protection after the other out of a copy of the sources, builds it, and runs the attacks. Each must be
 * found: an attack suite that passes without the protection does not test it. Prints a row for each; exit code 1 when one was missed.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MUTANTS, type Mutant, mutated } from './mutant-list.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const NOT_COPIED = new Set(['node_modules', '.git', 'data', 'logs', 'dist-dev', 'coverage']);

function tryMutant(mutant: Mutant): readonly string[] {
  const copy = mkdtempSync(join(tmpdir(), 'forkline-mutant-'));
  try {
    cpSync(ROOT, copy, { recursive: true, filter: (path) => !NOT_COPIED.has(basename(path)) });
    symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
    const source = join(copy, mutant.file);
    writeFileSync(source, mutated(readFileSync(source, 'utf8'), mutant));
    // Types that no longer fit are told, and the output is written all the same.
    const { stderr } = spawnSync(process.execPath, ['build.mjs'], { cwd: copy, encoding: 'utf8' });
    if (!/^build: \d+ files of dist/m.test(stderr))
      throw new Error(`${mutant.name}: the build failed: ${stderr}`);
    return failuresIn(copy);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
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
