/**
 * Reads how late a server's event loop was, from its own metrics: Node measures it inside. Reading resets the measurement, so
 * one is read at the beginning and thrown away.
 */
export interface LoopLag {
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** null when the server has no such metrics, or does not answer. */
export async function readLoopLag(url: string, signal: AbortSignal): Promise<LoopLag | null> {
  try {
    const response = await fetch(`${url}/metrics`, { signal });
    return parseLoopLag(await response.text());
  } catch {
    return null; // the lag is told beside the results, which do not depend on it
  }
}

export function parseLoopLag(text: string): LoopLag | null {
  const ms = (name: string): number => {
    const seconds = new RegExp(`^\\w*nodejs_eventloop_lag_${name}_seconds ([\\d.e+-]+)$`, 'm').exec(
      text,
    )?.[1];
    return Number(seconds ?? Number.NaN) * 1000;
  };
  const lag = { p99Ms: ms('p99'), maxMs: ms('max') };
  return Number.isNaN(lag.p99Ms + lag.maxMs) ? null : lag;
}
