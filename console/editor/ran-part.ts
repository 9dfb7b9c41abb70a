/** Shows which part of the text was run: the rest is dimmed until the text changes. */
import { StateEffect, StateField } from '@codemirror/state';
import { Decoration, type DecorationSet, EditorView } from '@codemirror/view';

/** The offset up to which the text was run. */
export const showRanPart = StateEffect.define<number>();

const beyond = Decoration.mark({ class: 'not-run' });

export const ranPart = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(value, { effects, docChanged, state }) {
    for (const effect of effects)
      if (effect.is(showRanPart)) {
        const { length } = state.doc;
        return effect.value < length ? Decoration.set(beyond.range(effect.value, length)) : Decoration.none;
      }
    return docChanged ? Decoration.none : value;
  },
  provide: (field) => EditorView.decorations.from(field),
});
