import { expect } from 'chai';
import type { Connection, Session } from '../../../../connectors/kit/connector.ts';
import { Cancellation } from '../../../../core/process/cancellation.ts';
import { QueryError } from '../../../../core/protocol/errors.ts';
import { RoleSessions } from '../../../../workers/sql/role-sessions.ts';
import { keepingLog } from '../../../support/keeping-log.ts';
import { until } from '../../../support/until.ts';

/** A database that counts its sessions, and refuses when it is told to. */
class Database {
  open = 0;
  most = 0;
  opened = 0;
  refuses = false;

  connection(role: string): Connection {
    return {
      open: async () => {
        await Promise.resolve();
        if (this.refuses) throw new Error('no');
        this.opened++;
        this.open++;
        this.most = Math.max(this.most, this.open);
        return { session: this.#session(role) as unknown as Session, notices: [] };
      },
      failureOf: () => ({
        error: new QueryError('database-unavailable', `${role} cannot log in`),
        notice: { level: 'error', event: 'database-unreachable', fields: {} },
      }),
      examine: () => Promise.resolve([]),
    };
  }

  #session(role: string): FakeSession {
    return new FakeSession(role, () => this.open--);
  }
}

class FakeSession {
  usable = true;
  readonly role: string;
  readonly #onEnd: () => void;
  #dead = (): void => {};

  constructor(role: string, onEnd: () => void) {
    this.role = role;
    this.#onEnd = onEnd;
  }

  onDead(callback: () => void): void {
    this.#dead = callback;
  }

  die(): void {
    this.usable = false;
    this.#onEnd();
    this.#dead();
  }

  async end(): Promise<void> {
    await Promise.resolve();
    if (this.usable) this.#onEnd();
    this.usable = false;
  }
}

/** Resolves before any timer could. */
function immediately(): Promise<null> {
  return new Promise((resolve) => setImmediate(resolve, null));
}

function roleOf(session: Session): string {
  return (session as unknown as FakeSession).role;
}

