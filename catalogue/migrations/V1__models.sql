-- One row: the number of changes so far. Whoever changes anything takes it, so that changes come one after the other.
create table state (
  single boolean primary key default true check (single),
  revision bigint not null
);
insert into state (revision) values (0);

-- What changed with which revision: a server that missed a notification reads from here.
create table change (
  revision bigint primary key,
  key text not null,
  at timestamptz not null default now()
);

create table model (
  key text primary key,
  name text not null,
  version integer not null,
  owner text not null,
  description text not null,
  tags text[] not null,
  definition jsonb not null,
  text text not null,
  columns jsonb not null,
  builds_on text[] not null,
  sources jsonb not null,
  changed_at timestamptz not null default now(),
  held_at timestamptz not null default now(),
  broken_since timestamptz,
  broken text,
  published boolean generated always as (coalesce((definition->>'published')::boolean, false)) stored,
  search tsvector generated always as (
    setweight(to_tsvector('simple', translate(name, '_-', '  ')), 'A')
    || setweight(to_tsvector('simple', description), 'B')
  ) stored
);
-- What only look-ups read stands aside, so that lists read few pages.
alter table model set (toast_tuple_target = 128);
alter table model
  alter column definition set storage external, alter column columns set storage external,
  alter column text set storage external, alter column sources set storage external,
  alter column name set storage main, alter column owner set storage main, alter column tags set storage main,
  alter column description set storage main, alter column builds_on set storage main,
  alter column search set storage main, alter column key set storage main;
create index model_search on model using gin (search);
create index model_tags on model using gin (tags);
create index model_builds_on on model using gin (builds_on);
create index model_key_prefix on model (key text_pattern_ops);
create index model_published on model (key) where published;
create index model_owner on model (owner, key);

-- Every version there was. A row without a definition tells that the model was removed.
create table model_version (
  key text not null,
  version integer not null,
  name text not null,
  definition jsonb,
  text text,
  columns jsonb,
  builds_on text[],
  sources jsonb,
  author text not null,
  reason text not null,
  at timestamptz not null default now(),
  primary key (key, version)
);
