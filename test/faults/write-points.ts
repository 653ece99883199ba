// Where the server writes: the rows of the fault tables, and what is in none of them, with the reason. test/laws/write-points.test.ts
// holds this against the server's source.

/** What a key store's file goes through, and its mirror's. */
const replaced = (file: string, aside = ".new"): string[] => [
  `open ${file}${aside}`,
  `writeFile ${file}${aside}`,
  `sync ${file}${aside}`,
  `rename ${file}`,
];

/** Where it is written down that an erasure has begun. */
export const INTENT = "keys/erasing.json";

/** A point is the beginning of an SQL statement, or a file call. */
type Points = Readonly<Record<string, readonly string[]>>;

/** table.slow.test.ts */
export const POINTS = {
  gateway: [
    "insert into leaf",
    "insert into reading",
    "insert into ack",
    "insert into device_head",
    "update stream set size",
    "insert into record",
    "insert into held",
    "delete from held h",
    "insert into evidence",
    "insert into document",
  ],
  anchor: ["insert into batch", "update batch"],
  outbox: ["insert into outbox", "delete from outbox"],
  chain: [
    "insert into chain_block",
    "insert into chain_event",
    "delete from chain_block where number > 0",
    "write chain/journal",
    "datasync chain/journal",
  ],
  keys: [...replaced("keys/data-keys.json"), ...replaced("mirror/data-keys.json")],
  erasing: [
    ...replaced(INTENT),
    ...["mirror", "keys"].flatMap((place) => [
      ...replaced(`${place}/master-`, ""),
      ...replaced(`${place}/data-keys.json`),
    ]),
    "delete from held where scope",
    "delete from evidence",
    "delete from finding f",
    "rm mirror/master",
    "rm keys/master",
    `rm ${INTENT}`,
  ],
  /** A month begins whose partition nobody has made. */
  month: ["create table reading_"],
  ending: ["writeFile chain/snapshot.new", "rename chain/snapshot", "rm chain/anvil.json"],
  starting: [
    ...["open data/lock.", "writeFile data/lock.", "sync data/lock.", "link data/lock"],
    ...["rm chain/anvil.json", "rm chain/anvil.ipc", "writeFile chain/anvil.json"],
    ...["writeFile chain/load.json", "rm chain/load.json"],
  ],
  /** The journal ends in the middle of a line. */
  torn: ["truncate chain/journal", "datasync chain/journal"],
  /** The first start of all. */
  first: [
    ...["writeFile keys/gateway.key.new", "rename keys/gateway.key"],
    ...["rename mirror/mirror-id", "rename keys/mirror-id", "rename keys/master.key", "rename mirror/master.key"],
    ...["rename chain/genesis.json", "rename data/database", "insert into stream"],
    ...["rename data/founding-endpoint", "rename data/consortium.json", "rm data/founding-endpoint"],
  ],
} as const satisfies Points;

/** access-table.slow.test.ts. A decision is a leaf like any other; a release is drawn, kept and then a leaf. */
export const ACCESS_POINTS = {
  read: ["insert into leaf", "insert into record", "insert into ack", "update stream set size"],
  release: ["insert into released_value", "insert into release ("],
  relay: [
    "insert into outbox",
    "write chain/journal",
    "datasync chain/journal",
    "insert into chain_event",
    "insert into chain_block",
  ],
} as const satisfies Points;

/** replace.slow.test.ts: what only a chain that takes back has written, and what only one that asks a price. */
export const BARE_CHAIN_POINTS = {
  price: ["update outbox"],
  rewind: ["delete from chain_event", "delete from chain_block where number > $1"],
} as const satisfies Points;

/** succeed.test.ts in test/server/store: all in one transaction. */
export const SUCCESSION_POINTS = {
  succession: ["insert into broken_ack", "delete from ack", "insert into ack", "update stream set id"],
} as const satisfies Points;

