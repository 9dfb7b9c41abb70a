/**
 * mocha's reporter for test/run.mjs: a line for each top-level suite, failures as they happen and in full at the
 * end, and the counts in the file that the option `counts` names, rewritten after every test so that they are
 * true even when the run dies.
 */
import { writeFileSync } from 'node:fs';
import mocha from 'mocha';

const { EVENT_RUN_END, EVENT_SUITE_END, EVENT_TEST_FAIL, EVENT_TEST_PASS, EVENT_TEST_PENDING } =
  mocha.Runner.constants;

class SummaryReporter extends mocha.reporters.Base {
  constructor(runner, options) {
    super(runner, options);
    const { counts: file } = options.reporterOptions;
    const counts = { passed: 0, failed: 0, skipped: 0, ended: false };
    const save = () => writeFileSync(file, JSON.stringify(counts));
    let suite = { ...counts };
    const count = (kind) => {
      counts[kind]++;
      suite[kind]++;
      save();
    };
    save();
    runner.on(EVENT_TEST_PASS, () => count('passed'));
    runner.on(EVENT_TEST_PENDING, () => count('skipped'));
    runner.on(EVENT_TEST_FAIL, (test, error) => {
      count('failed');
      console.log(`FAILED  ${test.fullTitle()}: ${error.message}`);
    });
    runner.on(EVENT_SUITE_END, ({ parent, title }) => {
      if (!parent?.root) return;
      console.log(`${suite.failed === 0 ? 'ok' : 'FAILED'}  ${title}: ${countsText(suite)}`);
      suite = { passed: 0, failed: 0, skipped: 0 };
    });
    runner.on(EVENT_RUN_END, () => {
      counts.ended = true;
      save();
      if (counts.failed > 0) this.epilogue();
    });
  }
}

/** `12 passed, 0 failed`, and what was skipped when something was. */
export function countsText({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

// mocha takes a reporter by its module's default export or as module.exports; this is the name for the latter.
export { SummaryReporter as 'module.exports' };
