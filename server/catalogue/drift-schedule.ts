/**
 * Plans every model anew once in a while, one after the other, to see whether its contract still holds. What breaks, and what
 * holds again, is told in the log. Servers of one store share the work: a model that one of them has just seen to hold is left out.
 */
import { randomUUID } from 'node:crypto';
import type { Catalogue } from '../../catalogue/catalogue.ts';
import type { StoredModel } from '../../catalogue/models/model-rows.ts';
import { QueryError } from '../../core/protocol/errors.ts';
import { anonymousAt } from '../../core/protocol/principal.ts';
import { QueryRegistry } from '../history/registry.ts';
import type { AppDeps } from '../http/app-deps.ts';
import { checkContract } from './check-contract.ts';

/** By how much a pause is longer or shorter, so that servers do not begin together. */
const JITTER = 0.1;
const PAGE = 50;
const MODEL_TIMEOUT_MS = 30_000;
/** No policy limits this principal: a model is checked whoever may read it. */
const CHECKER = anonymousAt('drift-check');

export class DriftSchedule {
  readonly #deps: Pick<AppDeps, 'run' | 'log' | 'tracing'>;
  readonly #catalogue: Catalogue;
  readonly #everyMs: number;
  readonly #registry = new QueryRegistry(0);
  #timer: NodeJS.Timeout | null = null;
  #round: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(deps: Pick<AppDeps, 'run' | 'log' | 'tracing'>, catalogue: Catalogue, everySeconds: number) {
    this.#deps = deps;
    this.#catalogue = catalogue;
    this.#everyMs = everySeconds * 1000;
    if (everySeconds > 0) this.#wait();
  }

  #wait(): void {
    if (this.#closed) return;
    const pause = this.#everyMs * (1 - JITTER + 2 * JITTER * Math.random());
    this.#timer = setTimeout(() => {
      this.#round = this.#checkAll().then(() => this.#wait());
    }, pause);
    this.#timer.unref();
  }

  /** Never rejects: what cannot be checked now is checked in the next round. */
  async #checkAll(): Promise<void> {
    const since = new Date(Date.now() - this.#everyMs / 2);
    try {
      let after = '';
      for (;;) {
        const models = await this.#catalogue.models.unchecked(since, after, PAGE);
        for (const model of models) if (!this.#closed) await this.#check(model);
        after = models.at(-1)?.key ?? after;
        if (models.length < PAGE || this.#closed) return;
      }
    } catch (thrown) {
      const { code, message } = QueryError.from(thrown);
      this.#deps.log.warn('drift-check', { code, message });
    }
  }

  async #check(model: StoredModel): Promise<void> {
    const { run, log } = this.#deps;
    const query = this.#registry.start(
      {
        ...{ queryId: `drift-${randomUUID()}`, text: model.text, principal: CHECKER },
        ...{ trace: this.#deps.tracing.begin({ headers: {} }), connection: '', timeoutMs: MODEL_TIMEOUT_MS },
      },
      Date.now(),
    );
    const late = new QueryError(
      'deadline-exceeded',
      `the model could not be planned in ${MODEL_TIMEOUT_MS} ms`,
    );
    const timer = setTimeout(() => query.cancellation.cancel(late), MODEL_TIMEOUT_MS);
    const { version } = model;
    const { name } = model.definition;
    try {
      const { broken } = await checkContract(run, this.#catalogue, model, query);
      if (broken.length > 0 && model.brokenSince === null)
        log.warn('model-drift', { model: name, version, message: broken.join('; ') });
      if (broken.length === 0 && model.brokenSince !== null)
        log.info('model-holds', { model: name, version });
    } catch (thrown) {
      const { code, message } = QueryError.from(thrown);
      log.warn('drift-check', { model: name, version, code, message });
      if (code === 'store-unavailable') throw thrown;
    } finally {
      clearTimeout(timer);
      this.#registry.end(query, null, Date.now());
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#round;
  }
}
