/** Completion: /v1/complete says what may stand at the cursor. A request is given up when the text has changed meanwhile. */
import {
  autocompletion,
  type Completion,
  type CompletionContext,
  type CompletionResult,
} from '@codemirror/autocomplete';
import type { Asked } from '../api/asked.ts';
import { ask, isAbort } from '../api/client.ts';

interface CompletionItem {
  readonly label: string;
  readonly kind:
    | 'stage'
    | 'column'
    | 'function'
    | 'keyword'
    | 'table'
    | 'parameter'
    | 'connection'
    | 'option';
  readonly type?: string;
  readonly detail: string;
  readonly insert: string;
}

/** The answer of /v1/complete. `from` and `to` are UTF-16 offsets of what an item replaces. */
interface Completed {
  readonly from: number;
  readonly to: number;
  readonly items: readonly CompletionItem[];
  readonly complete: boolean;
}

const TYPES: Readonly<Record<CompletionItem['kind'], string>> = {
  stage: 'class',
  column: 'property',
  function: 'function',
  keyword: 'keyword',
  table: 'type',
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
    const body = { ...context(), query: at.state.doc.toString(), position: at.pos };
    try {
      return resultOf(await ask<Completed>('v1/complete', { body, signal: request.signal }));
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
