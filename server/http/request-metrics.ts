/** What is counted of every HTTP request, whoever answers it. */
import type { ServerResponse } from 'node:http';
import type { Metrics } from '../observe/metrics.ts';

/** `route` is asked at the end: only then it is known which one fitted; undefined: none did. */
export function countAnswer(
  metrics: Metrics,
  method: string | undefined,
  response: ServerResponse,
  route: () => string | undefined,
): void {
  response.on('close', () => {
    const status = response.writableFinished ? response.statusCode : null;
    metrics.requestEnded({ route: route(), method: method ?? '', status });
  });
}
