/** The panel that is shown below the editor, and the line that tells what a command did. */
import { signal } from '@preact/signals';

export type View = 'rows' | 'chart' | 'plan' | 'history' | 'server';
export const VIEWS: readonly View[] = ['rows', 'chart', 'plan', 'history', 'server'];

export const view = signal<View>('rows');
export const notice = signal('');
