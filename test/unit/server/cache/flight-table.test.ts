import { expect } from 'chai';
import { Flight } from '../../../../server/cache/flight.ts';
import { FlightTable } from '../../../../server/cache/flight-table.ts';

/** Keys of one list of the table, and some of others. */
const KEYS = ['00000', '00001', '0000f', '04000', '0c00a', 'ffff0', 'abcde'];

describe('the table of flights', () => {
  const filled = (): { table: FlightTable; flights: Flight[] } => {
    const table = new FlightTable();
    const flights = KEYS.map((key, index) => new Flight(key, index));
    for (const flight of flights) table.add(flight);
    return { table, flights };
  };

  it('finds each flight by its key, whatever else is in its list', () => {
    const { table, flights } = filled();
    expect(table.size).to.equal(KEYS.length);
    expect(KEYS.map((key) => table.get(key))).to.deep.equal(flights);
    expect(table.get('00002')).to.equal(null);
  });

  it('loses only the one that goes, from the beginning, the middle and the end of a list', () => {
    for (const gone of KEYS) {
      const { table, flights } = filled();
      table.remove(flights[KEYS.indexOf(gone)]!);
      expect(KEYS.filter((key) => table.get(key) === null)).to.deep.equal([gone]);
      expect(table.size).to.equal(KEYS.length - 1);
    }
  });

  it('keeps nothing of a flight that has gone', () => {
    const { table, flights } = filled();
    for (const flight of flights) table.remove(flight);
    expect(table.size).to.equal(0);
    expect(flights.map(({ next }) => next)).to.deep.equal(KEYS.map(() => null));
  });

  it('has the latest of one key only, which an older one does not take with it', () => {
    const { table, flights } = filled();
    const later = new Flight(KEYS[1]!, 99);
    table.add(later);
    expect(table.size).to.equal(KEYS.length);
    table.remove(flights[1]!);
    expect(table.get(KEYS[1]!)).to.equal(later);
    expect(table.size).to.equal(KEYS.length);
  });
});
