-- Findings are asked for by round and by device; both are in the signed body, so neither becomes a column that could differ.
create index finding_by_round on finding (
  (coalesce(body::jsonb #>> '{verdict,round}', body::jsonb #>> '{clear,round}')::bigint)
);
create index finding_by_device on finding ((body::jsonb #>> '{verdict,device}'));
