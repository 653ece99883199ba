-- latest_ms: the latest beginning that the device had named up to this reading. It never falls from one sequence to the next,
-- whatever a clock does, so one index answers for a stretch of time in order of sequence, and a page costs its own rows only.
alter table device_head add column latest_ms bigint;
update device_head h set latest_ms = (select max(r.from_ms) from reading r where r.device = h.device);
alter table device_head alter column latest_ms set not null;

alter table reading add column latest_ms bigint;
update reading r set latest_ms = x.latest_ms from (
  select position, max(from_ms) over (partition by device order by sequence) as latest_ms from reading
) x where x.position = r.position;
alter table reading alter column latest_ms set not null;

-- A device's sequences are unique by their leaves, which tell the position of each.
alter table reading drop constraint reading_device_sequence_key;
drop index reading_by_time;
create index reading_by_time on reading (device, latest_ms, sequence);
-- Those whose clock was behind what the device had named before: few, or none.
create index reading_behind on reading (device, from_ms) where from_ms < latest_ms;
