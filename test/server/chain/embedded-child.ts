/** A process of its own that runs an embedded chain until it is killed: argv directory; prints the URL and anvil's process id. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { startEmbeddedChain } from "../../../server/chain/embedded.ts";

const directory = process.argv[2] ?? "";
const chain = await startEmbeddedChain({ directory, port: 0, blockSeconds: 0.05, heartbeatSeconds: 0.2 });
const { pid } = JSON.parse(readFileSync(join(directory, "anvil.json"), "utf8")) as { pid: number };
process.stdout.write(`${JSON.stringify({ url: chain.url, anvil: pid })}\n`);
const reason = await chain.ended;
process.stdout.write(`${JSON.stringify({ ended: reason?.code })}\n`);
