/** The panels below the editor: rows, chart and plan of the run, and what the browser and the server remember. */
import type { ComponentChildren } from 'preact';
import { DataPanel } from '../catalogue/data-panel.tsx';
import { ServerPanel } from '../operate/server-panel.tsx';
import { ChartPanel } from '../panels/chart-panel.tsx';
import { HistoryPanel } from '../panels/history-panel.tsx';
import { JobsPanel } from '../panels/jobs-panel.tsx';
import { PlanPanel } from '../panels/plan-panel.tsx';
import { RowsPanel } from '../panels/rows-panel.tsx';
import { hasJobs } from '../state/jobs.ts';
import { VIEWS, type View, view } from '../state/view.ts';
import { words } from '../words/words.ts';

export function Panels() {
  const panels: Readonly<Record<View, () => ComponentChildren>> = {
    rows: () => <RowsPanel />,
    chart: () => <ChartPanel />,
    plan: () => <PlanPanel />,
    history: () => <HistoryPanel />,
    data: () => <DataPanel />,
    jobs: () => <JobsPanel />,
    server: () => <ServerPanel />,
  };
  const there = VIEWS.filter((name) => name !== 'jobs' || hasJobs.value);
  return (
    <section class="look" aria-label={words.value.answer}>
      <div class="views" role="tablist" aria-label={words.value.answer}>
        {there.map((name) => (
          <button
            type="button"
            role="tab"
            key={name}
            id={`tab-${name}`}
            aria-controls="panel"
            aria-selected={view.value === name}
            tabIndex={view.value === name ? 0 : -1}
            onClick={() => {
              view.value = name;
            }}
            onKeyDown={(event) => {
              const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
              if (step === 0) return;
              const next = there[(there.indexOf(name) + step + there.length) % there.length]!;
              view.value = next;
              document.getElementById(`tab-${next}`)?.focus();
            }}
          >
            {words.value[name]}
          </button>
        ))}
      </div>
      <div class="panel" id="panel" role="tabpanel" tabIndex={-1} aria-labelledby={`tab-${view.value}`}>
        {panels[view.value]()}
      </div>
    </section>
  );
}
