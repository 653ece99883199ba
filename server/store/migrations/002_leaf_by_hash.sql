-- Whoever holds a leaf's hash finds its place by it: GET /v1/receipts/:leaf.
create index leaf_by_hash on leaf using hash (hash);
