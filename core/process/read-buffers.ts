/**
 * Buffers that a socket reads into. A buffer goes back to the stock, to be filled again, when every view of it was released;
 * who never releases one leaves its buffer to the collector.
 */
import { BufferStock } from './buffer-stock.ts';

/** The buffers of this process. */
const STOCK = new BufferStock();

export class ReadBuffer {
  readonly bytes = STOCK.take();
  #views = 0;

  /** Counts one view; returns what releases it. Released twice counts once: else another answer would be written over. */
  hold(): () => void {
    this.#views++;
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      if (--this.#views === 0) STOCK.give(this.bytes);
    };
  }
}
