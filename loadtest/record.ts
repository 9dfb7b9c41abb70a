/**
 * The record of one scenario. Everything is kept as it comes, so that an interrupted scenario still
 * has what it had measured.
 */
import { median } from './measure/statistics.ts';
import type { Bound, Chart, Check, PhaseBar, ResourceFigures, Series } from './result.ts';
import type { Phases } from './verify.ts';

export interface CheckRequest {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly bound: Bound;
  readonly limit: number;
  readonly measured: string;
}

interface OpenSeries extends Series {
  readonly values: number[];
}

export class ScenarioRecord {
  readonly checks: Check[] = [];
  readonly charts: Chart[] = [];
  readonly notes: string[] = [];
  readonly resources: ResourceFigures[] = [];
  readonly #series = new Map<string, OpenSeries>();
  readonly #phases = new Map<string, Phases[]>();

  get series(): Series[] {
    return [...this.#series.values()];
  }

  add(who: string, what: string, unit: string, value: number): void {
    const key = `${who}\0${what}`;
    let series = this.#series.get(key);
    if (series === undefined) {
      series = { who, what, unit, values: [] };
      this.#series.set(key, series);
    }
    series.values.push(value);
  }

  /** NaN when nothing was measured. */
  median(who: string, what: string): number {
    return median(this.#series.get(`${who}\0${what}`)?.values ?? []);
  }

  /** Adds a check. A value that is no number holds no target, and neither does a ratio to nothing. */
  check(request: CheckRequest): void {
    const { value, bound, limit, unit } = request;
    const held = Number.isFinite(value) && (bound === 'at-least' ? value >= limit : value <= limit);
    const target = `${bound === 'at-least' ? '>=' : '<='} ${limit} ${unit}`;
    this.checks.push({ ...request, target, held });
  }

  chart(chart: Chart): void {
    this.charts.push(chart);
  }

  note(text: string): void {
    this.notes.push(text);
  }

  /** Adds the phases of one answer; their medians become a bar in the chart of phases. */
  addPhases(label: string, phases: Phases): void {
    const known = this.#phases.get(label) ?? [];
    known.push(phases);
    this.#phases.set(label, known);
  }

  get phaseBars(): PhaseBar[] {
    return [...this.#phases].map(([label, all]) => ({
      label,
      phases: Object.keys(all[0] ?? {}).map((phase) => ({
        phase,
        ms: median(all.map((phases) => phases[phase] ?? 0)),
      })),
    }));
  }
}
