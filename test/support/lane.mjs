/**
 * A lane of test/run.mjs: a process that asks for spec files one after the other and runs each with a mocha of its own.
 * What support modules share (the database) is shared by all files of the lane, and ended when there are no more. The
 * lane must then end by itself: leaks.ts tells what keeps it, and makes it fail.
 *
 * It gets `{ type: 'file', file }` or `{ type: 'end' }` for each `{ type: 'next' }`; what it tells besides is in reporter.mjs.
 */
import Mocha from 'mocha';
import mochaOptions from 'mocha/lib/cli/options.cjs';
import runHelpers from 'mocha/lib/cli/run-helpers.cjs';
import { 'module.exports' as LaneReporter } from './reporter.mjs';

const options = mochaOptions.loadOptions(process.argv.slice(2));
/** Loads what .mocharc.json requires: mocha loads it in the same way as it loads spec files, so that both share modules. */
const { rootHooks, globalTeardown } = await runHelpers.handleRequires(options.require);

process.on('message', (message) => {
  const work = message.type === 'file' ? run(message.file) : end();
  work.catch((error) => {
    process.send({ type: 'trouble', text: error.stack ?? String(error) });
    process.exitCode = 1;
    process.disconnect();
  });
});
next();

function next() {
  process.send({ type: 'next' });
}

async function run(file) {
  const mocha = new Mocha({ ...options, reporter: LaneReporter, rootHooks });
  mocha.addFile(file);
  await mocha.loadFilesAsync();
  await new Promise((resolve) => mocha.run(resolve));
  mocha.dispose();
  next();
}

async function end() {
  for (const teardown of globalTeardown) await teardown();
  process.disconnect();
}
