-- What derived twins showed, made durable before it was shown. A value is made once for an assignment, a segment, the interval of
-- a grid that begins at from_ms, and a transform, whichever twin asked first; position is that first release's leaf. epsilon, in
-- thousandths, is what the value cost (0 without noise): the sum over a segment of an assignment is spent of its budget.
-- sealed: AES-256-GCM of the value's characters, under the data key of assignment and month, bound to the other columns.
create table released_value (
  assignment bytea not null,
  segment text not null,
  from_ms bigint not null,
  transform bytea not null,
  epsilon bigint not null,
  position bigint not null,
  month text not null,
  nonce bytea not null,
  sealed bytea not null,
  primary key (assignment, segment, from_ms, transform)
);
create unique index released_value_by_place on released_value (position, segment);

-- Where the release of a twin's interval lies: its leaf.
create table release (
  position bigint primary key,
  twin bytea not null,
  from_ms bigint not null,
  unique (twin, from_ms)
);
