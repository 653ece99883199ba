import { Wallet } from "ethers";
import { createAccountKey, readAccountKey } from "../../apps/cli/key-file.ts";
import { connect, type Client } from "../../apps/sdk/client.ts";
import { toHex, type Hex } from "../../protocol/bytes.ts";
import type { Journey, Server } from "./journey.ts";

/** Somebody with a key of their own, to whom the command line has granted a device's heart segment for care. */
export async function newClinician(
  journey: Journey,
  { server, data, device }: { readonly server: Server; readonly data: string; readonly device: Hex },
): Promise<{ client: Client; twin: Hex }> {
  const key = journey.path("clinician.key");
  const reader = createAccountKey(key);
  const at = ["--data", data, "--url", server.http];
  const { twin } = await journey.ask<{ twin: Hex }>(["twin", "new", "--device", device, "--segments", "heart", ...at]);
  const terms = ["--twin", twin, "--reader", reader, "--purposes", "care", "--until", "+12h"];
  await journey.ask(["grant", "give", ...terms, ...at]);
  return { client: connect({ url: server.http, signer: new Wallet(toHex(readAccountKey(key))) }), twin };
}
