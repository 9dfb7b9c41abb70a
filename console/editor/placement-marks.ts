/** Marks beside the lines of stages: in the database or in a worker, with the reason. */
import { type EditorState, RangeSet, StateEffect, StateField } from '@codemirror/state';
import { GutterMarker, gutter } from '@codemirror/view';
import type { ExplainedStage } from '../api/explain.ts';
import { words } from '../words/words.ts';

export const showPlacement = StateEffect.define<readonly ExplainedStage[]>();

class Mark extends GutterMarker {
  readonly #where: 'source' | 'worker' | 'nowhere';
  readonly #text: string;

  constructor(where: 'source' | 'worker' | 'nowhere', text: string) {
    super();
    this.#where = where;
    this.#text = text;
  }

  override eq(other: GutterMarker): boolean {
    return other instanceof Mark && other.#text === this.#text && other.#where === this.#where;
  }

  override toDOM(): Node {
    const element = document.createElement('span');
    element.className = `placed placed-${this.#where}`;
    element.textContent = this.#where === 'worker' ? '○' : '●';
    element.title = this.#text;
    element.setAttribute('role', 'img');
    element.setAttribute('aria-label', this.#text);
    return element;
  }
}

const marks = StateField.define<RangeSet<GutterMarker>>({
  create: () => RangeSet.empty,
  update(value, transaction) {
    for (const effect of transaction.effects)
      if (effect.is(showPlacement)) return marksOf(transaction.state, effect.value);
    return transaction.docChanged ? value.map(transaction.changes) : value;
  },
});

/** A line that has several stages gets one mark, with a line of text for each. */
function marksOf(state: EditorState, stages: readonly ExplainedStage[]): RangeSet<GutterMarker> {
  const said = words.value;
  const byLine = new Map<number, ExplainedStage[]>();
  for (const stage of stages) {
    if (stage.span.start > state.doc.length) continue;
    const { from } = state.doc.lineAt(stage.span.start);
    byLine.set(from, [...(byLine.get(from) ?? []), stage]);
  }
  const ranges = [...byLine].map(([from, ones]) => {
    const text = ones
      .map(({ name, where, why }) => `${name}: ${where === 'source' ? said.source : said.worker}; ${why}`)
      .join('\n');
    const isPlaced = ones.every(({ where }) => where === 'source');
    return new Mark(isPlaced ? 'source' : 'worker', text).range(from);
  });
  return RangeSet.of(ranges, true);
}

/** `onMark` is called with the end of the line whose mark was clicked. */
export function placementMarks(onMark: (offset: number) => void) {
  return [
    marks,
    gutter({
      class: 'placed-gutter',
      markers: (view) => view.state.field(marks),
      initialSpacer: () => new Mark('nowhere', ''),
      domEventHandlers: {
        click: (_, { to }) => {
          onMark(to);
          return true;
        },
      },
    }),
  ];
}
