/** Starts the console in the page (index.html). */
import { render } from 'preact';
import { App } from './shell/app.tsx';
import { openShared } from './shell/open-shared.ts';
import { applyTheme } from './shell/theme.ts';

applyTheme();
openShared();
addEventListener('hashchange', openShared);
render(<App />, document.getElementById('app')!);
