/**
 * The jobs of a server: those that it runs, and those whose results are kept. Another generation's server may run some of them;
 * what it writes about them is read when somebody asks.
 */
import { createHash, randomUUID } from 'node:crypto';
import type { Log } from '../../core/logging/log.ts';
import { isSameProcess, readSample } from '../../core/process/proc.ts';
import { QueryError, type WireError } from '../../core/protocol/errors.ts';
import type { Principal } from '../../core/protocol/principal.ts';
import type { JobsConfig } from '../../core/protocol/results-config.ts';
import type { QueryRecord } from '../history/registry.ts';
import type { QueryRequest } from '../http/request/query-request.ts';
import type { QueryHandlerDeps } from '../query/handler-deps.ts';
import { toldPlan } from '../query/query-end.ts';
import { deadlineExceeded, runToEnd } from '../query/run-to-end.ts';
import { startQuery } from '../query/start-query.ts';
import type { Spool } from '../results/spool.ts';
import type { ResultStore } from '../results/store.ts';
import { Conversions, copiesOf } from './conversions.ts';
import { type Job, type JobSession, jobView } from './job.ts';
import { JobAnswer, notKept } from './job-answer.ts';
import { type JobFiles, resultIdOf } from './job-files.ts';
import { bytesForOneMore } from './job-limits.ts';
import { factsOfJob, KEPT_ANSWER, newJob } from './job-record.ts';

export interface JobsDeps {
  readonly config: JobsConfig;
  readonly maxEntryBytes: number;
  readonly store: ResultStore;
  readonly files: JobFiles;
  readonly handler: Omit<QueryHandlerDeps, 'cache'>;
  readonly log: Log;
}

interface Running {
  readonly query: QueryRecord;
  readonly done: Promise<void>;
}

const SWEEP_MS = 10_000;

export class Jobs {
  readonly #deps: JobsDeps;
  readonly #jobs = new Map<string, Job>();
  readonly #running = new Map<string, Running>();
  readonly #server = { pid: process.pid, startTicks: readSample(process.pid)?.startTicks ?? null };
  #sweeping: NodeJS.Timeout | null = null;

  /** Makes results in other formats than the one that is kept. */
  readonly conversions: Conversions;

  constructor(deps: JobsDeps) {
    this.#deps = deps;
    this.conversions = new Conversions(deps);
  }

  /** Whether jobs answer at the older engine's addresses too. */
  get hasLegacyApi(): boolean {
    return this.#deps.config.legacyApi === 'on';
  }

  get store(): ResultStore {
    return this.#deps.store;
  }

