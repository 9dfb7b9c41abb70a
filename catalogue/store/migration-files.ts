/** The migrations that this build brings: files `V<n>__<description>.sql`, in the order of their numbers. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { flywayChecksum } from './checksum.ts';

export interface Migration {
  readonly version: number;
  readonly description: string;
  readonly script: string;
  readonly sql: string;
  readonly checksum: number;
}

const FILE = /^V(\d+)__(\w+)\.sql$/;

const MIGRATIONS_DIR = fileURLToPath(new URL('../migrations/', import.meta.url));

/** Throws when a file has another name or two have one number: the build is broken then. */
export function readMigrations(dir: string = MIGRATIONS_DIR): readonly Migration[] {
  const migrations = readdirSync(dir).map((script): Migration => {
    const [, version, description] = FILE.exec(script) ?? [];
    if (version === undefined)
      throw new Error(`${join(dir, script)} is no migration V<n>__<description>.sql`);
    const sql = readFileSync(join(dir, script), 'utf8');
    return {
      ...{ version: Number(version), description: description!.replaceAll('_', ' '), script, sql },
      checksum: flywayChecksum(sql),
    };
  });
  migrations.sort((a, b) => a.version - b.version);
  const wrong = migrations.findIndex(({ version }, index) => version !== index + 1);
  if (wrong !== -1) throw new Error(`the migrations in ${dir} lack number ${wrong + 1}, or have it twice`);
  return migrations;
}
