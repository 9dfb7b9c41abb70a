/**
 * With FORKLINE_TRACE_LEAKS=1: where each timer, socket, server and process was opened that is still open. Without it
 * nothing is traced, as the hooks make every promise slower.
 */
import { createHook } from 'node:async_hooks';

const TRACED =
  /^(?:Timeout|Immediate|TCPWRAP|TCPSERVERWRAP|PIPEWRAP|PIPESERVERWRAP|PROCESSWRAP|WORKER|FSEVENTWRAP)$/;
const SHOWN_FRAMES = 6;

const traces = new Map<number, string>();
let isTracing = false;

export function traceLeaks(): void {
  if (process.env.FORKLINE_TRACE_LEAKS === undefined || isTracing) return;
  isTracing = true;
  const hook = createHook({
    init(id, type) {
      if (TRACED.test(type)) traces.set(id, `${type}\n${ownFrames(new Error().stack ?? '')}`);
    },
    destroy: (id) => void traces.delete(id),
  });
  hook.enable();
}

/** The empty text when nothing was traced. */
export function tracesText(): string {
  return [...traces.values()].map((trace) => `\n  opened and not closed: ${trace}`).join('');
}

export function forgetTraces(): void {
  traces.clear();
}

function ownFrames(stack: string): string {
  const frames = stack.split('\n').filter((line) => !/node:|leak-traces/.test(line));
  return frames.slice(1, SHOWN_FRAMES).join('\n');
}
