/** Counts every HTTP request, whichever handler answers it. */
import type { ServerResponse } from 'node:http';
import type { Metrics } from '../observe/metrics.ts';

/** Counts the request when its answer ends. `route` is called then, since only then the route is known; undefined when none matched. */
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
