/** Every stage by name and alias. */
import type { StageSyntaxes } from '../../frontends/forkline/stage-parser.ts';
import { ENGINE_ROWS } from './engine-rows.ts';
import { SHOWN_ROWS } from './shown-rows.ts';
import type { AnyStage } from './stage.ts';
import { STAGES } from './stage-files.ts';
import { VALUES } from './stage-values.ts';

const byName = new Map<string, AnyStage>();
for (const stage of STAGES)
  for (const name of [stage.name, ...stage.aliases]) {
    if (byName.has(name)) throw new Error(`two stages are called ${name}`);
    byName.set(name, stage);
  }
if (byName.has(VALUES.name)) throw new Error(`a stage is called ${VALUES.name}, as the compiler's own`);

export function findStage(name: string): AnyStage | null {
  return byName.get(name) ?? null;
}

export const STAGE_NAMES: readonly string[] = [...byName.keys()];

/** The stages as the parser sees them. */
export const STAGE_SYNTAXES: StageSyntaxes = { find: findStage, all: STAGES, names: STAGE_NAMES };

/** The stages that no text can name. */
const OWN = [VALUES, ENGINE_ROWS, SHOWN_ROWS] as readonly AnyStage[]; // each is only given what it made itself

/** Returns the stage that a node of the tree names: the parser found it, or the compiler made the node. */
export function stageOf({ name }: { readonly name: string }): AnyStage {
  const stage = byName.get(name) ?? OWN.find((own) => own.name === name);
  if (stage === undefined) throw new Error(`no stage is called ${name}`);
  return stage;
}
