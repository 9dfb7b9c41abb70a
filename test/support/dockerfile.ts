/** Reads a Dockerfile, stage by stage, in the forms of instruction that ours uses; any other form is an error. */
import { readFileSync } from 'node:fs';

export interface Instruction {
  readonly name: string;
  readonly rest: string;
}

export interface Stage {
  /** `AS name`, or null. */
  readonly name: string | null;
  readonly instructions: readonly Instruction[];
}

export interface Copy {
  /** The stage that it copies from; null: the build context, which is the repository. */
  readonly from: string | null;
  readonly sources: readonly string[];
  readonly target: string;
}

export class Dockerfile {
  readonly stages: readonly Stage[];

  constructor(path: string) {
    this.stages = stagesOf(readInstructions(readFileSync(path, 'utf8')));
  }

  /** The last stage is the image; what comes before it only builds. */
  get image(): Stage {
    return this.stages.at(-1)!;
  }

  stage(name: string): Stage {
    const found = this.stages.find((stage) => stage.name === name);
    if (found === undefined) throw new Error(`the Dockerfile has no stage ${name}`);
    return found;
  }
}

/** Comments left out, continued lines joined. */
function readInstructions(text: string): Instruction[] {
  const lines = text
    .replace(/^#.*\n/gm, '')
    .replace(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line !== '');
  return lines.map((line) => {
    const [, name, rest] = /^([A-Z]+) (.*)$/.exec(line) ?? [];
    if (name === undefined || rest === undefined) throw new Error(`no instruction: ${line}`);
    return { name, rest };
  });
}

function stagesOf(instructions: readonly Instruction[]): Stage[] {
  const stages: { name: string | null; instructions: Instruction[] }[] = [];
  for (const instruction of instructions) {
    if (instruction.name === 'FROM')
      stages.push({ name: / AS (\S+)$/.exec(instruction.rest)?.[1] ?? null, instructions: [] });
    else stages.at(-1)!.instructions.push(instruction);
  }
  return stages;
}

export function copyOf({ rest }: Instruction): Copy {
  const [, from = null, paths = ''] = /^(?:--from=(\S+) )?([^-[].*)$/.exec(rest) ?? [];
  const words = paths.split(' ');
  if (words.length < 2) throw new Error(`a COPY that this reader does not know: ${rest}`);
  return { from, sources: words.slice(0, -1), target: words.at(-1)! };
}

/** The argument of the stage's last instruction of that name. */
export function lastOf(stage: Stage, name: string): string {
  const found = stage.instructions.findLast((instruction) => instruction.name === name);
  if (found === undefined) throw new Error(`the stage has no ${name}`);
  return found.rest;
}

export function environmentOf(stage: Stage): Record<string, string> {
  const pairs = stage.instructions
    .filter(({ name }) => name === 'ENV')
    .map(({ rest }) => rest.split('=') as [string, string]);
  return Object.fromEntries(pairs);
}

/**
 * A reader of the .dockerignore, whose forms are `*` and `!name`: the names at the top of the repository that get into
 * the build context.
 */
export function contextNames(path: string): string[] {
  const patterns = readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  if (patterns[0] !== '*') throw new Error('the .dockerignore does not begin with *');
  return patterns.slice(1).map((pattern) => {
    const name = /^!([\w.-]+)$/.exec(pattern)?.[1];
    if (name === undefined) throw new Error(`a pattern that this reader does not know: ${pattern}`);
    return name;
  });
}
