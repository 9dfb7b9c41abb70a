/** Paths into JSON as steps. */

/** A key of an object, or a place in an array from 0. */
export type JsonStep = { readonly key: string } | { readonly place: string };

const PATH = /^\$(\.("[^"]*"|[^."[\]*]+)|\[\d+\])*$/;
const STEP = /\."([^"]*)"|\.([^."[\]*]+)|\[(\d+)\]/g;

/** The steps of a path such as `$.a[0]."b c"`; null when it is none. */
export function stepsOfPath(path: string): readonly JsonStep[] | null {
  if (!PATH.test(path)) return null;
  return [...path.matchAll(STEP)].map(([, quoted, bare, place]) =>
    place === undefined ? { key: quoted ?? bare! } : { place },
  );
}

/** Steps as constants of a call: a point before a key, a bracket before a place. */
export function writtenSteps(steps: readonly JsonStep[]): readonly string[] {
  return steps.map((step) => ('place' in step ? `[${step.place}` : `.${step.key}`));
}

export function stepsWritten(texts: readonly string[]): readonly JsonStep[] {
  return texts.map((text) => (text.startsWith('[') ? { place: text.slice(1) } : { key: text.slice(1) }));
}
