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

/** Every way to a twin's data, by the path that it is on in /openapi.json. */
const DOORS: Readonly<Record<string, (reader: Admitted) => Promise<unknown>>> = {
  "/v1/twins/{id}/history": ({ client, twin }) => client.history(twin, CARE),
  "/v1/twins/{id}/state": ({ client, twin }) => client.state(twin, CARE),
  "/v1/twins/{id}/picture": ({ client, twin }) => client.picture(twin, { ...CARE, since: 0, until: Date.now() }),
  "/v1/twins/{id}/description": ({ client, twin }) => client.description(twin, CARE),
  "/v1/twins/{id}/export": ({ client, twin }) => client.export(twin, CARE).then((stream) => stream.cancel()),
  "/v1/twins/{id}/stream": ({ client, twin }) => firstOf(client, twin),
  "/v1/receipts/{leaf}": ({ client, twin, leaf }) => client.receipt(leaf, { twin, ...CARE }),
};
const CARE = { purpose: "care" as const };
/** Of a twin, but by other rules than its readings': who concerns whom. */
const BESIDE = ["/v1/twins/{id}/readers"];

/** What each door gives: `data`, or the code of its refusal. */
export async function everyDoor(reader: Admitted): Promise<Record<string, string>> {
  const told = Object.entries(DOORS).map(async ([path, open]) => [path, await codeOf(open(reader))] as const);
  return Object.fromEntries(await Promise.all(told));
}

/** Throws where the server has a door to a twin that `everyDoor` does not know. */
export async function expectNoOtherDoor(server: Server): Promise<void> {
  const { paths } = (await (await fetch(`${server.http}/openapi.json`)).json()) as { paths: Record<string, unknown> };
  const doors = Object.keys(paths).filter((path) => /^\/v1\/(twins\/\{|receipts)/.test(path));
  expect(doors.sort()).to.deep.equal([...Object.keys(DOORS), ...BESIDE].sort());
}

/** The same of all: `data`, or one code. */
export const allDoors = (told: string): Record<string, string> =>
  Object.fromEntries(Object.keys(DOORS).map((path) => [path, told]));

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
