/** The metrics of all processes, from the monitor's process table. */
import type { Registry } from 'prom-client';
import type { ProcessRow } from '../../core/protocol/monitor.ts';
import { defineGauges, type Labels, type ReadSeries } from './metric-kinds.ts';
import type { MonitorReport } from './process-list.ts';

/** Returns the monitor's last report; null when it did not answer. The series are then missing instead of being out of date. */
export type ReadMonitor = () => MonitorReport | null;

export function addProcessMetrics(register: Registry, read: ReadMonitor): void {
  const gauge = defineGauges(register);
  const rows = (): readonly ProcessRow[] => read()?.processes ?? [];
  gauge('forkline_monitor_up', 'Whether the monitor answered this scrape', [], (say) =>
    say({}, read() === null ? 0 : 1),
  );
  const one = fold(
    rows,
    ({ role, state }) => ({ role, state }),
    () => 1,
    add,
  );
  gauge('forkline_processes', 'Processes by role and state', ['role', 'state'], one);
  const boxed = fold(
    rows,
    ({ role }) => ({ role }),
    ({ sandboxed }) => (sandboxed ? 1 : 0),
    add,
  );
  gauge('forkline_processes_sandboxed', 'Processes that run in a sandbox, by role', ['role'], boxed);
  // A replacement gets the slot of the process before it, and during a reload two generations have the same slots.
  const lagHelp =
    'How long the event loop of a process stood still at worst, in the second before its last heartbeat';
  const lag = fold(rows, bySlot, ({ eventLoopLagMs: ms }) => (ms === null ? null : ms / 1000), Math.max);
  gauge('forkline_event_loop_lag_seconds', lagHelp, ['role', 'slot'], lag);
  addMemoryAndFiles(register, rows);
}

function addMemoryAndFiles(register: Registry, rows: Rows): void {
  const gauge = defineGauges(register);
  const byRole = (name: string, help: string, value: ValueOf, join: Join): void =>
    gauge(
      name,
      help,
      ['role'],
      fold(rows, ({ role }) => ({ role }), value, join),
    );
  const residentHelp = 'Resident memory by role; what is shared counts in each process';
  byRole('forkline_process_resident_bytes', residentHelp, ({ rssBytes }) => rssBytes, add);
  const proportionalHelp = 'Memory by role, what is shared by share; of each process as last measured';
  byRole('forkline_process_proportional_bytes', proportionalHelp, ({ pssBytes }) => pssBytes, add);
  const filesHelp = 'The highest share of its limit of open files that a process of the role uses';
  byRole('forkline_process_open_files_ratio', filesHelp, openFilesRatio, Math.max);
}

function bySlot({ role, slot }: ProcessRow): Labels {
  return { role, slot: String(slot) };
}

function openFilesRatio({ openFiles, openFilesLimit }: ProcessRow): number | null {
  return openFiles === null || openFilesLimit === null ? null : openFiles / openFilesLimit;
}

type Rows = () => readonly ProcessRow[];
type ValueOf = (row: ProcessRow) => number | null;
type Join = (a: number, b: number) => number;

function add(a: number, b: number): number {
  return a + b;
}

/** Returns a reader with one series for each set of labels; it skips rows whose value is not known (no /proc). */
function fold(rows: Rows, labelsOf: (row: ProcessRow) => Labels, value: ValueOf, join: Join): ReadSeries {
  return (say) => {
    const folded = new Map<string, { labels: Labels; value: number }>();
    for (const row of rows()) {
      const found = value(row);
      if (found === null) continue;
      const labels = labelsOf(row);
      const key = Object.values(labels).join(' ');
      const before = folded.get(key);
      folded.set(key, { labels, value: before === undefined ? found : join(before.value, found) });
    }
    for (const { labels, value: total } of folded.values()) say(labels, total);
  };
}
