/** Completion: /v1/complete says what may stand at the cursor. A request is given up when the text has changed meanwhile. */
import {
  autocompletion,
  type Completion,
  type CompletionContext,
  type CompletionResult,
} from '@codemirror/autocomplete';
import type { Asked } from '../api/asked.ts';
import { isAbort } from '../api/client.ts';
import { type Completed, type CompletionItem, complete } from '../api/complete.ts';

const TYPES: Readonly<Record<CompletionItem['kind'], string>> = {
  stage: 'class',
  column: 'property',
  function: 'function',
  keyword: 'keyword',
  table: 'type',
  model: 'interface',
  parameter: 'variable',
  connection: 'namespace',
  option: 'enum',
};

/** `context` returns what belongs to the text: connection and parameters. */
export function queryCompletion(context: () => Omit<Asked, 'query'>) {
  const source = async (at: CompletionContext): Promise<CompletionResult | null> => {
    const before = at.matchBefore(/[\p{L}\p{N}_.@:]*$/u);
    const isAfterPipe = /\|\s*$/.test(at.state.sliceDoc(Math.max(0, at.pos - 20), at.pos));
    if (!at.explicit && !isAfterPipe && (before === null || before.from === before.to)) return null;
    const request = new AbortController();
    at.addEventListener('abort', () => request.abort(), { onDocChange: true });
    const asked = { ...context(), query: at.state.doc.toString() };
    try {
      return resultOf(await complete(asked, at.pos, request.signal));
    } catch (thrown) {
      if (!isAbort(thrown)) console.info('no completion:', thrown);
      return null;
    }
  };
  return autocompletion({ override: [source], activateOnTypingDelay: 80, icons: true });
}

function resultOf({ from, to, items, complete }: Completed): CompletionResult {
  const options = items.map(
    (item, index): Completion => ({
      label: item.label,
      type: TYPES[item.kind],
      detail: item.type ?? '',
      info: item.detail,
      apply: item.insert,
      // The server's order is the order of use.
      boost: -index / 100,
    }),
  );
  return { from, to, options, ...(complete ? { validFor: /^[\p{L}\p{N}_]*$/u } : {}) };
}
