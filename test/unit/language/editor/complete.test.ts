/** Completion: what is offered at a cursor (`^` in the queries below), in whole and in broken text. */

import { expect } from 'chai';
import fc from 'fast-check';
import type { DatabaseTable } from '../../../../core/protocol/sql-worker.ts';
import { databaseColumnToColumn } from '../../../../language/dialects/postgres/types.ts';
import { completeQuery } from '../../../../language/editor/complete.ts';
import type {
  CompleteAnswer,
  CompleteAsk,
  CompleteRequest,
  Completion,
} from '../../../../language/editor/complete-types.ts';
import { FUNCTION_NAMES } from '../../../../language/functions/registry.ts';
import { JUDGES_NOTHING } from '../../../../language/source/judged-functions.ts';
import { STAGE_NAMES } from '../../../../language/stages/kit/registry.ts';
import { FLIGHTS_COLUMNS } from '../../../fixtures/language/flights.ts';

const TABLES: readonly DatabaseTable[] = [
  { schema: 'public', name: 'flights', visible: true, columns: FLIGHTS_COLUMNS.map(databaseColumnToColumn) },
  {
    schema: 'geo',
    name: 'Cities',
    visible: false,
    columns: [{ name: 'iata code', type: { kind: 'string' } }],
  },
];

function answerOf(ask: CompleteAsk): CompleteAnswer {
  switch (ask.kind) {
    case 'catalog':
      return { kind: 'catalog', tables: TABLES, complete: true };
    case 'source':
      return ask.sql.includes('broken')
        ? { kind: 'failed', why: 'the database says no' }
        : { kind: 'source', columns: FLIGHTS_COLUMNS, parameterTypes: [] };
    default:
      throw new Error(`nobody should ask for ${ask.kind}`);
  }
}

function complete(
  text: string,
  position: number,
  parameters: CompleteRequest['parameters'] = {},
): Completion {
  const answers: Record<string, CompleteAnswer> = {};
  for (let round = 0; round < 5; round++) {
    const step = completeQuery(
      {
        text,
        position,
        parameters,
        connection: 'main',
        dialects: { main: 'postgres', 'crm-eu': 'postgres' },
        answers,
      },
      JUDGES_NOTHING,
    );
    if (step.kind === 'completed') return step.completion;
    for (const ask of step.asks) answers[ask.key] = answerOf(ask);
  }
  throw new Error('it asks for ever');
}

/** At the `^`. */
function at(marked: string, parameters: CompleteRequest['parameters'] = {}): Completion {
  const position = marked.indexOf('^');
  return complete(marked.replace('^', ''), position, parameters);
}

function labels(marked: string, kind?: string): readonly string[] {
  return at(marked)
    .items.filter((item) => kind === undefined || item.kind === kind)
    .map(({ label }) => label);
}

const F = 'select * from flights';
const COLUMNS = ['origin', 'dest', 'delay', 'distance', 'date', 'price'];

