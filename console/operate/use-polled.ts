/** Asks the server again and again while a panel is open. */
import { useEffect, useState } from 'preact/hooks';
import { ask, isAbort, keyNumber } from '../api/client.ts';
import { ProblemError } from '../api/problem.ts';

const EVERY_MS = 2000;

/** Returns the latest answer; null before the first, and for what this role may not see. Another `version` asks at once. */
export function usePolled<T>(path: string, version = 0): T | null {
  const [value, setValue] = useState<T | null>(null);
  const asker = keyNumber.value;
  useEffect(() => {
    const stop = new AbortController();
    let timer = 0;
    const look = async (): Promise<void> => {
      try {
        setValue(await ask<T>(path, { signal: stop.signal }));
      } catch (thrown) {
        if (isAbort(thrown)) return;
        const status = thrown instanceof ProblemError ? thrown.problem.status : 0;
        // Another key may have another role; until then the answer stays the same. A log that is not stored is 404.
        if ([401, 403, 404].includes(status)) return setValue(null);
      }
      timer = window.setTimeout(() => void look(), EVERY_MS);
    };
    void look();
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [path, asker, version]);
  return value;
}
