/**
 * HEAD of a query: answers with the headers that its GET would have, without Content-Length. The query is planned, so that
 * a wrong one gets its error, but not run: that would cost as much as the GET, and the next answer may have another length.
 */
import type { RequestHandler } from 'express';
import type { AnswerFormat } from '../../core/protocol/answer.ts';
import { downloadHeaders } from '../answer/download-headers.ts';
import { AnswerStream } from '../answer/stream.ts';
import { planOf } from '../query/run-query.ts';
import { withoutRunning } from '../query/without-running.ts';
import type { AppDeps } from './app-deps.ts';
import { bodyOf, readQueryRequest } from './request/query-request.ts';

export function headHandler(deps: AppDeps, pathFormat?: AnswerFormat): RequestHandler {
  return async (request, response) => {
    const asked = readQueryRequest(request, bodyOf(request), deps.limits.queryBytes, pathFormat);
    const { format } = asked.answer;
    await withoutRunning(
      deps,
      request,
      response,
      asked,
      'head',
      (query) => planOf(deps.run, asked, query),
      ({ queryId, text, trace }) => {
        const options = { response, format, queryId, queryText: text, traceresponse: trace.response };
        new AnswerStream({
          ...options,
          headers: downloadHeaders(format),
          bufferBytes: 0,
          endLine: false,
        }).head();
      },
    );
  };
}
