/** Opens the query of a link in a tab of its own, unless it is open already. A link never runs by itself: who opens it decides. */

import { fragmentOf, readFragment } from '../share/link.ts';
import { addTab, changeTab, chart, openTab, openTabId, tabs, view } from '../state/console-state.ts';

export function openShared(): void {
  const shared = readFragment(location.hash);
  if (shared === null) return;
  const { query, connection, params } = shared;
  const known = tabs.value.find((tab) => tab.text === query && tab.connection === connection);
  if (known !== undefined) openTabId.value = known.id;
  else if (openTab.value.text === '') changeTab({ text: query, connection });
  else addTab(query, connection);
  changeTab({ params });
  chart.value = shared.chart;
  if (shared.view !== null) view.value = shared.view;
}

/** Returns the address of the open tab with its chart. */
export function linkToOpenTab(): string {
  const { text, connection, params } = openTab.value;
  const shownView = view.value === 'chart' ? 'chart' : 'rows';
  const fragment = fragmentOf({ query: text, connection, params, chart: chart.value, view: shownView });
  return location.href.replace(/#.*$/, '') + fragment;
}
