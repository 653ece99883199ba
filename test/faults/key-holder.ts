// Holds a directory and its key store as a server does: takes the lock, opens the store, makes a key, lets go. Run by itself.
import { join } from "node:path";
import { openKeyStore } from "../../server/keys/key-store.ts";
import { lockDirectory } from "../../server/store/lock.ts";

const [directory = "", name = "0", mirror] = process.argv.slice(2);
const lock = await lockDirectory(directory, "test");
const options = mirror === undefined ? {} : { mirror };
const keys = await openKeyStore(join(directory, "keys", "data-keys.json"), options);
await keys.ensure(`0x${name.padStart(64, "0")}`, "2026-11");
// Only now may anything be sealed under it: from here on the key must never be lost.
console.log("made");
await keys.close();
await lock.release();
