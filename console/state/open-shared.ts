/** Opens the query of a link in a tab of its own, unless it is open already. A link never runs by itself: who opens it decides. */

import { fragmentOf, readFragment } from '../share/link.ts';
import { words } from '../words/words.ts';
import { leadingModel } from './leading-model.ts';
import { changeTab, openQuery, openTab, openTabId, parameterNames, tabs } from './tabs.ts';
import { notice, view } from './view.ts';

export function openShared(): void {
  const shared = readFragment(location.hash);
  if (shared === null) return;
  const { query, connection, params, ofModel, chart } = shared;
  const known = tabs.value.find((tab) => tab.text === query && tab.connection === connection);
  if (known !== undefined) openTabId.value = known.id;
  else openQuery({ text: query, connection });
  const name = leadingModel(query);
  const model = name === null || ofModel.length === 0 ? null : { name, parameters: ofModel };
  changeTab({ params, model, chart });
  if (shared.view !== null) view.value = shared.view;
  notice.value = words.value.fromLink;
  // The text may change from here on, and loading the page again must not bring the old one back.
  history.replaceState(null, '', location.pathname + location.search);
}

/** Returns the address of the open tab with its chart. */
export function linkToOpenTab(): string {
  const { text, connection, model, chart } = openTab.value;
  const names = parameterNames.value;
  // Values of parameters that the query does not have any more are nobody's business.
  const given = Object.entries(openTab.value.params).filter(([name]) => names.includes(name));
  const params = Object.fromEntries(given);
  const ofModel = (model?.parameters ?? []).filter((name) => names.includes(name));
  const shownView = view.value === 'chart' ? 'chart' : 'rows';
  const fragment = fragmentOf({ query: text, connection, params, ofModel, chart, view: shownView });
  return location.href.replace(/#.*$/, '') + fragment;
}
