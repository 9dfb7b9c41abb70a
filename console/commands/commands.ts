/** All commands of the console in one list: the palette shows it, keys and buttons run it. */
import { ask } from '../api/client.ts';
import { unreachable } from '../api/problem.ts';
import { partEnds } from '../editor/up-to.ts';
import { toClipboard } from '../share/clipboard.ts';
import { hasJobs, runAsJob } from '../state/jobs.ts';
import { linkToOpenTab } from '../state/open-shared.ts';
import { cancel, forgetRun, run } from '../state/runs.ts';
import { addTab, closeTab, openNeighbour, openTabId, openText } from '../state/tabs.ts';
import { isForgetting, notice, VIEWS, view } from '../state/view.ts';
import type { Words } from '../words/en.ts';
import { chooseLanguage, language, words } from '../words/words.ts';
import { currentEditor, runAll, runText, runUpTo } from './run-text.ts';
import { switchTheme } from './theme.ts';

export interface Command {
  readonly id: string;
  readonly label: (said: Words) => string;
  /** In the form of keys.ts. */
  readonly key?: string;
  /** Tells whether this server has what the command needs; without it, every server has. */
  readonly isThere?: () => boolean;
  readonly run: () => void;
}

/** Runs up to the part of the query after, or before, the one that was run last. */
function step(by: 1 | -1): void {
  const text = openText.value;
  const ends = partEnds(text);
  const last = ends.indexOf(run.value?.text === text ? run.value.asked.query.length : -1);
  const from = last < 0 ? (by === 1 ? -1 : ends.length) : last;
  const end = ends[Math.min(Math.max(from + by, 0), ends.length - 1)]!;
  currentEditor()?.moveTo(text.slice(0, end).trimEnd().length);
  void runText(text.slice(0, end));
}

async function format(): Promise<void> {
  const text = openText.value;
  try {
    const { query } = await ask<{ query: string }>('v1/format', { body: { query: text } });
    // A text that was changed meanwhile stays.
    if (openText.value === text) currentEditor()?.replace(query.trimEnd());
  } catch (thrown) {
    const { problem } = unreachable(thrown);
    notice.value = words.value.notFormatted(problem.detail);
    currentEditor()?.underline(problem);
  }
}

async function share(): Promise<void> {
  const link = linkToOpenTab();
  try {
    await toClipboard(link);
    notice.value = words.value.shared;
  } catch {
    history.replaceState(null, '', link);
    notice.value = words.value.sharedInAddress;
  }
}

export function closeOne(id: string): void {
  forgetRun(id);
  closeTab(id);
}

const COMMANDS: readonly Command[] = [
  { id: 'run', label: ({ run: said }) => said, key: 'Mod-Enter', run: runAll },
  {
    id: 'run-here',
    label: ({ runHere }) => runHere,
    key: 'Mod-Shift-Enter',
    run: () => runUpTo(currentEditor()?.cursor() ?? 0),
  },
  {
    id: 'run-job',
    label: ({ runAsJob: said }) => said,
    key: 'Shift-Alt-J',
    isThere: () => hasJobs.value,
    run: () => void runAsJob(),
  },
  { id: 'step', label: ({ stepOn }) => stepOn, key: 'Alt-PageDown', run: () => step(1) },
  { id: 'step-back', label: ({ stepBack }) => stepBack, key: 'Alt-PageUp', run: () => step(-1) },
  { id: 'cancel', label: ({ cancel: said }) => said, key: 'Shift-Alt-C', run: cancel },
  { id: 'format', label: ({ format: said }) => said, key: 'Shift-Alt-F', run: () => void format() },
  { id: 'comment', label: ({ comment }) => comment, key: 'Mod-/', run: () => currentEditor()?.comment() },
  { id: 'share', label: ({ share: said }) => said, key: 'Shift-Alt-L', run: () => void share() },
  { id: 'new-tab', label: ({ newTab }) => newTab, key: 'Shift-Alt-N', run: () => addTab() },
  {
    id: 'close-tab',
    label: ({ closeTab: said }) => said,
    key: 'Shift-Alt-W',
    run: () => closeOne(openTabId.value),
  },
  { id: 'next-tab', label: ({ nextTab }) => nextTab, key: 'Shift-Alt-]', run: () => openNeighbour(1) },
  { id: 'tab-before', label: ({ tabBefore }) => tabBefore, key: 'Shift-Alt-[', run: () => openNeighbour(-1) },
  {
    id: 'editor',
    label: ({ goToEditor }) => goToEditor,
    key: 'Shift-Alt-E',
    run: () => currentEditor()?.focus(),
  },
  ...VIEWS.map(
    (name, index): Command => ({
      id: name,
      label: (said) => said.goTo(said[name]),
      key: `Shift-Alt-${index + 1}`,
      ...(name === 'jobs' ? { isThere: () => hasJobs.value } : {}),
      run: () => {
        view.value = name;
        requestAnimationFrame(() => document.getElementById(`tab-${name}`)?.focus());
      },
    }),
  ),
  {
    id: 'forget',
    label: ({ forgetWork }) => forgetWork,
    run: () => {
      isForgetting.value = true;
    },
  },
  { id: 'theme', label: ({ theme }) => theme, run: switchTheme },
  {
    id: 'language',
    label: ({ language: said }) => said,
    run: () => chooseLanguage(language.value === 'en' ? 'ko' : 'en'),
  },
];

/** Returns the commands that this server has. */
export function commandsThere(): readonly Command[] {
  return COMMANDS.filter(({ isThere }) => isThere?.() ?? true);
}

export function keyOf(id: string): string {
  return COMMANDS.find((one) => one.id === id)?.key ?? '';
}

export function runCommand(id: string): void {
  COMMANDS.find((one) => one.id === id)?.run();
}
