/** Databases are named where they are known: in dialects, connectors and the configuration's kinds. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';

const NAMES = /postgres|sqlite|mariadb|mysql|duckdb|2201W|at or near|\$\{?\w*\}?::/i;

/** Files of core/ that name databases, and why they do. */
const NAMED_IN_CORE: Readonly<Record<string, string>> = {
  'core/protocol/connection.ts': "the configuration's kinds as a SQL worker gets them",
  'core/protocol/dialect-name.ts': 'the names themselves',
  'core/protocol/wire-rows.ts': 'the format of the rows is one that a database writes by itself',
  'core/process/engine-extensions.ts': "the ending of the files of the stage engine's extensions",
  'core/logging/redact.ts': 'URLs of databases, whose passwords never reach the log',
};

describe('names of databases', () => {
  const filesOf = (room: string): string[] =>
    readdirSync(room, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => join(room, name));
  const naming = (files: readonly string[]): string[] =>
    files.filter((file) => NAMES.test(readFileSync(file, 'utf8')));

  it('stand nowhere in server/', () => {
    const files = filesOf('server');
    expect(files).to.include('server/planning/source-sql.ts');
    expect(naming(files)).to.deep.equal([]);
  });

  it('stand in core/ only in the configuration and where this test says why', () => {
    const files = filesOf('core').filter((file) => !file.startsWith('core/config/'));
    expect(naming(files)).to.have.members(Object.keys(NAMED_IN_CORE));
  });
});
