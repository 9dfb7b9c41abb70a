import { expect } from 'chai';
import { CpuBook } from '../../../../monitor/children/cpu-book.ts';

describe('CpuBook', () => {
  it('adds what each process used since the last look, by role', () => {
    const book = new CpuBook();
    book.add([
      { workerId: 'sql-1', role: 'sql', cpuSeconds: 1 },
      { workerId: 'dsl-2', role: 'dsl', cpuSeconds: 0.5 },
    ]);
    book.add([{ workerId: 'sql-1', role: 'sql', cpuSeconds: 1.25 }]);
    expect(book.totals()).to.deep.equal([
      { role: 'sql', seconds: 1.25 },
      { role: 'dsl', seconds: 0.5 },
    ]);
  });

  it('never falls: not when a process dies, is not measured once, or comes again under its name', () => {
    const book = new CpuBook();
    const database = (cpuSeconds: number | null) =>
      book.add([{ workerId: 'database', role: 'database', cpuSeconds }]);
    database(5);
    database(2); // restarted
    expect(book.totals()).to.deep.equal([{ role: 'database', seconds: 7 }]);
    book.add([]);
    expect(book.totals()).to.deep.equal([{ role: 'database', seconds: 7 }]);
  });

  it('a process that could not be measured for once is not counted twice', () => {
    const book = new CpuBook();
    const look = (cpuSeconds: number | null) => book.add([{ workerId: 'sql-1', role: 'sql', cpuSeconds }]);
    look(3);
    look(null);
    look(4);
    expect(book.totals()).to.deep.equal([{ role: 'sql', seconds: 4 }]);
  });
});
