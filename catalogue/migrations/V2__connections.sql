-- Connections as they were written; a secret is a name, which the configuration of each server gives a value.
create table connection (
  name text primary key,
  version integer not null,
  definition jsonb not null,
  changed_at timestamptz not null default now()
);

-- Every version there was. A row without a definition tells that the connection was removed.
create table connection_version (
  name text not null,
  version integer not null,
  definition jsonb,
  author text not null,
  reason text not null,
  at timestamptz not null default now(),
  primary key (name, version)
);
