/** The place of kept results, for the monitor that makes it and the server that uses it. */
import { join } from 'node:path';

export function resultsDir(dataDir: string): string {
  return join(dataDir, 'results');
}
