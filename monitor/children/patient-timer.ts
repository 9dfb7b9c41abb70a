/**
 * Timers for measures against a process that did not answer in time. When this process itself stood still (stopped, a laptop
 * asleep), its timers fire before it has read the messages that arrived meanwhile, and it would blame others for its own
 * silence. So each timer waits for one more turn of the event loop, which reads everything that has arrived.
 */

/** Calls `action` after the time and one more turn. Returns a function that cancels it. */
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

/** Calls `action` again and again, each time as `afterListening` does. Returns a function that stops it. */
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