/** Statements that are in no table: by their beginning, or by their file. */
export const OTHER_STATEMENTS: Readonly<Record<string, string>> = {
  "server/store/migrate.ts": "a transaction each, before anything else: test/server/store/database.test.ts",
  "server/store/template.ts": "in memory, for a directory that appears by a rename (first: rename data/database)",
  "server/store/copy-in.ts": "into a directory beside, or an empty server: test/journeys/backup.slow.test.ts",
  "insert into request (": "in the leaf's transaction (read: insert into leaf)",
  "insert into request_answer": "in the leaf's transaction (read: insert into leaf)",
  "insert into webhook": "in the leaf's transaction (read: insert into leaf)",
  "update webhook": "a reminder; sent again where it is not kept: test/server/access/webhooks.test.ts",
  "delete from webhook": "a reminder; sent again where it is not kept: test/server/access/webhooks.test.ts",
  "insert into finding":
    "oracles post until it is taken: test/journeys/demo.test.ts, test/server/response/findings.test.ts",
  "delete from finding where": "makes room in the finding's transaction: test/server/response/findings.test.ts",
  "server/main/reseal/reseal-step.ts":
    "one transaction of rows and table: test/server/main/reseal.test.ts; killed in it: test/journeys/assignments.slow.test.ts",
  "server/store/sealed-scopes.ts":
    "in that transaction, or in the leaf's: test/server/main/reseal.test.ts, test/journeys/assignments.slow.test.ts",
  "delete from document": "makes room; nobody waits for it: test/server/twin/documents.test.ts",
};

/** Files of the server that write files, by what they call, and the rows or the reason. */
export const FILE_WRITES: Readonly<Record<string, readonly [calls: string, where: string]>> = {
  "server/chain/embedded.ts": ["mkdir writeDurably", "rename chain/genesis.json"],
  "server/chain/embedded/anvil.ts": [
    "open rm writeFile",
    "writeFile chain/anvil.json; rm chain/anvil.json; rm chain/anvil.ipc",
  ],
  "server/chain/embedded/journal.ts": ["open truncate", "write chain/journal; truncate chain/journal"],
  "server/chain/embedded/ledger.ts": ["rm writeFile", "writeFile chain/load.json; rm chain/load.json"],
  "server/chain/embedded/snapshot.ts": ["writeDurably", "writeFile chain/snapshot.new; rename chain/snapshot"],
  "server/keys/files.ts": ["chmod open rename rm", "rename keys/data-keys.json; rm keys/master"],
  "server/keys/key-file.ts": ["rm syncDirectory writeSecret", "rename keys/master.key; rm keys/master"],
  "server/keys/key-store.ts": ["mkdir writeSecret", "rename keys/data-keys.json; rename keys/master-"],
  "server/keys/mirror.ts": ["mkdir writeSecret", "rename mirror/data-keys.json; rename mirror/mirror-id"],
  "server/keys/signing-keys.ts": ["mkdir writeSecret", "writeFile keys/gateway.key.new; rename keys/gateway.key"],
  "server/main/backup/file.ts": [
    "createWriteStream open rename rm syncDirectory",
    "test/server/main/backup-file.test.ts",
  ],
  "server/main/backup/restore-directory.ts": [
    "rename rm syncDirectory writeDurably",
    "test/journeys/backup.slow.test.ts",
  ],
  "server/main/control.ts": ["chmodSync rmSync", "a socket, made anew at each start"],
  "server/main/data-directory.ts": ["chmodSync mkdirSync", "directories, made again at each start"],
  "server/main/device-authority.ts": ["writeDurably", "made again from its key where it is not there"],
  "server/main/erase/erasure.ts": ["removeSecret writeSecret", "rename keys/erasing.json; rm keys/erasing.json"],
  "server/main/found-consortium.ts": [
    "rm writeDurably",
    "rename data/founding-endpoint; rename data/consortium.json; rm data/founding-endpoint",
  ],
  "server/main/keep-consortium.ts": ["writeDurably", "says what the chain says, and again at each change and start"],
  "server/main/oracles.ts": ["mkdirSync", "directories, made again at each start"],
  "server/oracle/hold-directory.ts": ["mkdirSync", "directories, made again at each start"],
  "server/oracle/state-file.ts": [
    "closeSync fsyncSync mkdirSync openSync renameSync writeFileSync",
    "an oracle's own process: test/server/oracle/processes.slow.test.ts",
  ],
  "server/store/durable-files.ts": ["closeSync fsyncSync openSync", "PostgreSQL's: test/server/store/disk.test.ts"],
  "server/store/lock.ts": ["link mkdir open rm unlink", "link data/lock; test/faults/key-calls.slow.test.ts"],
  "server/store/pglite.ts": ["mkdir", "directories, made again at each start"],
  "server/store/template.ts": ["mkdir open rename rm syncDirectory writeFile", "rename data/database"],
  "server/store/write-durably.ts": [
    "mkdir open rename rm writeFile",
    "writeFile chain/snapshot.new; rename chain/snapshot",
  ],
};
