import { expect } from 'chai';
import type { AuditClient } from '../../../../core/audit/audit-client.ts';
import { anonymousAt, type Principal } from '../../../../core/protocol/principal.ts';
import { Audit } from '../../../../server/audit/audit.ts';
import { QueryRegistry } from '../../../../server/history/registry.ts';
import { until } from '../../../support/until.ts';

interface Written {
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A client that keeps its records, and writes none of them when told so. */
function keepingClient(isWritten = true): { readonly client: AuditClient; readonly records: Written[] } {
  const records: Written[] = [];
  const client = {
    waitingMs: 0,
    write: (event: string, fields: object) => records.push({ event, fields: fields as Written['fields'] }),
    written: () => Promise.resolve(isWritten),
    close: () => Promise.resolve(),
  };
  return { client: client as unknown as AuditClient, records };
}

const ALICE: Principal = { ...anonymousAt('10.0.0.1'), id: 'key:alice', method: 'key', roles: ['analyst'] };

function aQuery(text: string) {
  const trace = {} as never; // no test here looks at it
  return new QueryRegistry().start(
    { queryId: 'q1', text, principal: ALICE, connection: 'crm', timeoutMs: 1000, trace },
    Date.now(),
  );
}

describe('audit records', () => {
  const SECRET = "select * from people where name = 'Ann'";

  for (const [text, expected] of [
    ['hash', []],
    ['shape', ['shape']],
    ['full', ['text']],
  ] as const)
    it(`have of the text what is configured: ${text}`, () => {
      const { client, records } = keepingClient();
      expect(new Audit(client, { required: 'off', waitMs: 1, text }).begin(aQuery(SECRET), 'run')).to.equal(
        null,
      );
      const [{ event, fields }] = records as [Written];
      expect(event).to.equal('query-begin');
      expect(fields).to.include({ queryId: 'q1', act: 'run', principal: 'key:alice', method: 'key' });
      expect(fields).to.include({ address: '10.0.0.1', connection: 'crm' });
      expect(fields.textHash).to.match(/^[0-9a-f]{64}$/);
      expect(Object.keys(fields).filter((name) => ['shape', 'text'].includes(name))).to.deep.equal(expected);
      expect(JSON.stringify(fields).includes('Ann')).to.equal(text === 'full');
    });

  it('that are required and cannot be written refuse the query', async () => {
    const audit = new Audit(keepingClient(false).client, { required: 'on', waitMs: 7, text: 'hash' });
    const refused = await audit.begin(aQuery(SECRET), 'run')!.then(
      () => expect.fail('it ran'),
      (error: { code: string; message: string }) => error,
    );
    expect(refused).to.include({ code: 'audit-unavailable' });
    expect(audit.unwritten).to.equal(1);
    await new Audit(keepingClient(true).client, { required: 'on', waitMs: 7, text: 'hash' }).begin(
      aQuery(SECRET),
      'run',
    );
  });

  it('name the rule that refused', () => {
    const { client, records } = keepingClient();
    const audit = new Audit(client, { required: 'off', waitMs: 1, text: 'hash' });
    const message = 'no';
    audit.refused({ code: 'forbidden', message, rule: 'right logs' }, ALICE, '10.0.0.1', 'GET /v1/logs');
    const limit = { name: 'queriesPerMinute', value: 1 };
    audit.refused({ code: 'too-many-queries', message, limit }, ALICE, '10.0.0.1', 'POST /v1/query');
    audit.refused({ code: 'syntax', message }, ALICE, '10.0.0.1', 'POST /v1/query');
    audit.end(aQuery(SECRET), { code: 'read-only', message }, 'analyst');
    audit.end(aQuery(SECRET), { code: 'sql-error', message }, null);
    audit.end(aQuery(SECRET), null, null);
    expect(records.map(({ event, fields }) => [event, fields.deniedBy])).to.deep.equal([
      ['request-refused', 'right logs'],
      ['request-refused', 'limit queriesPerMinute'],
      ['query-end', 'guard'],
      ['query-end', null],
      ['query-end', null],
    ]);
    expect(records[2]!.fields).to.include({ loginRole: 'analyst', outcome: 'read-only' });
  });

  it('of clients that nobody knows are few, and none is left out of the count', async () => {
    const { client, records } = keepingClient();
    const audit = new Audit(client, { required: 'off', waitMs: 1, text: 'hash' });
    const error = { code: 'unauthenticated', message: 'no' } as const;
    for (let index = 0; index < 1000; index++) audit.refused(error, null, '10.0.0.1', 'POST /v1/query');
    expect(records.length).to.equal(1);
    await until(() => records.length === 2, 3000);
    expect(records.reduce((sum, { fields }) => sum + Number(fields.count), 0)).to.equal(1000);
    audit.refused(error, null, '10.0.0.2', 'GET /metrics');
    await audit.close(0);
    expect(records.reduce((sum, { fields }) => sum + Number(fields.count), 0)).to.equal(1001);
  });

  it('of a client over its limit are few, by client, and none is left out of the count', async () => {
    const { client, records } = keepingClient();
    const audit = new Audit(client, { required: 'off', waitMs: 1, text: 'hash' });
    const limit = { name: 'concurrentQueries', value: 1 };
    const error = { code: 'too-many-queries', message: 'no', limit } as const;
    for (let index = 0; index < 1000; index++) audit.refused(error, ALICE, '10.0.0.1', 'POST /v1/query');
    audit.refused(error, { ...ALICE, id: 'key:bob' }, '10.0.0.1', 'POST /v1/query');
    await audit.close(0);
    const told = records.map(({ fields }) => [fields.principal, fields.count, fields.deniedBy]);
    expect(told).to.deep.equal([
      [ALICE.id, 1, 'limit concurrentQueries'],
      ['key:bob', 1, 'limit concurrentQueries'],
      [ALICE.id, 999, 'limit concurrentQueries'],
    ]);
  });
});
