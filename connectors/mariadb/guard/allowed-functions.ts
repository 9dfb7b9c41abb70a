/**
 * MariaDB's own functions that only compute: those of information_schema.SQL_FUNCTIONS of 10.11, its functions by grammar and
 * its geometry. What is left out waits, locks, reads files, or changes the session: a name that is not here may be a stored or a loaded
 * function, which only the configuration can allow.
 */
const NAMES =
  'abs acos add_months adddate addtime aes_decrypt aes_encrypt ascii asin atan atan2 avg bin binary bit_and ' +
  'bit_count bit_length bit_or bit_xor cast ceil ceiling char char_length character_length charset chr coalesce ' +
  'coercibility collation column_check column_exists column_json column_list compress concat concat_ws ' +
  'connection_id conv convert convert_tz cos cot count crc32 crc32c cume_dist curdate current_date current_role ' +
  'current_time current_timestamp current_user curtime database date date_add date_format date_sub datediff day ' +
  'dayname dayofmonth dayofweek dayofyear decode decode_oracle default degrees dense_rank des_decrypt des_encrypt ' +
  'elt encode encrypt exp export_set extract extractvalue field find_in_set first_value floor format found_rows ' +
  'from_base64 from_days from_unixtime geometrycollection get_format greatest group_concat hex hour if ifnull ' +
  'inet6_aton inet6_ntoa inet_aton inet_ntoa insert instr interval is_ipv4 is_ipv4_compat is_ipv4_mapped is_ipv6 ' +
  'isnull json_array json_array_append json_array_insert json_arrayagg json_compact json_contains ' +
  'json_contains_path json_depth json_detailed json_equals json_exists json_extract json_insert json_keys ' +
  'json_length json_loose json_merge json_merge_patch json_merge_preserve json_normalize json_object json_objectagg ' +
  'json_overlaps json_pretty json_query json_quote json_remove json_replace json_search json_set json_table ' +
  'json_type json_unquote json_valid json_value lag last_day last_value lcase lead least left length lengthb ' +
  'linestring ln localtime localtimestamp locate log log10 log2 lower lpad lpad_oracle ltrim ltrim_oracle make_set ' +
  'makedate maketime max mbr mbrcontains mbrcoveredby mbrdisjoint mbrequal mbrintersects mbroverlaps mbrtouches ' +
  'mbrwithin md5 median microsecond mid min minute mod month monthname multilinestring multipoint multipolygon ' +
  'name_const natural_sort_key now nth_value ntile nullif nvl nvl2 oct octet_length old_password ord password ' +
  'percent_rank percentile_cont percentile_disc period_add period_diff pi point polygon position pow power quarter ' +
  'quote radians rand random_bytes rank regexp regexp_instr regexp_replace regexp_substr repeat replace ' +
  'replace_oracle reverse right rlike round row row_count row_number rpad rpad_oracle rtrim rtrim_oracle schema ' +
  'schemas sec_to_time second session_user sformat sha sha1 sha2 sign sin soundex space sqrt st_area st_asbinary ' +
  'st_asgeojson st_astext st_aswkb st_aswkt st_buffer st_centroid st_contains st_convexhull st_crosses ' +
  'st_difference st_dimension st_disjoint st_distance st_distance_sphere st_endpoint st_envelope st_equals ' +
  'st_exteriorring st_geometryn st_geometrytype st_geomfromgeojson st_geomfromtext st_geomfromwkb st_interiorringn ' +
  'st_intersection st_intersects st_isclosed st_isempty st_issimple st_isvalid st_length st_numgeometries ' +
  'st_numpoints st_overlaps st_pointn st_simplify st_srid st_startpoint st_symdifference st_touches st_union ' +
  'st_within st_x st_y std stddev stddev_pop stddev_samp str_to_date strcmp subdate substr substr_oracle substring ' +
  'substring_index subtime sum sys_guid sysdate system_user tan time time_format time_to_sec timediff timestamp ' +
  'timestampadd timestampdiff to_base64 to_char to_days to_seconds trim trim_oracle truncate ucase uncompress ' +
  'uncompressed_length unhex unix_timestamp updatexml upper user utc_date utc_time utc_timestamp uuid uuid_short ' +
  'values var_pop var_samp variance version week weekday weekofyear weight_string year yearweek';

export const ALLOWED_FUNCTIONS: ReadonlySet<string> = new Set(NAMES.split(' '));

/** The functions of MariaDB's own that are left out on purpose, and what each does. */
export const REFUSED_FUNCTIONS: Readonly<Record<string, string>> = {
  sleep: 'waits',
  benchmark: 'computes without reading',
  get_lock: 'takes a lock that outlives the query',
  release_lock: 'gives locks back',
  release_all_locks: 'gives locks back',
  is_free_lock: 'looks at locks of others',
  is_used_lock: 'looks at locks of others',
  load_file: 'reads files of the server',
  master_pos_wait: 'waits',
  master_gtid_wait: 'waits',
  wsrep_sync_wait_upto_gtid: 'waits',
  last_insert_id: 'changes the session',
  nextval: 'changes a sequence',
  setval: 'changes a sequence',
  lastval: 'is about what the session wrote',
};

/**
 * Names that, with white space before the bracket, are no functions of MariaDB's own but stored ones, as long as the
 * `sql_mode` has no IGNORE_SPACE, which no session of ours has.
 */
export const OWN_WITHOUT_SPACE: ReadonlySet<string> = new Set(
  (
    'adddate bit_and bit_or bit_xor cast count curdate curtime date_add date_sub extract group_concat max mid min now ' +
    'position session_user std stddev stddev_pop stddev_samp subdate substr substring sum sysdate system_user trim ' +
    'variance var_pop var_samp'
  ).split(' '),
);

/** Words that a bracket may follow without a function being called. */
export const SYNTAX_WORDS: ReadonlySet<string> = new Set(
  (
    'all and any as between binary bit by case cast char columns dec decimal distinct distinctrow div double else escape ' +
    'except exists fixed float for from having if in index int integer intersect interval is join key keys like limit match ' +
    'against mod nchar nested not null numeric offset on or order over partition regexp rlike rollup row select set ' +
    'separator signed some straight_join then time timestamp datetime union unsigned using value values varbinary varchar when ' +
    'where window with within group xor year minus'
  ).split(' '),
);
