/**
 * One line on the terminal that tells what is being measured, written over in place; where there is no terminal, a
 * line for each scenario only. Other lines are printed above it.
 */
const REDRAW_MS = 250;

export interface ProgressOutput {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export class Progress {
  readonly #output: ProgressOutput;
  readonly #startedAt = performance.now();
  readonly #timer: NodeJS.Timeout | null;
  #scenario = '';
  #text = '';
  #answers: number | null = null;

  constructor(output: ProgressOutput) {
    this.#output = output;
    this.#timer = output.isTTY === true ? setInterval(() => this.#draw(), REDRAW_MS) : null;
  }

  scenario(label: string): void {
    this.#scenario = label;
    this.text('');
    if (this.#timer === null) this.#output.write(`${label}\n`);
  }

  text(text: string): void {
    this.#text = text;
    this.#answers = null;
  }

  answers(count: number): void {
    this.#answers = count;
  }

  /** A line that stays. */
  print(line: string): void {
    this.#clear();
    this.#output.write(`${line}\n`);
  }

  end(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#clear();
  }

  #clear(): void {
    if (this.#timer !== null) this.#output.write('\r\x1b[K');
  }

  #draw(): void {
    const line = progressLine({
      seconds: (performance.now() - this.#startedAt) / 1000,
      scenario: this.#scenario,
      text: this.#text,
      answers: this.#answers,
    });
    this.#clear();
    this.#output.write(line.slice(0, (this.#output.columns ?? 80) - 1));
  }
}

interface ProgressState {
  readonly seconds: number;
  readonly scenario: string;
  readonly text: string;
  readonly answers: number | null;
}

function progressLine({ seconds, scenario, text, answers }: ProgressState): string {
  const clock = `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`;
  const count = answers === null ? '' : `${answers.toLocaleString('en')} so far`;
  return [clock, scenario, text, count].filter((part) => part !== '').join('  ');
}
