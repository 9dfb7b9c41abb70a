/** Entry of the logger process: one file out of what every process writes. See ../monitor/child.ts for its life. */
import { registerSecrets } from '../core/logging/redact.ts';
import { STANDARD_OUTPUT } from '../core/logging/standard-output.ts';
import { runChild } from '../core/process/child.ts';
import { createOwnLog, type OwnLog } from './intake/own-log.ts';
import { startLogService } from './service.ts';

const NO_QUERIES = 0;
/** For the `stopped` line, written after stop has ended. */
const STOP_RESERVE_MS = 100;

let ownLog: OwnLog | undefined;
let reopen: (() => void) | undefined;

// From the first moment on: without a handler the signal would end this process. A file that is not open yet is new.
process.on('SIGUSR2', () => reopen?.());

runChild(
  'logger',
  async ({ config, log }) => {
    const service = await startLogService({
      config,
      log,
      onPipeline: (pipeline) => ownLog?.attach(pipeline),
    });
    reopen = () => {
      if (config.file === STANDARD_OUTPUT) return; // there is no file to open anew
      service.reopen();
      log.info('log-reopened', { file: config.file });
    };
    return {
      onMessage: (message) => {
        if (message.type === 'reopen-log') reopen?.();
        else if (message.type === 'keep-secret') registerSecrets(message.secrets);
      },
      stop: (graceMs) => service.stop(Math.max(0, graceMs - STOP_RESERVE_MS)),
      queriesServed: () => NO_QUERIES,
    };
  },
  (options) => {
    ownLog = createOwnLog(options);
    return ownLog;
  },
);
