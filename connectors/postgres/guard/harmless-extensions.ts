/**
 * Extensions whose IMMUTABLE and STABLE functions only compute, whatever language they are written in. Extensions are left out
 * that run SQL given as a string (`crosstab`, `connectby`, `xpath_table`, pgRouting), reach other servers (dblink, foreign data
 * wrappers), or read the server's files and memory (pageinspect and similar ones); the configuration may allow single
 * functions of them.
 */
export const HARMLESS_EXTENSIONS: readonly string[] =
  `address_standardizer bloom btree_gin btree_gist citext cube dict_int dict_xsyn earthdistance fuzzystrmatch h3 hstore
   intagg intarray isn ltree pg_trgm pgcrypto postgis seg sslinfo unaccent uuid-ossp vector`.split(/\s+/);

/** VOLATILE functions that only return another value each time, as `extension.function`. */
export const HARMLESS_VOLATILE: readonly string[] =
  `uuid-ossp.uuid_generate_v1 uuid-ossp.uuid_generate_v1mc uuid-ossp.uuid_generate_v4 pgcrypto.gen_salt
   pgcrypto.gen_random_bytes pgcrypto.gen_random_uuid pgcrypto.pgp_sym_encrypt pgcrypto.pgp_sym_encrypt_bytea
   pgcrypto.pgp_pub_encrypt pgcrypto.pgp_pub_encrypt_bytea tablefunc.normal_rand tsm_system_rows.system_rows
   tsm_system_time.system_time`.split(/\s+/);
