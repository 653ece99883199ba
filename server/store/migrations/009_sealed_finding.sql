-- What a finding says of values, its score and explanation, lies sealed under the data key of the readings that it is about, and
-- with it the salt, without which nobody can try scores against the signature. body has the rest. An all-clear says nothing of
-- values and has none of these; nor have findings from before.
alter table finding add column scope bytea;
alter table finding add column month text;
alter table finding add column nonce bytea;
alter table finding add column sealed bytea;
