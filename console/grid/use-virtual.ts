/**
 * Which rows or columns of a scrolled element are visible. An element can be some 16 million pixels high in some browsers, which
 * a million rows exceed; beyond a limit the element is lower than its content, and a step of the scroll bar moves over more rows.
 */
import {
  elementScroll,
  observeElementOffset,
  observeElementRect,
  Virtualizer,
  type VirtualizerOptions,
} from '@tanstack/virtual-core';
import { useEffect, useLayoutEffect, useReducer, useRef } from 'preact/hooks';

const LIMIT_PX = 12_000_000;

export type Lines = Virtualizer<HTMLDivElement, Element>;

export interface Visible {
  readonly index: number;
  /** Pixels from the beginning of the scrolled element. */
  readonly start: number;
  readonly size: number;
}

export interface Virtual {
  readonly lines: Lines;
  readonly visible: readonly Visible[];
  /** Pixels of the scrolled element. */
  readonly total: number;
}

export interface VirtualOptions {
  readonly scroller: { readonly current: HTMLDivElement | null };
  readonly count: number;
  readonly size: (index: number) => number;
  readonly horizontal: boolean;
  readonly overscan: number;
}

export function useVirtual({ scroller, count, size, horizontal, overscan }: VirtualOptions): Virtual {
  const [, draw] = useReducer((times: number, _: null) => times + 1, 0);
  const scale = useRef(1);
  const options: VirtualizerOptions<HTMLDivElement, Element> = {
    count,
    horizontal,
    overscan,
    getScrollElement: () => scroller.current,
    estimateSize: size,
    observeElementRect,
    observeElementOffset: (lines, tell) =>
      observeElementOffset(lines, (offset, isScrolling) => tell(offset / scale.current, isScrolling)),
    scrollToFn: (offset, how, lines) => elementScroll(offset * scale.current, how, lines),
    onChange: () => draw(null),
  };
  const kept = useRef<Lines | null>(null);
  kept.current ??= new Virtualizer(options);
  const lines = kept.current;
  lines.setOptions(options);
  useEffect(() => lines._didMount(), [lines]);
  useLayoutEffect(() => lines._willUpdate());
  const content = lines.getTotalSize();
  scale.current = content > LIMIT_PX ? LIMIT_PX / content : 1;
  const shift = (lines.scrollOffset ?? 0) * (scale.current - 1);
  const visible = lines
    .getVirtualItems()
    .map((item) => ({ index: item.index, start: item.start + shift, size: item.size }));
  return { lines, visible, total: content * scale.current };
}
