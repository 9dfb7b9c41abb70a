/** Tells what a scrolled element shows: where it is scrolled to, and how large it is. */
import { useLayoutEffect, useState } from 'preact/hooks';

export interface Viewport {
  readonly top: number;
  readonly left: number;
  readonly width: number;
  readonly height: number;
}

const NOTHING: Viewport = { top: 0, left: 0, width: 0, height: 0 };

export function useViewport(scroller: { readonly current: HTMLElement | null }): Viewport {
  const [viewport, setViewport] = useState(NOTHING);
  useLayoutEffect(() => {
    const element = scroller.current!;
    const look = () =>
      setViewport({
        top: element.scrollTop,
        left: element.scrollLeft,
        width: element.clientWidth,
        height: element.clientHeight,
      });
    const observer = new ResizeObserver(look);
    observer.observe(element);
    element.addEventListener('scroll', look, { passive: true });
    look();
    return () => {
      observer.disconnect();
      element.removeEventListener('scroll', look);
    };
  }, [scroller]);
  return viewport;
}
