/**
 * The settings of Spark that the meaning of a query, or the form of its rows, follows from. Every session gets them, whatever the server's own are: the stages that run
 * in Spark were tried with them, and the judge reads texts and names by them.
 */
export const SESSION_SETTINGS: Readonly<Record<string, string>> = {
  // Moments are shown, cut and compared with dates in UTC, as on every other connection.
  'spark.sql.session.timeZone': 'UTC',
  // What overflows, or cannot be cast, is an error and no null or wrong number.
  'spark.sql.ansi.enabled': 'true',
  // Texts and names end where the judge says that they do, and nothing is put into the SQL.
  'spark.sql.ansi.doubleQuotedIdentifiers': 'false',
  'spark.sql.parser.escapedStringLiterals': 'false',
  'spark.sql.variable.substitute': 'false',
  // Rows come in the form that is read: texts with offsets of 32 bits, and not packed.
  'spark.sql.execution.arrow.useLargeVarTypes': 'false',
  'spark.sql.execution.arrow.compression.codec': 'none',
};
