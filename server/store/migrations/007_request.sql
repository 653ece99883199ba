-- What readers ask for. Every column but the place is said again by the record at `position`; a row never changes.
create table request (
  id bytea primary key,
  -- Of the leaf that says what was asked.
  position bigint not null unique,
  reader bytea not null,
  twin bytea,
  manifest bytea,
  -- ms.
  at bigint not null,
  expires bigint not null
);
create index request_by_reader on request (reader, position);
create index request_by_twin on request (twin, position);
create index request_by_manifest on request (manifest, position);
create index request_by_expires on request (expires);

-- How a request ended: a row more, once. `state` is the step of the record at `position`.
create table request_answer (
  request bytea primary key,
  position bigint not null unique,
  state text not null
);

-- Answers that are still to be posted; a row goes when somebody has taken it, or when it was tried for a day. `due` in ms.
create table webhook (
  request bytea primary key,
  attempts bigint not null,
  due bigint not null
);
