/** Runs a command to its end, as a process group that an interruption ends. */
import type { Children } from '../children.ts';

/** Resolves with stdout; rejects with the last lines of stderr. */
export type Runner = (command: string, args: readonly string[], cwd: string) => Promise<string>;

const SHOWN_CHARACTERS = 2000;

export function createRunner(children: Children, env: NodeJS.ProcessEnv, signal: AbortSignal): Runner {
  return async (command, args, cwd) => {
    signal.throwIfAborted();
    const child = children.start({ what: command, command, args, cwd, env });
    const stop = (): void => void children.end(child);
    signal.addEventListener('abort', stop, { once: true });
    let [stdout, stderr] = ['', ''];
    child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-SHOWN_CHARACTERS);
    });
    const [code, how] = await new Promise<[number | null, string | null]>((resolve) =>
      child.once('close', (...end) => resolve(end)),
    );
    signal.removeEventListener('abort', stop);
    signal.throwIfAborted();
    if (code === 0) return stdout;
    throw new Error(`${command} ${args.join(' ')} ended with ${how ?? code}: ${stderr.trim()}`);
  };
}
