/**
 * Timers for what is done to a process that did not speak up in time. When this process itself stood still (stopped, a
 * laptop asleep), its timers come due before it has heard what was said meanwhile, and would blame others for its own
 * silence. So each waits for one more turn of the event loop, which reads all that has arrived.
 */

/** Returns what calls it off, up to the last moment. */
export function afterListening(ms: number, action: () => void): () => void {
  let turn: NodeJS.Immediate | undefined;
  const timer = setTimeout(() => {
    turn = setImmediate(action);
  }, ms);
  return () => {
    clearTimeout(timer);
    clearImmediate(turn);
  };
}

/** Repeats what `afterListening` does once. */
export function everyListening(ms: number, action: () => void): () => void {
  let turn: NodeJS.Immediate | undefined;
  const timer = setInterval(() => {
    clearImmediate(turn);
    turn = setImmediate(action);
  }, ms);
  return () => {
    clearInterval(timer);
    clearImmediate(turn);
  };
}
