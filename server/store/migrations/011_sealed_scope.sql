-- An assignment begins and ends at a sequence that its transaction names, also below what was accepted: what then belongs to
-- another scope is sealed again under that one's key, row by row. resealed_at: leaves that the stream had when this row was
-- sealed again, null where it never was; an erasure before that did not destroy its key. The sealed bytes are bound to it.
alter table reading add column resealed_at bigint;

-- Under whose key a device's readings lie, by sequence: from from_sequence on, until the next row of the device. Whatever is
-- sealed follows it, and it follows the chain as readings are sealed again. It is made from the readings where it is lost.
create table sealed_scope (
  device bytea not null,
  from_sequence bigint not null,
  scope bytea not null,
  primary key (device, from_sequence)
);
insert into sealed_scope (device, from_sequence, scope)
  select device, case when before is null then 1 else sequence end, scope from (
    select device, sequence, scope, lag(scope) over (partition by device order by sequence) as before from reading
  ) x where before is distinct from scope;
