import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { Flight } from '../../../../server/cache/flight.ts';
import { LeadingAnswer } from '../../../../server/cache/leading-answer.ts';
import type { LeadingDeps, LeadingQuery } from '../../../../server/cache/leading-query.ts';
import { Spool } from '../../../../server/results/spool.ts';
import { until } from '../../../support/until.ts';

const END = { rows: 1, complete: true, stats: {}, serverTiming: '' };
const POLICY = { maxAgeMs: 1, staleWhileRevalidateMs: 0, staleIfErrorMs: 0, tags: [] };

describe('the answer of a query that leads', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'forkline-leading-'));
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  /** `minMs`: from where on it is slow. The most bytes of an entry are 100, of the disk 1000, held back are 10. */
  const lead = (minMs: number, evenVolatile = true) => {
    const told = { kept: [] as number[], notKept: [] as string[], landed: 0, releases: 0, client: 0 };
    const deps: LeadingDeps = {
      bufferBytes: 10,
      policyOf: () => ({ ...POLICY, minMs, evenVolatile }),
      knownFacts: () => null,
      findFacts: async () => ({ volatility: 'immutable', tables: [], files: [], because: [] }),
      createSpool: () => new Spool({ part: join(dir, 'a.part'), final: join(dir, 'a') }, () => {}),
      async keep(_, __, result) {
        told.kept.push(Buffer.isBuffer(result) ? result.length : result.bytes);
        if (!Buffer.isBuffer(result)) await result.endUnkept();
      },
      hasRoomFor: (bytes) => bytes <= 100,
      mayGrowTo: (bytes, isFollowed) => bytes <= (isFollowed ? 1000 : 100),
      onLanded: () => {
        told.landed++;
      },
      onNotKept: (reason) => told.notKept.push(reason),
      answerStale: () => false,
    };
    const flight = new Flight('a', 1);
    const client = {
      streaming: false,
      write(bytes: Buffer, release: () => void) {
        told.client += bytes.length;
        release();
        return true;
      },
      ...{ onDrain() {}, restart: () => true, finish() {}, fail() {} },
    };
    const query = { startedAt: Date.now() } as LeadingQuery['query'];
    const leading = {
      flight,
      query,
      asked: {} as LeadingQuery['asked'],
      client,
      stale: null,
      sharedAsOf: null,
    };
    const answer = new LeadingAnswer(deps, leading);
    answer.planned({ stages: [], warnings: [] } as unknown as Parameters<LeadingAnswer['planned']>[0]);
    let written = 0;
    const write = (bytes: number): void => {
      written++;
      answer.write(Buffer.alloc(bytes), () => {
        told.releases++;
      });
    };
    const allReleased = (): Promise<boolean> => until(() => told.releases === written, 5000);
    return { answer, flight, told, write, allReleased };
  };
  const files = (): Promise<string[]> => readdir(dir);

  it('ends at once when it was small and quick, and gives its buffers back', () => {
    const { answer, told, write } = lead(1000);
    write(5);
    expect(told.releases).to.equal(0);
    answer.finish(END);
    expect(told).to.deep.equal({ kept: [], notKept: ['fast'], landed: 1, releases: 1, client: 5 });
  });

  it('leaves nothing on the disk when it was large and quick', async () => {
    for (const evenVolatile of [true, false]) {
      const { answer, told, write, allReleased } = lead(60_000, evenVolatile);
      for (let n = 0; n < 5; n++) write(10);
      answer.finish(END);
      await until(() => told.landed > 0, 5000);
      await allReleased();
      expect(await files()).to.deep.equal([]);
      expect(told)
        .to.include({ client: 50 })
        .and.to.deep.include({ kept: [], notKept: ['fast'] });
    }
  });

  it('is kept when it was slow, small or large', async () => {
    for (const pieces of [1, 5]) {
      const { answer, told, write } = lead(0);
      for (let n = 0; n < pieces; n++) write(10);
      answer.finish(END);
      await until(() => told.landed > 0, 5000);
      expect(told.kept).to.deep.equal([pieces * 10]);
    }
  });

  it('is not written on beyond the bound of an entry when nobody follows', async () => {
    const { answer, told, write, allReleased } = lead(0);
    for (let n = 0; n < 15; n++) write(10);
    expect(told.notKept).to.deep.equal(['too-large']);
    await until(async () => (await files()).length === 0, 5000);
    answer.finish(END);
    await allReleased();
    expect(told).to.include({ client: 150 });
    expect(told.kept).to.deep.equal([]);
  });

  it('is written on for those who follow, up to the bound of the disk, where they are told that it failed', async () => {
    for (const [pieces, isWhole] of [
      [50, true],
      [150, false],
    ] as const) {
      const { answer, flight, told, write, allReleased } = lead(0);
      write(5);
      const place = flight.join();
      write(10);
      const turn = await place.turn;
      if (turn.kind !== 'follow') throw new Error(`told to ${turn.kind}`);
      let followed = 0;
      const following = turn.spool.follow(
        (bytes) => {
          followed += bytes.length;
          return null;
        },
        () => false,
      );
      for (let n = 0; n < pieces; n++) write(10);
      answer.finish(END);
      expect(await following).to.equal(isWhole);
      expect((await turn.ended) !== null).to.equal(isWhole);
      if (isWhole) expect(followed).to.equal(15 + pieces * 10);
      expect(told.client).to.equal(15 + pieces * 10);
      await allReleased();
      expect(told.kept).to.deep.equal([]);
      await until(async () => (await files()).length === 0, 5000);
    }
  });
});
