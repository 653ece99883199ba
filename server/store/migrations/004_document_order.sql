-- Documents are uploaded by anybody, so the oldest that the chain does not name go when there are too many.
alter table document add column arrived bigserial not null;