  /** Reads the jobs of earlier runs. */
  async start(): Promise<void> {
    for (const job of await this.#deps.files.readAll()) this.#jobs.set(job.id, await this.#settled(job));
    this.#sweeping = setInterval(() => void this.#sweep(), SWEEP_MS);
    this.#sweeping.unref();
  }

  close(): void {
    if (this.#sweeping !== null) clearInterval(this.#sweeping);
  }

  get counts(): { readonly running: number; readonly kept: number } {
    return { running: this.#running.size, kept: this.#jobs.size - this.#running.size };
  }

  /** Starts a job, or returns the one that the same principal started with the same key. Throws too-many-jobs, idempotency-mismatch, draining. */
  async submit(
    principal: Principal,
    asked: QueryRequest,
    key: string | null,
    session: JobSession | null = null,
  ): Promise<Job> {
    const request =
      key === null ? '' : createHash('sha256').update(JSON.stringify(asked)).digest('base64url');
    const known = key === null ? undefined : this.#withKey(principal, key);
    if (known !== undefined) {
      if (known.idempotency!.request === request) return known; // found by its key
      throw new QueryError('idempotency-mismatch', 'this Idempotency-Key came with another query before', {
        hint: 'Use a new key for each query.',
      });
    }
    const own = [...this.#jobs.values()].filter((job) => job.owner === principal.id && !this.#isExpired(job));
    const maxBytes = bytesForOneMore(own, this.#deps);
    const { config, handler, files } = this.#deps;
    const query = startQuery(handler, principal, { headers: {} }, asked, {
      ...{ isCounted: false, queryId: randomUUID() },
      maxTimeoutMs: config.maxTimeoutMs,
      usualTimeoutMs: config.maxTimeoutMs,
    });
    const job = newJob(principal, asked, query, this.#server, {
      idempotency: key === null ? null : { key, request },
      session,
    });
    this.#jobs.set(job.id, job);
    const done = this.#run(job, query, asked, maxBytes);
    this.#running.set(job.id, { query, done });
    await files.write(job).catch((error) => this.#notWritten(job, error));
    return job;
  }

  /** Returns a job of the principal's. Throws not-found, also for somebody else's. */
  async find(id: string, principal: Principal): Promise<Job> {
    const known = /^[0-9a-f]{32}$/.test(id)
      ? (this.#jobs.get(id) ?? (await this.#deps.files.read(id)))
      : null;
    const job = known === null ? null : await this.#current(known);
    if (job !== null && job.owner === principal.id && !this.#isExpired(job)) return job;
    throw new QueryError('not-found', `there is no job ${id}`, {
      hint: 'GET /v1/jobs lists yours; a result is removed when it expires.',
    });
  }

  /** Returns the principal's job that this session reads. Throws not-found. */
  async findSession(sid: string, principal: Principal): Promise<Job> {
    for (const job of this.#jobs.values())
      if (job.session?.sid === sid && job.owner === principal.id) return await this.find(job.id, principal);
    throw new QueryError('not-found', `there is no session ${sid}`, {
      hint: 'Start one by POST /angora/query/jobs; a session ends when it is closed, or after a while.',
    });
  }

  hasSession(sid: string): boolean {
    for (const job of this.#jobs.values()) if (job.session?.sid === sid) return true;
    return false;
  }

  /** Notes how far the session of a job has read. */
  async moveSession(job: Job, position: number): Promise<void> {
    if (job.session === null || job.session.position === position) return;
    job.session.position = position;
    await this.#deps.files.write(job).catch((error) => this.#notWritten(job, error));
  }

  /** Returns the principal's jobs, newest first. */
  async list(principal: Principal): Promise<Job[]> {
    const own = [...this.#jobs.values()].filter((job) => job.owner === principal.id && !this.#isExpired(job));
    return (await Promise.all(own.map((job) => this.#current(job)))).reverse();
  }

  viewOf(job: Job) {
    const running = this.#running.get(job.id);
    return jobView(job, running === undefined ? null : running.query);
  }

  /** Resolves when the job has ended, or after `ms`. */
  async waitFor(job: Job, ms: number): Promise<void> {
    const running = this.#running.get(job.id);
    if (running === undefined || ms <= 0) return;
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms);
    });
    await Promise.race([running.done, timeout]);
    clearTimeout(timer);
  }

  /** Cancels a running job; removes one that has ended. Returns what it did. */
  async end(job: Job): Promise<'cancelling' | 'removed'> {
    const running = this.#running.get(job.id);
    if (running?.query.state === 'running') {
      running.query.cancellation.cancel(
        new QueryError('cancelled', 'the job was cancelled by DELETE /v1/jobs'),
      );
      return 'cancelling';
    }
    await running?.done; // the query has ended, and its end is being written
    await this.#remove(job);
    return 'removed';
  }

  async #run(job: Job, query: QueryRecord, asked: QueryRequest, maxBytes: number): Promise<void> {
    const { handler, store } = this.#deps;
    const deadline = setTimeout(
      () => query.cancellation.cancel(deadlineExceeded(query)),
      query.deadlineAt - Date.now(),
    );
    let ending: Promise<void> = Promise.resolve();
    const answer = new JobAnswer({
      ...{ query, maxBytes },
      createSpool: () => store.create(resultIdOf(job.id)),
      onPlan: (plan) => {
        job.connections = [...new Set(plan.sources.map(({ connection }) => connection))];
        job.plan = toldPlan(plan);
      },
      onColumns: (columns) => {
        job.columns = columns;
      },
      onFinished: ({ rows, complete }, spool) => {
        ending = this.#keep(job, { rows, complete }, spool, asked);
      },
      onFailed: (error) => {
        ending = this.#failed(job, error);
      },
    });
    await runToEnd(handler, query, { ...asked, answer: KEPT_ANSWER }, answer, { job: true });
    clearTimeout(deadline);
    await ending;
    this.#running.delete(job.id);
  }

  async #keep(
    job: Job,
    end: { readonly rows: number; readonly complete: boolean },
    spool: Spool,
    asked: QueryRequest,
  ): Promise<void> {
    const { store, handler, config } = this.#deps;
    const bytes = spool.bytes;
    if (
      !(await store.commit(
        resultIdOf(job.id),
        spool,
        factsOfJob(job, end, asked, handler.run.connections, config.keepMs),
      ))
    ) {
      await this.#failed(job, notKept(spool.failure).toWire());
      return;
    }
    Object.assign(job, { ...end, bytes, state: 'finished' });
    await this.#ended(job);
  }

  async #failed(job: Job, error: WireError): Promise<void> {
    job.state = error.code === 'cancelled' ? 'cancelled' : 'failed';
    job.error = error;
    await this.#ended(job);
  }

  async #ended(job: Job): Promise<void> {
    job.endedAt = Date.now();
    job.expiresAt = job.endedAt + this.#deps.config.keepMs;
    await this.#deps.files.write(job).catch((error) => this.#notWritten(job, error));
  }

  #withKey({ id }: Principal, key: string): Job | undefined {
    for (const job of this.#jobs.values())
      if (job.owner === id && job.idempotency?.key === key && !this.#isExpired(job)) return job;
    return undefined;
  }

  #isExpired({ expiresAt }: Job): boolean {
    return expiresAt !== null && expiresAt <= Date.now();
  }

  /** Returns the job as it is now, wherever it runs. */
  async #current(job: Job): Promise<Job> {
    if (job.state !== 'running' || this.#running.has(job.id)) return job;
    const onDisk = (await this.#deps.files.read(job.id)) ?? job;
    const settled = await this.#settled(onDisk);
    this.#jobs.set(job.id, settled);
    return settled;
  }

  /** Ends a job whose server has ended. */
  async #settled(job: Job): Promise<Job> {
    const { pid, startTicks } = job.server;
    if (job.state !== 'running' || isSameProcess(pid, startTicks) === true) return job;
    job.state = 'failed';
    job.error = new QueryError('job-interrupted', 'the server that ran this job has ended', {
      hint: 'Send it again.',
    }).toWire();
    await this.#ended(job);
    return job;
  }

  async #sweep(): Promise<void> {
    for (const job of this.#jobs.values()) if (this.#isExpired(job)) await this.#remove(job);
  }

  async #remove(job: Job): Promise<void> {
    this.#jobs.delete(job.id);
    const { store, files } = this.#deps;
    const entries = [resultIdOf(job.id), ...copiesOf(job.id)];
    await Promise.all([...entries.map((id) => store.remove(id)), files.remove(job.id)]).catch((error) =>
      this.#notWritten(job, error),
    );
  }

  #notWritten({ queryId }: Job, error: unknown): void {
    this.#deps.log.warn('job-not-written', { queryId, message: String(error) });
  }
}
