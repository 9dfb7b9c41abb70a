/**
 * A process of its own that reads and checks the configuration, sends it over IPC (secrets included, seen by
 * nobody else) and ends. Validation needs zod: in the monitor it would cost 14 MB for good (8 MB in a thread);
 * here it costs some 100 ms at the start.
 */
import { environment, type LoadedConfig, loadConfig } from '../core/config/config.ts';
import type { ConfigQuestion } from './kit/read-config.ts';
import { stageProblems } from './policy-stages.ts';

process.once('message', (question: ConfigQuestion) => {
  void load(question).then((loaded) => {
    process.send?.(loaded, undefined, {}, () => process.exit(0));
  });
});

async function load({ cwd, file, env = environment() }: ConfigQuestion): Promise<LoadedConfig> {
  const loaded = await loadConfig({ cwd, env, file });
  if ('errors' in loaded || loaded.config.access.policy === null) return loaded;
  const errors = await stageProblems(loaded.config.access.policy);
  return errors.length === 0 ? loaded : { errors, dataDir: loaded.config.dataDir };
}
