/**
 * The query server as one process, as a good engineer would write it at the first try: Express, one pg.Pool, rows
 * as objects, stages as JavaScript on the event loop, JSON.stringify. It is what the five processes replace.
 *
 *   DATABASE_URL=postgresql://... node dist-dev/loadtest/baseline/server.js POOL_SIZE     prints the port that it listens on
 */
import pg from 'pg';
import { environment } from '../../core/config/config.ts';
import { serveQueries } from './http.ts';
import { type Row, runStage } from './stages.ts';

const { DATABASE_URL } = environment();
const [poolSize] = process.argv.slice(2);
if (DATABASE_URL === undefined || poolSize === undefined) {
  process.stderr.write('usage: DATABASE_URL=... server.js POOL_SIZE\n');
  process.exit(2);
}

const pool = new pg.Pool({ connectionString: DATABASE_URL, max: Number(poolSize) });
pool.on('error', () => {}); // an idle connection was lost: the pool opens another

serveQueries(async (sql, stages) => {
  const result = await pool.query<Row>(sql);
  return stages.reduce(runStage, result.rows);
});
