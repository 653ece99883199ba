import { Wallet } from "ethers";
import { connect, rpcSource, verifyReceipt } from "../index.ts";

// From a key that nobody knows to the first verified reading: node first-reading.ts http://127.0.0.1:8080
const client = connect({ url: process.argv[2] ?? "http://127.0.0.1:8080", signer: Wallet.createRandom() });
const [offer] = (await client.catalogue()).manifests;
if (!offer) throw new Error("nothing is on offer");
const until = Date.now() + 3_600_000;
const { request } = await client.request({ manifest: offer.hash, purposes: ["care"], until, why: "To see one." });
const { state, answer } = await client.answer(request); // the steward approves, narrows or refuses
if (answer?.step !== "approved" && answer?.step !== "narrowed") throw new Error(state);
for await (const reading of client.readings(answer.twin, { limit: 1 })) {
  const consortium = await client.consortium(); // better: consortium.json from a member whom you trust
  const trust = { consortium, source: rpcSource(consortium.rpc ?? "", consortium) };
  const { outcome } = await verifyReceipt(await client.receipt(reading.leaf, { twin: answer.twin }), trust);
  console.log(`reading ${reading.sequence}: ${outcome}`);
  break;
}
