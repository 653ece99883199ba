import { expect } from "chai";
import { Wallet } from "ethers";
import { createAccountKey, readAccountKey } from "../../apps/cli/key-file.ts";
import { createTwin } from "../../apps/cli/commands/twin.ts";
import { relayByNode, signGrant } from "../../apps/cli/signed-grant.ts";
import { connect, type Client } from "../../apps/sdk/client.ts";
import { toHex, type Hex } from "../../protocol/bytes.ts";
import { idOfSigned } from "../../protocol/signed-acts.ts";
import { BedsideDevice, registerBedside } from "./bedside-device.ts";
import { until, type Journey, type Server } from "./journey.ts";

/** A reader of a twin, what it was granted by, and a leaf of a reading that is anchored. */
export interface Admitted {
  readonly client: Client;
  readonly twin: Hex;
  readonly reader: Hex;
  readonly grant: Hex;
  readonly leaf: Hex;
}

/** A device with anchored readings, a twin of it, and a reader whose grant its steward signed with nobody near, sent by a stranger. */
export async function admitted(journey: Journey, server: Server): Promise<Admitted> {
  const [registered] = await registerBedside(server, 1);
  if (!registered) return expect.fail("no device");
  const device = new BedsideDevice(registered.id, registered.key);
  await server.client.postReadings([await device.next(), await device.next()]);
  const stewardKey = `${server.data}/keys/steward.key`;
  const twin = await createTwin({ url: server.http, stewardKey, device: device.id, segments: ["heart"], name: "bed" });
  const file = journey.path(`reader-${twin.slice(2, 8)}.key`);
  const reader = createAccountKey(file);
  const client = connect({ url: server.http, signer: new Wallet(toHex(readAccountKey(file))) });
  const grant = await grantOffline(journey, server, twin, reader);
  const leaf = await until("its readings are read and anchored", async () => {
    const page = await client.history(twin, { purpose: "care" }).catch(() => undefined);
    const found = page?.readings[0]?.leaf;
    return found && (await client.receipt(found, { twin, purpose: "care" }).catch(() => undefined)) ? found : undefined;
  });
  return { client, twin, reader, grant, leaf };
}

/** A grant for care, signed without a server or a node, and sent by an account of nobody's. */
export async function grantOffline(journey: Journey, server: Server, twin: Hex, reader: Hex): Promise<Hex> {
  const trust = `${server.data}/consortium.json`;
  const signed = await signGrant({
    ...{ twin, reader, purposes: ["care"], until: Date.now() + 3_600_000, deadline: Date.now() + 600_000 },
    ...{ stewardKey: `${server.data}/keys/steward.key`, url: "http://127.0.0.1:1", trust, epoch: 0, bits: "1" },
  });
  const stranger = journey.path(`stranger-${signed.signature.slice(2, 10)}.key`);
  createAccountKey(stranger);
  await relayByNode(signed, { rpc: server.rpc, trust }, stranger);
  return idOfSigned(signed);
}

/** Every way to a twin's data: what each gives, `data` or the code of its refusal. */
export async function everyDoor({ client, twin, leaf }: Admitted): Promise<Record<string, string>> {
  const by = { purpose: "care" as const };
  const doors: Readonly<Record<string, () => Promise<unknown>>> = {
    history: () => client.history(twin, by),
    state: () => client.state(twin, by),
    receipt: () => client.receipt(leaf, { twin, ...by }),
    export: () => client.export(twin, by).then((stream) => stream.cancel()),
    stream: () => firstOf(client, twin),
  };
  const told = Object.entries(doors).map(async ([name, open]) => [name, await codeOf(open())] as const);
  return Object.fromEntries(await Promise.all(told));
}

async function firstOf(client: Client, twin: Hex): Promise<void> {
  const stream = client.stream(twin, { purpose: "care" });
  try {
    for await (const event of stream) {
      if (event.type === "broken") throw event.error;
      if (event.type === "live" || event.type === "reading") return;
    }
  } finally {
    await stream.return(undefined);
  }
}

const codeOf = (opened: Promise<unknown>): Promise<string> =>
  opened.then(
    () => "data",
    (error: { code?: string; message: string }) => error.code ?? error.message,
  );
