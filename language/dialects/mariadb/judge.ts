/** MariaDB's judge: the connector reads each statement by the dialect's lexical rules before it is sent, in a transaction that only reads. */
import { judgedByConnector } from '../judge.ts';

export const MARIADB_JUDGE = judgedByConnector(
  "the connector's own reading of the statement, in a READ ONLY transaction (connectors/mariadb)",
);
