/** Starts the console in the page (index.html). */
import { render } from 'preact';
import { applyTheme } from './commands/theme.ts';
import { App } from './shell/app.tsx';
import { lookForJobs } from './state/jobs.ts';
import { openShared } from './state/open-shared.ts';
import { lookForModels } from './state/read-model.ts';
import { keepTabs } from './state/tabs.ts';

applyTheme();
keepTabs();
lookForJobs();
lookForModels();
openShared();
addEventListener('hashchange', openShared);
render(<App />, document.getElementById('app')!);
