/**
 * A terminal taken over for a while: its other screen, no cursor, keys as they are pressed. `close` gives all of it
 * back, and so does the end of the process, whatever ends it but KILL.
 */
import type { ReadStream, WriteStream } from 'node:tty';

export interface Terminal {
  readonly stdin: ReadStream & { readonly isTTY?: boolean };
  readonly stdout: WriteStream & { readonly isTTY?: boolean };
}

export interface ScreenEvents {
  /** A character, or the sequence of a key that is none, such as an arrow. */
  onKey(key: string): void;
  onResize(): void;
  onSignal(exitCode: number): void;
}

const OTHER_SCREEN = '\u001b[?1049h\u001b[?25l';
const FIRST_SCREEN = '\u001b[?25h\u001b[?1049l';
const HOME = '\u001b[H';
const CLEAR_LINE_END = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';
const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

export class Screen {
  readonly #terminal: Terminal;
  #isOpen = false;
  #undo: (() => void)[] = [];

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  open({ onKey, onResize, onSignal }: ScreenEvents): void {
    const { stdin, stdout } = this.#terminal;
    this.#isOpen = true;
    const onData = (chunk: Buffer): void => {
      for (const key of keysOf(chunk.toString('utf8'))) onKey(key);
    };
    const onExit = (): void => this.close();
    process.once('exit', onExit);
    stdin.setRawMode(true);
    stdin.on('data', onData);
    stdin.resume();
    stdout.on('resize', onResize);
    stdout.write(OTHER_SCREEN);
    this.#undo = [
      () => process.off('exit', onExit),
      () => stdin.off('data', onData),
      () => stdout.off('resize', onResize),
    ];
    for (const [signal, exitCode] of Object.entries(SIGNALS)) {
      const handler = (): void => onSignal(exitCode);
      process.on(signal, handler);
      this.#undo.push(() => process.off(signal, handler));
    }
  }

  size(): { readonly columns: number; readonly rows: number } {
    const { columns, rows } = this.#terminal.stdout;
    return { columns: columns || 80, rows: rows || 24 };
  }

  /** Line by line over the old ones, so that nothing flickers. */
  draw(lines: readonly string[]): void {
    if (!this.#isOpen) return;
    const text = lines.map((line) => line + CLEAR_LINE_END).join('\r\n');
    this.#terminal.stdout.write(HOME + text + CLEAR_BELOW);
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    for (const undo of this.#undo) undo();
    const { stdin, stdout } = this.#terminal;
    stdin.setRawMode(false);
    stdin.pause();
    stdout.write(FIRST_SCREEN);
  }
}

/** Keys that came in one piece: escape sequences whole, everything else by character. */
export function keysOf(text: string): string[] {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape is what such a key begins with
  return text.match(/\u001b\[[0-9;]*[A-Za-z~]|[\s\S]/gu) ?? [];
}
