/** Queries of the tests of the console. */
export const SERIES = "select g as n, 'row ' || g as label, g * 1.5 as half from generate_series(1, 3) g";
export const BY_HOUR = `select g % 24 as hour, avg(g % 7)::float8 as delay from generate_series(1, 1000) g group by 1 | sort hour`;
