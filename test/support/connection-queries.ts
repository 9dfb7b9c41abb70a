/** Asks queries of one server, with what tests of every kind of connection expect of an answer. */
import { expect } from 'chai';
import type { Answer, Forkline, JsonAnswer, QueryInit } from './forkline.ts';

export interface Problem {
  readonly code: string;
  readonly detail: string;
  readonly hint?: string;
  readonly position?: { readonly line: number; readonly column: number };
}

export interface ConnectionQueries {
  /** Resolves to an answer whose status is 200. */
  answered(query: string, init?: QueryInit): Promise<Answer>;
  /** Resolves to the rows of a whole answer. */
  rows(query: string, params?: NonNullable<QueryInit['params']>): Promise<JsonAnswer['rows']>;
  /** Resolves to the problem document of a query that fails. */
  problem(query: string, init?: QueryInit): Promise<Problem>;
}

/** `server` gives the server once it is started. */
export function connectionQueries(server: () => Forkline): ConnectionQueries {
  const answered = async (query: string, init: QueryInit = {}): Promise<Answer> => {
    const answer = await server().query(query, init);
    expect(answer.status, answer.text).to.equal(200);
    return answer;
  };
  return {
    answered,
    async rows(query, params = {}) {
      const { json } = await answered(query, { params });
      expect(json.complete).to.equal(true);
      return json.rows;
    },
    async problem(query, init = {}) {
      const { status, text } = await server().query(query, init);
      expect(status, text).to.be.at.least(400);
      return JSON.parse(text) as Problem; // a problem document
    },
  };
}
