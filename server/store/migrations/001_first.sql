-- Every column is re-derived by audit from signed bytes, from the chain or from the key store.
-- Ids, hashes and signatures are bytea; sequences, positions and counts bigint; times are ms unless named otherwise.

-- The one stream of this gateway group: the row that every group commit locks.
create table stream (
  id bytea primary key,
  size bigint not null
);

create table leaf (
  position bigint primary key,
  kind smallint not null,
  subject bytea not null,
  sequence bigint not null,
  content bytea not null,
  hash bytea not null,
  unique (kind, subject, sequence)
);

-- Highest accepted sequence of each device and the content of its reading.
create table device_head (
  device bytea primary key,
  sequence bigint not null,
  content bytea not null
);

-- scope: the assignment, or the device between assignments; with month it names the data key.
-- sealed: AES-256-GCM of {disclosures, flags}, bound to device, sequence and content.
-- No foreign key to leaf: the committer writes both rows in one statement's breath and audit compares them, while the check
-- would run a query per reading. Base64 and sealed bytes don't compress, so they are stored as they are, in the row.
create table reading (
  position bigint primary key,
  device bytea not null,
  sequence bigint not null,
  from_ms bigint not null,
  until_ms bigint not null,
  signing_input text not null,
  signature bytea not null,
  scope bytea not null,
  month text not null,
  nonce bytea not null,
  sealed bytea not null,
  unique (device, sequence)
) with (toast_tuple_target = 8160);
alter table reading alter column signing_input set storage external;
alter table reading alter column sealed set storage external;
create index reading_by_time on reading (device, from_ms);

create table record (
  position bigint primary key,
  body text not null,
  signature bytea
);

-- One row per group commit: the gateway's promise over positions [first, first + count).
create table ack (
  first bigint primary key,
  count bigint not null,
  root bytea not null,
  accepted_at bigint not null,
  anchor_by bigint not null,
  signature bytea not null
);

-- A row without transaction is an intent: sealed, perhaps sent, not yet seen on the chain.
create table batch (
  number bigint primary key,
  first_leaf bigint not null,
  count bigint not null,
  root bytea not null,
  transaction bytea,
  block bigint,
  block_hash bytea,
  block_time bigint
);

-- Authentic readings that wait for the ones before them; sealed holds the whole SD-JWT.
create table held (
  device bytea not null,
  sequence bigint not null,
  content bytea not null,
  received_at bigint not null,
  scope bytea not null,
  month text not null,
  nonce bytea not null,
  sealed bytea not null,
  primary key (device, sequence, content)
);
create index held_by_time on held (received_at);

-- Authentic readings that were refused for their place; sealed holds the whole SD-JWT.
create table evidence (
  number bigint primary key,
  device bytea not null,
  sequence bigint not null,
  content bytea not null,
  code text not null,
  received_at bigint not null,
  scope bytea not null,
  month text not null,
  nonce bytea not null,
  sealed bytea not null,
  unique (device, sequence, content)
);

create table outbox (
  hash bytea primary key,
  sender bytea not null,
  nonce bigint not null,
  raw bytea not null,
  purpose text not null,
  unique (sender, nonce)
);

create table chain_block (
  number bigint primary key,
  hash bytea not null,
  timestamp bigint not null
);

-- topics: one to four words of 32 bytes, concatenated.
create table chain_event (
  block bigint not null,
  log_index bigint not null,
  address bytea not null,
  topics bytea not null,
  data bytea not null,
  transaction bytea not null,
  primary key (block, log_index)
);

-- Device models and manifests by their hash; body is RFC 8785 JSON.
create table document (
  hash bytea primary key,
  kind text not null,
  body text not null
);

create table finding (
  digest bytea not null,
  oracle bytea not null,
  body text not null,
  signature bytea not null,
  primary key (digest, oracle)
);
