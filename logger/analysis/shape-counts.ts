/**
 * Counts of one window of time: lines by role and level, and queries by shape. Bounded: past MAX_SHAPES different
 * ones further shapes are counted together, as `unlisted`, and so are error codes past MAX_CODES.
 */
import type { ShapeSummary } from '../../core/protocol/log-stats.ts';

const MAX_SHAPES = 300;
const MAX_CODES = 20;
const OTHER_CODES = 'other';

export interface EndedQuery {
  readonly shape: string;
  readonly queryId: string;
  /** null: it did not fail. */
  readonly code: string | null;
  readonly elapsedMs: number;
}

interface ShapeCount {
  count: number;
  failed: number;
  totalMs: number;
  maxMs: number;
  readonly codes: Map<string, number>;
  queryId: string;
}

export class WindowCounts {
  /** By `role level`. */
  readonly lines = new Map<string, number>();
  readonly #shapes = new Map<string, ShapeCount>();
  queries = 0;
  failed = 0;
  unlisted = 0;

  get shapeCount(): number {
    return this.#shapes.size;
  }

  addLine(key: string): void {
    this.lines.set(key, (this.lines.get(key) ?? 0) + 1);
  }

  addQuery({ shape, queryId, code, elapsedMs }: EndedQuery): void {
    this.queries += 1;
    if (code !== null) this.failed += 1;
    const counted = this.#shapeOf(shape, MAX_SHAPES);
    if (counted === null) {
      this.unlisted += 1;
      return;
    }
    counted.count += 1;
    counted.totalMs += elapsedMs;
    counted.maxMs = Math.max(counted.maxMs, elapsedMs);
    counted.queryId = queryId;
    if (code === null) return;
    counted.failed += 1;
    addCode(counted.codes, code, 1);
  }

  /** Adds a newer window's counts to these, without a bound: windows are few. */
  merge(newer: WindowCounts): void {
    for (const [key, count] of newer.lines) this.lines.set(key, (this.lines.get(key) ?? 0) + count);
    this.queries += newer.queries;
    this.failed += newer.failed;
    this.unlisted += newer.unlisted;
    for (const [shape, from] of newer.#shapes) {
      const to = this.#shapeOf(shape, Number.POSITIVE_INFINITY)!;
      to.count += from.count;
      to.failed += from.failed;
      to.totalMs += from.totalMs;
      to.maxMs = Math.max(to.maxMs, from.maxMs);
      to.queryId = from.queryId;
      for (const [code, count] of from.codes) addCode(to.codes, code, count);
    }
  }

  summaries(): ShapeSummary[] {
    return [...this.#shapes].map(([shape, { count, failed, totalMs, maxMs, codes, queryId }]) => ({
      shape,
      count,
      failed,
      meanMs: Math.round((totalMs / count) * 100) / 100,
      maxMs,
      codes: Object.fromEntries(codes),
      queryId,
    }));
  }

  #shapeOf(shape: string, maxShapes: number): ShapeCount | null {
    const known = this.#shapes.get(shape);
    if (known !== undefined) return known;
    if (this.#shapes.size >= maxShapes) return null;
    const fresh = { count: 0, failed: 0, totalMs: 0, maxMs: 0, codes: new Map(), queryId: '' };
    this.#shapes.set(shape, fresh);
    return fresh;
  }
}

function addCode(codes: Map<string, number>, code: string, count: number): void {
  const key = codes.has(code) || codes.size < MAX_CODES ? code : OTHER_CODES;
  codes.set(key, (codes.get(key) ?? 0) + count);
}
