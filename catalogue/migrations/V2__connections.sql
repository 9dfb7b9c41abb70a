-- Connections that are made at run time. Secrets are references, never values.
create table connection (
  name text primary key,
  version integer not null,
  definition jsonb not null,
  changed_at timestamptz not null default now()
);

create table connection_version (
  name text not null,
  version integer not null,
  definition jsonb,
  author text not null,
  reason text not null,
  at timestamptz not null default now(),
  primary key (name, version)
);
