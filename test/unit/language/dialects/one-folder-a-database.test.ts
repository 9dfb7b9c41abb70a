/**
 * A database is named in its folder of `language/dialects/` and in the registry, and nowhere else in the language: not by
 * name, not by its types' numbers or its catalogue, not by an import. What says something about every database asks the dialect.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { SOURCE_NAMES, sourceDialect } from '../../../../language/dialects/registry.ts';

const LANGUAGE = fileURLToPath(new URL('../../../../language/', import.meta.url));
/** Words that only PostgreSQL has: its catalogue, its types' numbers, its own names for types of ours. */
const OWN_WORDS =
  /\bpg_\w+|\boids?\b|typeOid|\bint[248]\b|\bfloat[48]\b|\bbytea\b|\bjsonb\b|\bregclass\b|COLLATE "C"/i;
/** Types that users may write in a cast, and what PostgreSQL itself reads of them. */
const MAY_HAVE_OWN_WORDS = ['types/cast-types.ts'];

const files = readdirSync(LANGUAGE, { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.ts'),
);

function starts(file: string, folders: readonly string[]): boolean {
  return folders.some((folder) => file.startsWith(folder));
}

function linesWith(pattern: RegExp, checked: readonly string[]): readonly string[] {
  return checked.flatMap((file) =>
    readFileSync(join(LANGUAGE, file), 'utf8')
      .split('\n')
      .flatMap((line, index) => (pattern.test(line) ? [`${file}:${index + 1}: ${line.trim()}`] : [])),
  );
}

describe('a database of the language', () => {
  for (const name of SOURCE_NAMES) {
    const own = [`dialects/${name}/`, 'dialects/registry.ts'];
    const outside = files.filter((file) => !starts(file, own));

    it(`${name} is named in its folder only`, () => {
      expect(files.filter((file) => starts(file, own)).length).to.be.above(3);
      expect(outside.length).to.be.above(100);
      // `sqlItems` has the letters of a name in it.
      // "files" is a word that comments need, and they are read by the stage engine, which has other names.
      const written = name === 'files' ? `'${name}'` : `(?:${name}|${sourceDialect(name).title})(?!ms)`;
      const names = new RegExp(written, 'i');
      expect(linesWith(names, outside)).to.deep.equal([]);
    });

    it(`${name} has its folder for itself`, () => {
      const imports = new RegExp(`from '[^']*\\b${name}/`);
      expect(linesWith(imports, outside)).to.deep.equal([]);
    });
  }

  it("has its catalogue and its types' numbers in its folder only", () => {
    const outside = files.filter(
      // SQLite has a jsonb too.
      (file) => !starts(file, ['dialects/postgres/', 'dialects/sqlite/', ...MAY_HAVE_OWN_WORDS]),
    );
    expect(linesWith(OWN_WORDS, outside)).to.deep.equal([]);
  });
});
