/** The connections that queries of tests name: all of them PostgreSQL databases. */
import type { ConnectionDialects } from '../../core/protocol/dialect-name.ts';

export const TEST_CONNECTIONS: ConnectionDialects = {
  main: 'postgres',
  other: 'postgres',
  crm: 'postgres',
  eu: 'postgres',
  x: 'postgres',
  db: 'postgres',
};
