/**
 * mocha's reporter of a lane (lane.mjs): what happens goes as messages to the process that runs the lanes, as it
 * happens, so that it is counted even when the lane dies in the middle.
 */
import { format } from 'node:util';
import mocha from 'mocha';

const { EVENT_SUITE_BEGIN, EVENT_SUITE_END, EVENT_TEST_BEGIN, EVENT_TEST_FAIL, EVENT_TEST_PASS } =
  mocha.Runner.constants;
const { EVENT_TEST_PENDING, EVENT_RUN_END } = mocha.Runner.constants;
const { Base } = mocha.reporters;

class LaneReporter extends Base {
  constructor(runner, options) {
    super(runner, options);
    const tell = (message) => process.send(message);
    const ended = (kind) => (test) => tell({ type: 'test', kind, title: test.fullTitle() });
    runner.on(EVENT_SUITE_BEGIN, (suite) => isTop(suite) && tell({ type: 'suite-begin' }));
    runner.on(EVENT_TEST_BEGIN, (test) => tell({ type: 'test-begin', title: test.fullTitle() }));
    runner.on(EVENT_TEST_PASS, ended('passed'));
    runner.on(EVENT_TEST_PENDING, ended('skipped'));
    runner.on(EVENT_TEST_FAIL, (test, { message }) =>
      tell({ type: 'test', kind: 'failed', title: test.fullTitle(), message }),
    );
    runner.on(EVENT_SUITE_END, (suite) => isTop(suite) && tell({ type: 'suite-end', title: suite.title }));
    runner.on(EVENT_RUN_END, () => {
      if (this.failures.length > 0) tell({ type: 'failures', text: listOf(this.failures) });
    });
  }
}

function isTop({ parent }) {
  return parent?.root === true;
}

/** Returns what mocha prints of failures: title, error, difference, stack. */
function listOf(failures) {
  const lines = [];
  const { consoleLog } = Base;
  Base.consoleLog = (...args) => lines.push(format(...args));
  try {
    Base.list(failures);
  } finally {
    Base.consoleLog = consoleLog;
  }
  return lines.join('\n');
}

// mocha takes a reporter by its module's default export or as module.exports; this is the name for the latter.
export { LaneReporter as 'module.exports' };
