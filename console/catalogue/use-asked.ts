/** Asks once, and again when what is asked for or whoever asks has changed. */
import { useEffect, useState } from 'preact/hooks';
import { isAbort, keyNumber } from '../api/client.ts';
import { unreachable } from '../api/problem.ts';

export interface AskedFor<T> {
  /** null before it has arrived. */
  readonly value: T | null;
  /** Empty when nothing failed. */
  readonly failure: string;
}

const NOTHING = { value: null, failure: '' };

export function useAsked<T>(
  asking: (signal: AbortSignal) => Promise<T>,
  dependsOn: readonly unknown[],
): AskedFor<T> {
  const [asked, setAsked] = useState<AskedFor<T>>(NOTHING);
  const asker = keyNumber.value;
  useEffect(() => {
    const stop = new AbortController();
    asking(stop.signal).then(
      (value) => setAsked({ value, failure: '' }),
      (thrown: unknown) => {
        if (!isAbort(thrown)) setAsked({ value: null, failure: unreachable(thrown).problem.detail });
      },
    );
    return () => stop.abort();
  }, [asker, ...dependsOn]);
  return asked;
}
