/** The end of a query: the statistics in its answer, its metrics, spans and line of the log. */
import type { Log } from '../../core/logging/log.ts';
import type { Plan, PlannedStage } from '../../core/protocol/plan.ts';
import { errorClass } from '../answer/error-status.ts';
import type { AnswerEnd, QueryAnswer } from '../answer/query-answer.ts';
import type { Phases, QueryRecord } from '../history/registry.ts';
import type { QueryRequest } from '../http/request/query-request.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { Tracing } from '../observe/tracing.ts';
import type { QueryOutcome } from './run-query.ts';

/** The facts about a query's plan that its answer tells. */
export interface ToldPlan {
  readonly placement: readonly { readonly stage: string; readonly where: PlannedStage['where'] }[];
  readonly warnings: readonly string[];
}

export function toldPlan({ stages, warnings }: Plan): ToldPlan {
  return { placement: stages.map(({ name, where }) => ({ stage: name, where })), warnings };
}

export function finish(query: QueryRecord, answer: QueryAnswer, { summary, plan }: QueryOutcome): void {
  answer.finish(answerEnd(query, summary, toldPlan(plan), answer.told));
}

/** Returns what an answer ends with. `cache`: the member `stats.cache`; left out without a cache. */
export function answerEnd(
  query: QueryRecord,
  { rows, complete }: { readonly rows: number; readonly complete: boolean },
  { placement, warnings }: ToldPlan,
  cache?: object,
): AnswerEnd {
  const phases = rounded(query.phases);
  const stats = {
    queryId: query.queryId,
    elapsedMs: Date.now() - query.startedAt,
    phases,
    placement,
    // JSON.stringify leaves members out that are undefined.
    warnings: warnings.length > 0 ? warnings : undefined,
    cache,
  };
  return { rows, complete, stats, serverTiming: serverTimingOf(phases) };
}

function serverTimingOf({ plan, queue, sql, handoff, dsl, encode }: Phases): string {
  return `plan;dur=${plan}, queue;dur=${queue}, sql;dur=${sql}, handoff;dur=${handoff}, dsl;dur=${dsl}, encode;dur=${encode}`;
}

/** Returns the phases rounded to hundredths of a millisecond. Written out by member because it runs twice per query. */
function rounded({ plan, queue, sql, handoff, dsl, encode }: Phases): Phases {
  return {
    plan: hundredths(plan),
    queue: hundredths(queue),
    sql: hundredths(sql),
    handoff: hundredths(handoff),
    dsl: hundredths(dsl),
    encode: hundredths(encode),
  };
}

function hundredths(ms: number): number {
  return Math.round(ms * 100) / 100;
}

/** The most characters of a query's text in the log: enough to recognise it. */
const LOGGED_QUERY_CHARACTERS = 4000;

function textForLog(text: string): string {
  const removed = text.length - LOGGED_QUERY_CHARACTERS;
  return removed <= 0 ? text : `${text.slice(0, LOGGED_QUERY_CHARACTERS)}…[+${removed} characters]`;
}

const NOTHING = {};

export interface ReportDeps {
  readonly metrics: Metrics;
  readonly tracing: Tracing;
  readonly log: Log;
}

/** Tells the end of a query. `more`: further members of its line in the log. */
export function report(
  { metrics, tracing, log }: ReportDeps,
  query: QueryRecord,
  asked: QueryRequest,
  more: object = NOTHING,
): void {
  const { answer } = asked;
  const elapsedMs = (query.endedAt ?? Date.now()) - query.startedAt;
  const code = query.error?.code ?? 'ok';
  metrics.queryEnded(query, answer.format, elapsedMs);
  tracing.end(query);
  const { bytes, rows } = query;
  const fields = {
    queryId: query.queryId,
    traceId: query.trace.traceId,
    principal: query.principal.id,
    connection: query.connection,
    query: textForLog(query.shownAs ?? query.text),
    code,
    elapsedMs,
    rows,
    bytes,
    phases: rounded(query.phases),
    ...more,
  };
  if (query.error === null) log.info('query-ended', fields);
  // A mistake of the user is only information; a failure that an operator may have to mend is a warning.
  else {
    const level = errorClass(query.error.code).status < 500 ? 'info' : 'warn';
    log[level]('query-failed', { ...fields, message: query.error.message });
  }
}