describe('completion', () => {
  describe('of stages', () => {
    it('offers all of them after a pipe, by their beginning', () => {
      expect(labels(`${F} | ^`)).to.deep.equal([...STAGE_NAMES]);
      expect(labels(`${F} | st^`)).to.deep.equal(
        ['stats', 'streamstats'].filter((name) => STAGE_NAMES.includes(name)),
      );
      expect(labels(`${F} | where delay > 0 | HEA^`)).to.deep.equal(['head']);
    });

    it('says how each is written, and what it does', () => {
      const [stats] = at(`${F} | stats^`).items;
      expect(stats!.detail).to.match(/^stats aggregate .*\[by expression.*\]: One row for each group/);
      const [join] = at(`${F} | join^`).items;
      expect(join!.detail).to.match(/^join .* on condition \/ join .* on column, \.\.\. \/ join cross /);
    });

    it('says what is replaced, to the end of the word', () => {
      expect(at(`${F} | st^ats count()`)).to.include({ from: 24, to: 29 });
      expect(at(`${F} | ^`)).to.include({ from: 24, to: 24 });
    });
  });

  describe('of columns', () => {
    it('with their types at that point of the pipeline', () => {
      expect(
        at(`${F} | stats count() as n, avg(delay) as mean by origin | where ^`).items.slice(0, 3),
      ).to.deep.equal([
        { label: 'origin', kind: 'column', type: 'string', detail: 'string', insert: 'origin' },
        { label: 'n', kind: 'column', type: 'int64', detail: 'int64', insert: 'n' },
        { label: 'mean', kind: 'column', type: 'float64', detail: 'float64', insert: 'mean' },
      ]);
      expect(labels(`${F} | fields ^`, 'column')).to.deep.equal(COLUMNS);
      expect(labels(`${F} | sort -d^`, 'column')).to.deep.equal(['dest', 'delay', 'distance', 'date']);
      expect(labels(`${F} | sort 3 -^`, 'column')).to.deep.equal(COLUMNS);
      expect(labels(`${F} | rename ^`)).to.deep.equal(COLUMNS);
      expect(labels(`${F} | where length(^`, 'column')).to.deep.equal(COLUMNS);
    });

    it('with quotes where their names need them', () => {
      const renamed = `${F} | rename delay as "case", origin as "a b" | fields`;
      expect(at(`${renamed} ca^`).items).to.deep.include({
        label: 'case',
        kind: 'column',
        type: 'int64',
        detail: 'int64',
        insert: '"case"',
      });
      const open = at(`${renamed} "a^ b"`);
      expect(open.items.map(({ insert }) => insert)).to.deep.equal(['"a b"']);
    });

    it('though what stands before or after is broken', () => {
      const after = `${F} | fields origin, delay | where ^ | hed 5 | eval x = ( "`;
      expect(labels(after, 'column')).to.deep.equal(['origin', 'delay']);
      const before = at(`${F} | fields origin, delay | eval x = nope + | where ^`);
      expect(before.items.filter(({ kind }) => kind === 'column').map(({ label }) => label)).to.deep.equal([
        'origin',
        'delay',
      ]);
      expect(before.warnings.join()).to.include('a value is missing after `+`');
      expect(labels(`${F} | fields origin | where (a = ~ | sort ^`, 'column')).to.deep.equal(['origin']);
      const dead = at('select broken | where ^');
      expect(dead.items.map(({ kind }) => kind))
        .to.include('function')
        .and.not.include('column');
      expect(dead.warnings).to.deep.equal(['the database says no']);
    });

    it('though parameters have no value yet', () => {
      expect(labels(`${F} where delay > :least | where delay > :x | fields ^`, 'column')).to.deep.equal(
        COLUMNS,
      );
    });
  });

  describe('of functions', () => {
    it('by place: aggregates where rows are aggregated, window functions in streamstats', () => {
      const inWhere = labels(`${F} | where ^`, 'function');
      expect(inWhere).to.include('length').and.not.include('avg').and.not.include('lag');
      const inStats = labels(`${F} | stats ^`, 'function');
      expect(inStats).to.include.members(['avg', 'length']).and.not.include('lag');
      expect(labels(`${F} | streamstats ^`, 'function')).to.include.members(['avg', 'lag', 'row_number']);
      expect(labels(`${F} | stats avg(^`, 'function'))
        .to.include('abs')
        .and.not.include('avg');
      expect(labels(`${F} | stats count() by ^`, 'function'))
        .to.include('bin')
        .and.not.include('count');
      for (const name of labels(`${F} | streamstats ^`, 'function')) expect(FUNCTION_NAMES).to.include(name);
    });

    it('with their syntax', () => {
      const [item] = at(`${F} | eval x = subs^`).items;
      expect(item).to.include({ label: 'substr', kind: 'function', insert: 'substr(' });
      expect(item!.detail).to.match(/^substr\(text, start\[, length\]\): Part of/);
    });
  });

  describe('of keywords', () => {
    it('of the stage, at their place', () => {
      expect(labels(`${F} | stats count() ^`, 'keyword')).to.include.members(['as', 'by', 'where']);
      expect(labels(`${F} | sort delay ^`, 'keyword')).to.include.members(['asc', 'desc', 'nulls']);
      expect(labels(`${F} | where delay ^`, 'keyword')).to.include.members(['and', 'is null', 'between']);
      expect(labels(`${F} | where delay is ^`)).to.deep.equal(['null', 'not null', 'distinct from']);
      expect(labels(`${F} | cast delay as fl^`)).to.deep.equal(['float64']);
      expect(labels(`${F} | eval x = delay::in^`)).to.deep.equal(['int64', 'interval']);
      expect(labels(`${F} | timechart date ^`, 'option')).to.include.members(['span=', 'limit=', 'fill=']);
    });

    it('and nothing where a name is made up', () => {
      expect(labels(`${F} | stats count() as ^`)).to.deep.equal([]);
      expect(labels(`${F} | rename delay as ^`)).to.deep.equal([]);
      expect(labels(`${F} | timechart date span=^`)).to.deep.equal([]);
    });
  });

  describe('of the SQL', () => {
    it('offers tables after from and join, else the columns of those that are named', () => {
      expect(labels('select * from ^', 'table')).to.deep.equal(['flights', 'geo.Cities']);
      expect(labels('select * from fl^ | head 1', 'table')).to.deep.equal(['flights']);
      expect(labels('select * from flights where de^', 'column')).to.deep.equal(['dest', 'delay']);
      expect(labels('select * from flights f where f.^')).to.deep.equal(COLUMNS);
      expect(at('select * from geo.^').items[0]).to.include({ label: 'Cities', insert: '"Cities"' });
      expect(at('select * from geo."Cities" as c where c.^').items[0]).to.include({ insert: '"iata code"' });
      expect(labels('^')).to.include('select');
      expect(labels('select * from flights wh^')).to.deep.equal(
        ['where', 'when'].filter((one) => one === 'where'),
      );
    });

    it('of another connection, too', () => {
      expect(labels('@crm-eu select * from ^', 'table')).to.include('flights');
      expect(at('@nope select * from ^').warnings).to.deep.equal(['there is no connection nope']);
      expect(labels('@^')).to.deep.equal(['@main', '@crm-eu']);
      expect(at('@crm-^').items).to.deep.equal([
        { label: '@crm-eu', kind: 'connection', detail: 'a connection', insert: '@crm-eu ' },
      ]);
    });
  });

  describe('within brackets and behind preludes', () => {
    it('knows the columns of the query that the cursor stands in', () => {
      expect(labels('(select * from flights | fields origin, delay | where ^', 'column')).to.deep.equal([
        'origin',
        'delay',
      ]);
      expect(labels('(select * from flights | fields origin) | where ^', 'column')).to.deep.equal(['origin']);
      expect(labels('let late = (select * from flights | fields delay | sort ^', 'column')).to.deep.equal([
        'delay',
      ]);
      const after =
        'set pushdown = off; let late = (select * from flights | fields delay);\nlate | eval x = ^';
      expect(labels(after, 'column')).to.deep.equal(['delay']);
      expect(labels('explain select * from flights | fields date | sort ^', 'column')).to.deep.equal([
        'date',
      ]);
    });

    it('knows the names of lets, and what can be set', () => {
      const lets = 'let late = (select 1 as a | where true); ';
      expect(labels(`${lets}la^`, 'table')).to.deep.equal(['late']);
      expect(labels('set ^')).to.deep.equal(['pushdown', 'cache']);
      expect(labels('set pushdown = ^')).to.deep.equal(['off', 'auto', 'require']);
      expect(labels('let ^')).to.deep.equal([]);
      expect(labels('let late = (select * from ^', 'table')).to.include('flights');
    });
  });

  it('of parameters: those sent and those used', () => {
    expect(at(`${F} where a = :other | where delay > :^`, { least: 'int64' }).items).to.deep.equal([
      { label: 'least', kind: 'parameter', type: 'int64', detail: 'a parameter, int64', insert: ':least' },
      { label: 'other', kind: 'parameter', detail: 'a parameter without a value', insert: ':other' },
    ]);
    expect(labels('select * from flights where a = :^')).to.deep.equal([]);
  });

  it('is silent in strings, comments and numbers', () => {
    for (const marked of [
      `${F} | where origin = 'AT^`,
      `${F} | where delay > 1^`,
      `${F} -- from ^`,
      `${F} | head 5 -- so^`,
      `${F} | head 5\n# so^`,
      `${F} /* from ^`,
      "select 'from ^",
    ])
      expect(labels(marked), marked).to.deep.equal([]);
  });

  describe('with any text at any position', () => {
    const piece = fc.constantFrom(
      ...[
        F,
        ' | ',
        '|>',
        'where ',
        'stats ',
        'count() ',
        'by ',
        'as ',
        '(',
        ')',
        "'",
        '"',
        '`',
        ':x',
        '@',
        '::',
      ],
      ...[
        '--',
        '/*',
        '*/',
        '\n',
        '#',
        '$$',
        'delay',
        ' > ',
        '5m',
        '1.5.5',
        ', ',
        ';',
        'é',
        '‘',
        '[',
        '.',
        '= ',
        '\0',
      ],
    );
    const text = fc.oneof(
      fc.array(piece, { maxLength: 14 }).map((parts) => parts.join('')),
      fc.array(piece, { maxLength: 8 }).map((parts) => `${F} | ${parts.join('')}`),
      fc.string({ unit: 'binary', maxLength: 40 }),
    );

    it('there is an answer, of what could stand there', () => {
      fc.assert(
        fc.property(text, fc.nat(200), (query, position) => {
          const { from, to, items } = complete(query, position);
          const cursor = Math.min(position, query.length);
          expect(from).to.be.at.most(cursor);
          expect(to).to.be.at.least(cursor).and.at.most(query.length);
          for (const { label, insert } of items) expect(label && insert).to.not.equal('');
        }),
        { numRuns: Number(process.env.FORKLINE_TEST_RUNS ?? 2000) },
      );
    });

    it('also when it is long', function () {
      this.timeout(60_000);
      for (const long of ['(', '| where ', '!', '"', 'a,', '- ', '@', 'é', '$']) {
        const query = `${F} | where ${long.repeat(100_000 / long.length)}`;
        expect(complete(query, query.length).items.length, long).to.be.at.most(500);
        expect(complete(long.repeat(100_000 / long.length), 50_000).items.length, long).to.be.at.most(500);
      }
    });
  });
});
