/**
 * A process of its own that reads and checks the configuration, sends it over IPC (secrets included, seen by
 * nobody else) and ends. Validation needs zod: in the monitor it would cost 14 MB for good (8 MB in a thread);
 * here it costs some 100 ms at the start.
 */
import { environment, loadConfig } from '../core/config/config.ts';
import type { ConfigQuestion } from './read-config.ts';

process.once('message', ({ cwd, file }: ConfigQuestion) => {
  void loadConfig({ cwd, env: environment(), file }).then((loaded) => {
    process.send?.(loaded, undefined, {}, () => process.exit(0));
  });
});
