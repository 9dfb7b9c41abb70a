/** The panel that is shown below the editor, and the line that tells what a command did. */
import { signal } from '@preact/signals';

export type View = 'rows' | 'chart' | 'plan' | 'history' | 'data' | 'jobs' | 'server';
export const VIEWS: readonly View[] = ['rows', 'chart', 'plan', 'history', 'data', 'jobs', 'server'];

export const view = signal<View>('rows');
export const notice = signal('');
/** Whether the page asks if it should forget what was done in it. */
export const isForgetting = signal(false);
