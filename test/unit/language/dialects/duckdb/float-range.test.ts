/** Results that no float64 holds fail, whatever is written out beside the column; all others are those of IEEE 754. */
import { DuckDBInstance } from '@duckdb/node-api';
import { expect } from 'chai';
import { nativeType } from '../../../../../language/dialects/postgres/types.ts';
import { planOf } from '../../run-plan.ts';

const FLOATS = [0, 1, -1, 0.1, 3, 2, -0.5, 1e-200, 1e200, -1.5e308, 5e-324, 1e-308, 1.7e308];
const INFINITE = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN];
const WRITTEN = ['1', '1e0', '2', '1000', '-1000.5', '0.5', '-0.001', '1e300', '1e-300', '0e0', '-1e0'];

type Operation = (a: number, b: number) => number;
const OPERATORS: Readonly<Record<string, Operation>> = { '*': (a, b) => a * b, '/': (a, b) => a / b };

/** Returns the value that is right, 'error', or null. */
function expected(operator: string, a: number, b: number): number | 'error' | null {
  if (operator === '/' && b === 0) return null;
  const result = OPERATORS[operator]!(a, b);
  if (!Number.isFinite(a) || !Number.isFinite(b)) return result;
  const isLost = result === 0 && a !== 0 && b !== 0;
  return Number.isFinite(result) && !isLost ? result : 'error';
}

describe('float64 beside a number that is written out', function () {
  this.timeout(60_000);

  it('fails where the result is too large or too small, and nowhere else', async () => {
    const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
    const connection = await instance.connect();
    const wrong: string[] = [];
    let errors = 0;
    for (const operator of Object.keys(OPERATORS))
      for (const written of WRITTEN)
        for (const columnFirst of [true, false]) {
          const text = columnFirst ? `f ${operator} (${written})` : `(${written}) ${operator} f`;
          const { worker } = planOf(`select * from t | eval r = ${text} | fields r`, [
            { name: 'f', type: nativeType(701) },
          ]);
          for (const f of [...FLOATS, ...INFINITE]) {
            const sides: [number, number] = columnFirst ? [f, Number(written)] : [Number(written), f];
            const right = expected(operator, ...sides);
            const sql = `WITH input AS (SELECT CAST('${f}' AS DOUBLE) AS f) SELECT * FROM (${worker!.sql})`;
            const found = await connection.runAndReadAll(sql).then(
              (reader) => reader.getRows()[0]![0],
              (error) => (/out of range for float64/.test(String(error)) ? 'error' : String(error)),
            );
            if (right === 'error') errors++;
            if (found !== right && !(Number.isNaN(found) && Number.isNaN(right)))
              wrong.push(`${text} with f = ${f}: ${found} instead of ${right}`);
          }
        }
    connection.closeSync();
    instance.closeSync();
    expect(wrong).to.deep.equal([]);
    expect(errors).to.be.greaterThan(40);
  });
});
