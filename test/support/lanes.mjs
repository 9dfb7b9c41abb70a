/**
 * Runs spec files in lanes, each a process (lane.mjs) that takes the next file when it has done one, and prints and
 * counts what they tell. The last lane takes files from the end of the list, where those stand that only compute: beside them
 * the others, which wait for timers and processes, leave no core idle. A lane that dies, hangs or does not end by itself counts as a failure, named by its file; the files
 * that are left are run by another one.
 */
import { fork } from 'node:child_process';
import { dirname, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cpuSecondsOf } from './cpu-seconds.mjs';

const LANE = fileURLToPath(new URL('./lane.mjs', import.meta.url));
const root = dirname(dirname(dirname(LANE)));
/** No test takes as long as this, whatever the machine does; mocha itself bounds those that are asynchronous. */
const STALLED_MS = Number(process.env.FORKLINE_TEST_STALL_MS ?? 10 * 60_000);

export class Lanes {
  counts = { passed: 0, failed: 0, skipped: 0 };
  /** By file: `{ ms, cpuSeconds }`, the latter with all processes that the file started. */
  times = new Map();
  #files;
  #args;
  #failures = [];
  #running = new Set();
  #stopped = false;

  /** `args` are for mocha. */
  constructor(files, args) {
    this.#files = [...files];
    this.#args = args;
  }

  /** Resolves when every file was run and every lane has ended. */
  async run(count) {
    const lanes = Math.min(count, this.#files.length);
    await Promise.all(
      Array.from({ length: lanes }, (_, index) => this.#keepLane(index > 0 && index === lanes - 1)),
    );
    for (const text of this.#failures) console.log(text);
  }

  /** The lanes end at once, and no other is started. */
  kill(signal) {
    this.#stopped = true;
    for (const child of this.#running) child.kill(signal);
  }

  /** A lane that does not even ask for a file is not followed by another one, which would do the same. */
  async #keepLane(fromEnd) {
    let hasAsked = true;
    while (hasAsked && this.#files.length > 0 && !this.#stopped) hasAsked = await this.#runLane(fromEnd);
  }

  #fail(text) {
    this.counts.failed++;
    console.log(`FAILED  ${text}`);
  }

  /** Resolves when the process has ended, whatever became of its file, to whether it had asked for one. */
  #runLane(fromEnd) {
    const child = fork(LANE, this.#args, { cwd: root, execArgv: ['--import', 'tsx'] });
    this.#running.add(child);
    const lane = { child, fromEnd, hasAsked: false, file: null, test: null, suite: null, alarm: null };
    this.#expectNews(lane);
    child.on('message', (message) => this.#onMessage(lane, message));
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => {
        clearTimeout(lane.alarm);
        this.#running.delete(child);
        this.#onEnd(lane, signal ?? code);
        resolve(lane.hasAsked);
      });
    });
  }

  #onMessage(lane, message) {
    this.#expectNews(lane);
    if (message.type === 'next') this.#giveNext(lane);
    else if (message.type === 'suite-begin') lane.suite = { passed: 0, failed: 0, skipped: 0 };
    else if (message.type === 'test-begin') lane.test = message.title;
    else if (message.type === 'test') this.#onTest(lane, message);
    else if (message.type === 'suite-end') printSuite(lane.suite, message.title);
    else if (message.type === 'failures') this.#failures.push(message.text);
    else if (message.type === 'trouble') console.log(message.text);
  }

  #giveNext(lane) {
    lane.hasAsked = true;
    this.#noteTime(lane);
    lane.test = null;
    const next = lane.fromEnd ? this.#files.pop() : this.#files.shift();
    lane.file = this.#stopped ? null : (next ?? null);
    lane.startedAt = performance.now();
    lane.cpuAtStart = cpuSecondsOf(lane.child.pid);
    lane.child.send(lane.file === null ? { type: 'end' } : { type: 'file', file: lane.file });
  }

  #noteTime({ child, file, startedAt, cpuAtStart }) {
    if (file === null) return;
    const cpuSeconds = cpuSecondsOf(child.pid) - cpuAtStart;
    this.times.set(relative(root, file), { ms: performance.now() - startedAt, cpuSeconds });
  }

  #onTest(lane, { kind, title, message }) {
    if (lane.suite !== null) lane.suite[kind]++;
    if (kind === 'failed') this.#fail(`${title}: ${message}`);
    else this.counts[kind]++;
  }

  #onEnd(lane, how) {
    if (lane.file !== null) {
      const where = lane.test === null ? '' : `, in or after the test "${lane.test}"`;
      this.#fail(`the test process ended with ${how} in ${relative(root, lane.file)}${where}`);
    } else if (how !== 0)
      this.#fail(
        `a test process ended with ${how} ${lane.hasAsked ? 'after its last test' : 'before its first'}`,
      );
  }

  /** Kills the lane when it tells nothing for so long: its event loop is blocked. */
  #expectNews(lane) {
    clearTimeout(lane.alarm);
    lane.alarm = setTimeout(() => {
      console.log(`nothing was heard of a test process for ${STALLED_MS / 1000} s, it is killed`);
      lane.child.kill('SIGKILL');
    }, STALLED_MS);
  }
}

function printSuite(suite, title) {
  console.log(`${suite.failed === 0 ? 'ok' : 'FAILED'}  ${title}: ${countsText(suite)}`);
}

/** `12 passed, 0 failed`, and what was skipped when something was. */
export function countsText({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}
