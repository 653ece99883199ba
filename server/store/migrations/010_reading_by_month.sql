-- Readings lie in partitions, one for each month in which they were accepted, by the promise over them; server/store/months.ts
-- makes one when its first reading comes. leaf is the index of all: it tells the month where a reading lies, and the times by
-- which readings are asked for, so that wide rows are only touched when they are read whole. accepted_month is yyyymm of
-- acceptance, UTC; reading.month is another one, that of its data key. Null in leaves of other kinds, as the times are.
create table leaf_by_month (
  position bigint not null,
  kind smallint not null,
  subject bytea not null,
  sequence bigint not null,
  content bytea not null,
  hash bytea not null,
  accepted_month integer,
  from_ms bigint,
  until_ms bigint,
  latest_ms bigint
);
-- Written anew rather than updated: it is narrow, and an update would leave as much behind. Readings from before stay where they
-- are, in a partition of their own, of no month: 0.
insert into leaf_by_month
  select l.position, l.kind, l.subject, l.sequence, l.content, l.hash, case when l.kind = 1 then 0 end,
    r.from_ms, r.until_ms, r.latest_ms
  from leaf l left join reading r on r.position = l.position and l.kind = 1 order by l.position;
drop table leaf;
alter table leaf_by_month rename to leaf;
alter table leaf add primary key (position);
alter table leaf add unique (kind, subject, sequence);
create index leaf_by_hash on leaf using hash (hash);
drop index reading_by_time;
drop index reading_behind;
-- Only readings have times: who asks by time need not name the kind, and so is never led to the index of sequences.
create index reading_by_time on leaf (subject, latest_ms, sequence) where latest_ms is not null;
create index reading_behind on leaf (subject, from_ms) where from_ms < latest_ms;

alter table reading rename to reading_0;
alter table reading_0 rename constraint reading_pkey to reading_0_pkey;
alter table reading_0 drop column from_ms, drop column until_ms, drop column latest_ms;
-- Says 0 for every row without touching one.
alter table reading_0 add column accepted_month integer not null default 0;
alter table reading_0 alter column accepted_month drop default;
-- Each partition has its own key, the position; nothing is looked for in all of them.
create table reading (
  accepted_month integer not null,
  position bigint not null,
  device bytea not null,
  sequence bigint not null,
  signing_input text not null,
  signature bytea not null,
  scope bytea not null,
  month text not null,
  nonce bytea not null,
  sealed bytea not null
) partition by list (accepted_month);
alter table reading alter column signing_input set storage external;
alter table reading alter column sealed set storage external;
do $$
begin
  if exists (select from reading_0) then alter table reading attach partition reading_0 for values in (0);
  else drop table reading_0;
  end if;
end
$$;
