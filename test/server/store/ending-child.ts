// Opens an embedded database, does with it what the test says, and ends when nothing is left to do.
import { openPGlite } from "../../../server/store/pglite.ts";

const [directory = "", how] = process.argv.slice(2);
const database = await openPGlite(directory);
if (how === "closed") await database.close();
if (how === "asked, and nobody waited")
  void database.script("create table kept (n bigint)").then(() => process.stdout.write("committed\n"));
else process.stdout.write(`${how}\n`);
