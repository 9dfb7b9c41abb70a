/**
 * The open queries. This browser keeps them, and all pages of this console in it show the same ones: what is written in one appears in the
 * others, so that none of them overwrites what another keeps.
 */
import { batch, computed, signal } from '@preact/signals';
import type { Asked } from '../api/asked.ts';
import type { ChartChoice } from '../chart/chart-data.ts';
import { newTab, onTabsStored, readOrNew, storeTabs, type Tab } from '../share/stored.ts';
import { leadingModel } from './leading-model.ts';
import { parametersOf, parameterText } from './parameters.ts';

const WRITE_PAUSE_MS = 300;

export const tabs = signal<readonly Tab[]>(readOrNew());
export const openTabId = signal(tabs.value[0]!.id);
export const openTab = computed(() => tabs.value.find(({ id }) => id === openTabId.value) ?? tabs.value[0]!);
export const openText = computed(() => openTab.value.text);
/** The parameters of the text, and those of the model that it begins with. */
export const parameterNames = computed(() => {
  const { text, model } = openTab.value;
  const ofModel = model !== null && leadingModel(text) === model.name ? model.parameters : [];
  return [...new Set([...parametersOf(text), ...ofModel])];
});
export const chart = computed(() => openTab.value.chart);

let pendingWrite: number | null = null;

export function changeTab(change: Partial<Omit<Tab, 'id'>>): void {
  const { id } = openTab.value;
  tabs.value = tabs.value.map((tab) => (tab.id === id ? { ...tab, ...change } : tab));
  pendingWrite ??= window.setTimeout(write, WRITE_PAUSE_MS);
}

export function chooseChart(chosen: ChartChoice | null): void {
  changeTab({ chart: chosen });
}

export function addTab(content: Partial<Omit<Tab, 'id'>> = {}): void {
  const tab = { ...newTab(), ...content };
  batch(() => {
    tabs.value = [...tabs.value, tab];
    openTabId.value = tab.id;
  });
  write();
}

/** Opens a query in the open tab when that is empty, and in a new one otherwise, so that nothing written is lost. */
export function openQuery(content: Partial<Omit<Tab, 'id'>>): void {
  if (openText.value.trim() === '') changeTab({ params: {}, model: null, chart: null, ...content });
  else addTab(content);
}

/** Goes to the tab that has what is asked, or opens it in a tab. */
export function openAsked({ query, connection: named, params = {} }: Asked): void {
  const connection = named ?? null;
  const known = tabs.value.find((tab) => tab.text === query && tab.connection === connection);
  if (known !== undefined) openTabId.value = known.id;
  else {
    const texts = Object.entries(params).map(([name, value]) => [name, parameterText(value)] as const);
    openQuery({ text: query, connection, params: Object.fromEntries(texts) });
  }
}

/** Closes a tab; the last one is replaced by an empty one. */
export function closeTab(id: string): void {
  const place = tabs.value.findIndex((tab) => tab.id === id);
  const rest = tabs.value.filter((tab) => tab.id !== id);
  const left = rest.length > 0 ? rest : [newTab()];
  batch(() => {
    if (openTabId.value === id) openTabId.value = left[Math.min(Math.max(place, 0), left.length - 1)]!.id;
    tabs.value = left;
  });
  write();
}

/** Opens the tab that lies `step` places after the open one; the first follows the last. */
export function openNeighbour(step: number): void {
  const all = tabs.value;
  const place = all.indexOf(openTab.value);
  openTabId.value = all[(place + step + all.length) % all.length]!.id;
}

/** Replaces all tabs by an empty one, which is not stored before something is written. */
export function startEmpty(): void {
  const tab = newTab();
  if (pendingWrite !== null) clearTimeout(pendingWrite);
  pendingWrite = null;
  batch(() => {
    tabs.value = [tab];
    openTabId.value = tab.id;
  });
}

/** Keeps the tabs when the page goes away, and follows the tabs of other pages. */
export function keepTabs(): void {
  addEventListener('pagehide', () => pendingWrite !== null && write());
  onTabsStored((stored) => {
    const isOpen = stored.some(({ id }) => id === openTabId.value);
    batch(() => {
      if (!isOpen) openTabId.value = stored[0]!.id;
      tabs.value = stored;
    });
  });
}

function write(): void {
  if (pendingWrite !== null) clearTimeout(pendingWrite);
  pendingWrite = null;
  storeTabs(tabs.value);
}
