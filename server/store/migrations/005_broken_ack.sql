-- Promises of a stream that was fenced before they were kept. Positions are counted over the whole line of streams; ack has what
-- the leaves there were promised anew.
create table broken_ack (
  stream bytea not null,
  first bigint not null,
  count bigint not null,
  root bytea not null,
  accepted_at bigint not null,
  anchor_by bigint not null,
  signature bytea not null,
  primary key (stream, first)
);
