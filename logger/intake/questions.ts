/** Answers what is asked over the log socket. Searches run one after the other: they share this process with the lines. */
import { encodeMessage, type LogFilter, type Question } from '../../core/logging/wire.ts';
import type { LogStats, LogSummary, SummaryFilter } from '../../core/protocol/log-stats.ts';
import type { FoundLines } from '../store/search.ts';

export interface Answers {
  /** The encoded reply; rejects when there is none. */
  answer(question: Question): Promise<string>;
}

export interface QuestionsDeps {
  search(filter: LogFilter): Promise<FoundLines>;
  stats(): Promise<LogStats>;
  summary(filter: SummaryFilter): LogSummary;
}

export class Questions implements Answers {
  readonly #deps: QuestionsDeps;
  #searches: Promise<unknown> = Promise.resolve();

  constructor(deps: QuestionsDeps) {
    this.#deps = deps;
  }

  async answer(question: Question): Promise<string> {
    const { id } = question;
    switch (question.type) {
      case 'search':
        return encodeFound(id, await this.#search(question.filter));
      case 'stats':
        return encodeMessage({ type: 'stats', id, stats: await this.#deps.stats() });
      case 'summary':
        return encodeMessage({ type: 'summary', id, summary: this.#deps.summary(question.filter) });
      default:
        return question satisfies never;
    }
  }

  #search(filter: LogFilter): Promise<FoundLines> {
    const found = this.#searches.then(() => this.#deps.search(filter));
    this.#searches = found.catch(() => {}); // the asking client gets the error; the next search starts afresh
    return found;
  }
}

/** The lines are JSON already. */
function encodeFound(id: number, { lines, truncated, unreadable }: FoundLines): string {
  const more = unreadable.length === 0 ? '' : `"unreadable":${JSON.stringify(unreadable)},`;
  return `{"type":"found","id":${id},"truncated":${truncated},${more}"lines":[${lines.join(',')}]}\n`;
}
