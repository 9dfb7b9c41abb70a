/**
 * The flights by the keys of their answers. Flights come and go with each query, and a Map would keep them in memory long after
 * that (decision 15): this table has lists of a fixed number, and a flight that goes is in none of them.
 */
import type { Flight } from './flight.ts';

/** Lists; a power of two, above the number of queries that run at once. */
const LISTS = 1024;
/** Hexadecimal digits of a key that choose its list. */
const DIGITS = 4;

export class FlightTable {
  readonly #lists: (Flight | null)[] = new Array<Flight | null>(LISTS).fill(null);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(id: string): Flight | null {
    for (let flight = this.#lists[listOf(id)] ?? null; flight !== null; flight = flight.next)
      if (flight.id === id) return flight;
    return null;
  }

  /** Adds a flight, in the place of an older one with the same key. */
  add(flight: Flight): void {
    const list = listOf(flight.id);
    const known = this.get(flight.id);
    if (known !== null) this.remove(known);
    flight.next = this.#lists[list] ?? null;
    this.#lists[list] = flight;
    this.#size++;
  }

  /** Removes the flight if it is here; another one with the same key stays. */
  remove(flight: Flight): void {
    const list = listOf(flight.id);
    let before: Flight | null = null;
    for (let each = this.#lists[list] ?? null; each !== null; before = each, each = each.next) {
      if (each !== flight) continue;
      if (before === null) this.#lists[list] = flight.next;
      else before.next = flight.next;
      flight.next = null; // a flight that has gone keeps no other one in memory
      this.#size--;
      return;
    }
  }
}

function listOf(id: string): number {
  return Number.parseInt(id.slice(0, DIGITS), 16) & (LISTS - 1);
}
