/**
 * Statements timed over the raw protocol, in a process of its own: what psql does, where there is no psql. The URL and
 * then one statement after the other come over IPC.
 */
import { openWire, type Wire } from './wire.ts';

export type ToPlainSql =
  | { readonly type: 'connect'; readonly url: string }
  | { readonly type: 'time'; readonly sql: string };
export type FromPlainSql =
  | { readonly type: 'done'; readonly ms: number }
  | { readonly type: 'failed'; readonly message: string };

let wire: Wire | null = null;

process.on('disconnect', () => process.exit(0));
process.on('message', (message: ToPlainSql) => void perform(message).then((reply) => process.send!(reply)));

async function perform(message: ToPlainSql): Promise<FromPlainSql> {
  const startedAt = performance.now();
  try {
    switch (message.type) {
      case 'connect':
        wire = await openWire(message.url);
        break;
      case 'time':
        await wire!.run(message.sql); // `connect` comes first, and is waited for
        break;
      default:
        message satisfies never;
    }
    return { type: 'done', ms: performance.now() - startedAt };
  } catch (error) {
    return { type: 'failed', message: (error as Error).message };
  }
}
