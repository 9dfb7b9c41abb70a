/**
 * The engine's extensions for tests, installed by the command from the packages in FORKLINE_EXTENSION_PACKAGES (a directory of
 * wheels of Python, which `.ci/run` fills). Without it tests are counted as skipped, with the reason.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { atRunEnd } from '../run-end.ts';

const COMMAND = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));

interface Skippable {
  skip(): never;
}

/** The packages with the extensions, absolute. Skips where there are none. */
export function extensionPackages(test: Skippable): readonly string[] {
  const directory = process.env.FORKLINE_EXTENSION_PACKAGES ?? '';
  const found = directory === '' ? [] : readdirSync(directory).filter((name) => name.endsWith('.whl'));
  if (found.length > 0) return found.map((name) => join(directory, name));
  console.log(
    '      skipped: no extensions of the engine here; FORKLINE_EXTENSION_PACKAGES names none: pip download --no-deps duckdb-extension-httpfs==1.5.5 duckdb-extension-excel==1.5.5',
  );
  return test.skip();
}

let installed: string | null = null;

/** Returns a directory with all extensions, for `dsl.extensionDirectory`; the same one for all suites. */
export function installedExtensions(test: Skippable): string {
  const packages = extensionPackages(test);
  if (installed !== null) return installed;
  const dir = mkdtempSync(join(tmpdir(), 'forkline-extensions-'));
  atRunEnd(async () => rmSync(dir, { recursive: true, force: true }));
  const directory = join(dir, 'extensions');
  const config = join(dir, 'config.json');
  writeFileSync(config, JSON.stringify({ dsl: { extensionDirectory: directory } }));
  execFileSync(process.execPath, [COMMAND, 'extensions', 'install', '--config', config, ...packages], {
    cwd: dir,
    env: { PATH: process.env.PATH, HOME: dir }, // the command refuses variables that it does not know
  });
  installed = directory;
  return directory;
}