describe('sessions of roles', () => {
  let database: Database;
  let kept: ReturnType<typeof keepingLog>;

  beforeEach(() => {
    database = new Database();
    kept = keepingLog();
  });

  function sessions(size: number, { idleMs = 60_000, acquireTimeoutMs = 5000 } = {}): RoleSessions {
    const roles = ['north', 'south', 'west'];
    const connections = new Map(roles.map((role) => [role, database.connection(role)]));
    return new RoleSessions({ name: 'crm', size, acquireTimeoutMs, idleMs, log: kept.log, connections });
  }

  const take = (all: RoleSessions, role: string, cancellation = new Cancellation()) =>
    all.of(role)!.acquire(cancellation);

  it('are opened when a role first needs one, used again by it, and by no other', async () => {
    const all = sessions(3);
    expect([all.count, all.of('nobody')]).to.deep.equal([0, undefined]);
    const first = await take(all, 'north');
    all.of('north')!.release(first);
    expect(await take(all, 'north')).to.equal(first);
    expect(roleOf(await take(all, 'south'))).to.equal('south');
    expect(database.opened).to.equal(2);
  });

  it('are together no more than one login would have, and the one that was idle for longest goes first', async () => {
    const all = sessions(2);
    for (const role of ['north', 'south', 'north', 'west', 'south', 'west']) {
      const session = await take(all, role);
      expect(roleOf(session)).to.equal(role);
      all.of(role)!.release(session);
    }
    expect(database.most).to.equal(2);
    expect(database.opened, 'north, south, (north), west for south, south for north, (west)').to.equal(4);
    await all.close();
    expect(database.open).to.equal(0);
  });

  it('of a role with few queries are not taken by one with many, and come free when they are not used', async () => {
    const all = sessions(2);
    const south = await take(all, 'south');
    all.of('south')!.release(south);
    const north = await take(all, 'north');
    const second = take(all, 'north');
    expect(await take(all, 'south'), 'its own, not another one').to.equal(south);
    all.of('south')!.release(south);
    all.of('north')!.release(north);
    expect(await second, 'north waited for its own').to.equal(north);
    expect(database.opened).to.equal(2);
    const replacing = await take(all, 'north'); // after the second for which the one of south is kept
    expect([roleOf(replacing), database.opened, database.open]).to.deep.equal(['north', 3, 2]);
  });

  it('come to a role that has none, also those that were just used', async () => {
    const all = sessions(2);
    for (const role of ['north', 'south']) all.of(role)!.release(await take(all, role));
    const west = await Promise.race([take(all, 'west'), immediately()]);
    expect(west !== null && roleOf(west)).to.equal('west');
  });

  it('come to those who wait in their order, and to others when one gives up', async () => {
    const all = sessions(1);
    const held = await take(all, 'north');
    const order: string[] = [];
    const cancellation = new Cancellation();
    const gone = take(all, 'south', cancellation).catch((error: QueryError) => order.push(error.code));
    const waiting = ['south', 'north', 'west'].map(async (role) => {
      const session = await take(all, role);
      order.push(roleOf(session));
      all.of(role)!.release(session);
    });
    cancellation.cancel(new QueryError('cancelled', 'gone'));
    await gone;
    all.of('north')!.release(held);
    await Promise.all(waiting);
    expect(order).to.deep.equal(['cancelled', 'south', 'north', 'west']);
    expect(database.most).to.equal(1);
  });

  it('that die or cannot be used again leave room', async () => {
    const all = sessions(1);
    const idle = await take(all, 'north');
    all.of('north')!.release(idle);
    (idle as unknown as FakeSession).die();
    expect(all.count).to.equal(0);
    const broken = await take(all, 'south');
    (broken as unknown as FakeSession).die();
    all.of('south')!.release(broken);
    expect(roleOf(await take(all, 'west'))).to.equal('west');
  });

  it('that do not come free in time are told so', async () => {
    const all = sessions(1, { acquireTimeoutMs: 20 });
    await take(all, 'north');
    const error = await take(all, 'south').catch((thrown: QueryError) => thrown);
    expect(error).to.include({ code: 'database-overloaded' });
  });

  it('are closed when nobody used them for a while', async () => {
    const all = sessions(3, { idleMs: 30 });
    all.of('north')!.release(await take(all, 'north'));
    all.of('south')!.release(await take(all, 'south'));
    await until(() => database.open === 0 && all.count === 0, 2000);
    expect(roleOf(await take(all, 'north'))).to.equal('north');
  });

  it('of a login that fails do not storm the database, leave no place taken, and keep no other role from its own', async () => {
    const all = sessions(1);
    database.refuses = true;
    const failed = () => take(all, 'north').catch((thrown: QueryError) => thrown.message);
    expect(await failed()).to.equal('north cannot log in');
    database.refuses = false;
    expect(await failed(), 'too soon').to.equal('north cannot log in');
    expect(database.opened).to.equal(0);
    expect(kept.lines.map(({ event }) => event)).to.deep.equal(['database-unreachable']);
    expect(kept.lines[0]!.fields).to.include({ connection: 'crm', role: 'north' });
    all.of('south')!.release(await take(all, 'south'));
    const waited = await until(() => take(all, 'north').catch(() => null), 3000);
    expect(roleOf(waited)).to.equal('north');
    expect(kept.lines.at(-1)!.event).to.equal('database-recovered');
  });

  it('whose query is cancelled while they open stay for others', async () => {
    const all = sessions(1);
    const cancellation = new Cancellation();
    const cancelled = take(all, 'north', cancellation).catch((thrown: QueryError) => thrown.code);
    cancellation.cancel(new QueryError('cancelled', 'gone'));
    expect(await cancelled).to.equal('cancelled');
    expect(roleOf(await take(all, 'north'))).to.equal('north');
    expect(database.opened).to.equal(1);
  });
});
