import { expect } from "chai";
import { Wallet } from "ethers";
import { connect } from "../../../apps/sdk/index.ts";
import type { Hex } from "../../../protocol/bytes.ts";
import { parsePresentation } from "../../../protocol/reading.ts";
import { purposesMask, PURPOSES } from "../../../protocol/words.ts";
import { LISTED_KINDS } from "../../../server/twin/records.ts";
import { addressOf, openFrontDoor, WrittenDevice, type FrontDoor } from "./front-door.ts";
import { named } from "./written-chain.ts";

const START = 1_790_000_000;
const HEART = 0b0001n;
const ALL = 0b1111n;
const FOREVER = { from: START - 1_000, until: START + 100_000 };

/** What an endpoint of /openapi.json takes. */
interface Operation {
  readonly method: "get" | "post";
  readonly path: string;
  readonly session: boolean;
  readonly parameters: readonly { readonly name: string; readonly in: "path" | "query" }[];
}

/** Every object that an ask can name: those of the attacked device, or names of nothing. */
interface Objects {
  readonly twin: Hex;
  readonly device: Hex;
  readonly grant: Hex;
  readonly leaf: Hex;
  readonly reader: Hex;
  readonly request: Hex;
  readonly opening: Hex;
}

interface Answer {
  /** Path, query and body of what was asked. */
  readonly asked: string;
  readonly status: number;
  readonly text: string;
}

/** Who attacks: their token, and whether they hold (or held) a grant on the attacked twin. */
interface Attacker {
  readonly name: string;
  readonly token?: string;
  /** Nothing connects them with the twin: for them it looks as if there were none. */
  readonly stranger: boolean;
  readonly twin?: Hex;
  readonly asks?: Readonly<Record<string, string>>;
}

/** What the reader has told the steward, and nobody else. */
const WHY = "a second opinion on bed nine";

const ABSENT: Objects = {
  twin: named("no twin"),
  device: named("no device"),
  grant: named("no grant"),
  leaf: named("no leaf"),
  reader: named("nobody", 20),
  request: named("no request"),
  opening: named("no opening"),
};

describe("attacks on every endpoint of /openapi.json", () => {
  let door: FrontDoor;
  let operations: Operation[];
  let present: Objects;
  let ended: Hex;
  let twinOfOther: Hex;
  /** What nobody of the attackers may ever see: every disclosure of the attacked device, its salts, its grants and its reader. */
  let secrets: string[];
  const attackers: Attacker[] = [];
  const wallets = new Map<string, ReturnType<typeof Wallet.createRandom>>();

  before(async () => {
    door = await openFrontDoor(START);
    const document = (await (await fetch(`${door.url}/openapi.json`)).json()) as {
      paths: Record<string, Record<"get" | "post", { security?: unknown; parameters: Operation["parameters"] }>>;
    };
    operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { security, parameters }]) => ({
        method: method as Operation["method"],
        path,
        session: security !== undefined,
        parameters,
      })),
    );

    const steward = named("steward of the attacked", 20);
    const device = new WrittenDevice(door, steward);
    const twin = device.createTwin("attacked", ALL);
    const grant = device.grant(twin, door.reader.address, {
      ...FOREVER,
      segments: ALL,
      purposes: purposesMask(PURPOSES),
    });
    const texts = [await device.read(), await device.read()];
    await door.reader.client.postReadings(texts);
    await door.anchor();
    const [first] = (await door.reader.client.history(twin, { purpose: "care" })).readings;
    const now = (): number => door.clock.ms;
    const wish = { twin, segments: ALL, purposes: ["care"], until: now() + 3_600_000, why: WHY } as const;
    const { request } = await connect({ url: door.url, signer: door.reader.wallet, now }).request(wish);
    const leaf = first?.leaf ?? "0x";
    const opening = device.open(twin, named("who broke the glass", 20), START + 3_600);
    present = { twin, device: device.id, grant, leaf, reader: door.reader.address, request, opening };
    const disclosures = texts.flatMap((text) =>
      text
        .split("~")
        .slice(1)
        .filter((part) => part !== ""),
    );
    const salts = disclosures.map((one) => (JSON.parse(Buffer.from(one, "base64url").toString()) as [string])[0]);
    secrets = [...disclosures, ...salts, grant, door.reader.address, WHY, opening, named("who broke the glass", 20)];
    expect(disclosures).to.have.length(8);
    expect(parsePresentation(texts[0] ?? "").disclosures).to.have.length(4);

    // Another device and reader; and one whose assignment ended with nothing of it open any more.
    const other = new WrittenDevice(door, named("steward of the other", 20));
    twinOfOther = other.createTwin("other", ALL);
    const past = new WrittenDevice(door, named("steward of the past", 20));
    ended = past.createTwin("ended", ALL);

    const everything = { segments: ALL, purposes: purposesMask(PURPOSES) };
    const token = async (name: string): Promise<string> => {
      const wallet = Wallet.createRandom();
      wallets.set(name, wallet);
      return (await door.clientOf(wallet).login()).token;
    };
    const address = (name: string): Hex => addressOf(wallets.get(name) ?? expect.fail(name));
    attackers.push({ name: "no session", stranger: true });
    attackers.push({ name: "a stranger", token: await token("stranger"), stranger: true });
    attackers.push({ name: "the reader of another twin", token: await token("other"), stranger: true });
    other.grant(twinOfOther, address("other"), { ...FOREVER, ...everything });
    attackers.push({ name: "a reader whose grant has expired", token: await token("expired"), stranger: false });
    device.grant(twin, address("expired"), { from: START - 1_000, until: START - 1, ...everything });
    attackers.push({ name: "a reader whose grant has not begun", token: await token("early"), stranger: false });
    device.grant(twin, address("early"), { from: START + 10_000, until: START + 20_000, ...everything });
    attackers.push({ name: "a reader whose grant is revoked", token: await token("revoked"), stranger: false });
    const revoked = device.grant(twin, address("revoked"), { ...FOREVER, ...everything });
    door.chain.emit("GrantRegistry", "Revoked", [revoked, steward]);
    attackers.push({
      name: "a reader who asks for segments beyond the grant",
      token: await token("over-scoped"),
      stranger: false,
      asks: { segments: "heart,resp,spo2,temp", purpose: "care" },
    });
    device.grant(twin, address("over-scoped"), { ...FOREVER, segments: HEART, purposes: purposesMask(PURPOSES) });
    attackers.push({
      name: "a reader of an ended assignment",
      token: await token("ended"),
      stranger: false,
      twin: ended,
    });
    past.grant(ended, address("ended"), { ...FOREVER, ...everything });
    door.chain.emit("TwinRegistry", "AssignmentEnded", [past.assignment, past.id, 1]);
    attackers.push({
      name: "the reader of another twin who names the attacked one's objects",
      token: await token("foreign"),
      stranger: false,
      twin: twinOfOther,
    });
    other.grant(twinOfOther, address("foreign"), { ...FOREVER, ...everything });
    const narrowed = connect({ url: door.url, signer: door.reader.wallet, twins: [twinOfOther] });
    attackers.push({
      name: "the reader's own session for another twin",
      token: (await narrowed.login()).token,
      stranger: true,
    });
    for (const [what, forged] of tampered((await door.reader.client.login()).token))
      attackers.push({ name: `a token with another ${what}`, token: forged, stranger: true });
  });
  after(() => door.close());

  it("are tried on whatever takes an id: nothing is there that this suite cannot fill in", () => {
    for (const { path, parameters } of operations)
      for (const { name, in: where } of parameters)
        if (where === "path") expect(objectAt(path, name)).to.be.a("string");
    expect(operations.filter(({ session }) => session).length).to.be.at.least(6);
  });

  it("give none of them a byte that it should not have", async () => {
    let asked = 0;
    const spoken = new Map<Attacker, string>();
    for (const operation of operations) {
      for (const attacker of attackers) {
        for (const asks of asksOf(operation, attacker)) {
          const objects = attacker.twin === undefined ? present : { ...present, twin: attacker.twin };
          const answer = await send(operation, objects, attacker, asks);
          const what = `${attacker.name}: ${operation.method} ${operation.path} ${JSON.stringify(asks)}`;
          // What it has named itself it may be told again, also by a list of its own asks.
          const said = `${spoken.get(attacker) ?? ""} ${answer.asked}`;
          spoken.set(attacker, said);
          const unknown = secrets.filter((secret) => !said.includes(secret));
          for (const secret of unknown) expect(answer.text, what).not.to.include(secret);
          expect(answer.status, what).to.be.lessThan(500);
          if (operation.session && attacker.token === undefined) expect(answer.status, what).to.equal(401);
          asked += 1;
        }
      }
    }
    expect(asked).to.be.greaterThan(200);
  });

  it("find what is absent and what is not granted alike, to the byte", async () => {
    for (const operation of operations.filter(takesAnId)) {
      for (const attacker of attackers.filter(({ stranger }) => stranger)) {
        for (const asks of asksOf(operation, attacker)) {
          const [there, nowhere] = [present, ABSENT].map((objects) => send(operation, objects, attacker, asks));
          expect(shown(await there), `${attacker.name}: ${operation.path} ${JSON.stringify(asks)}`).to.deep.equal(
            shown(await nowhere),
          );
        }
      }
    }
  });

  it("prove something: the reader whose grant it is gets what they look for", async () => {
    const { token } = await door.reader.client.login();
    const operation = operations.find(({ path }) => path === "/v1/twins/{id}/history") ?? expect.fail();
    const { status, text } = await send(
      operation,
      present,
      { name: "the reader", token, stranger: false },
      { purpose: "care" },
    );
    expect(status).to.equal(200);
    for (const secret of secrets.slice(0, 8)) expect(text).to.include(secret);
  });

  it("cannot sign in with a message that was used, changed, or made for another server", async () => {
    const wallet = Wallet.createRandom();
    const used: string[] = [];
    const client = door.clientOf({
      getAddress: () => wallet.getAddress(),
      signMessage: async (message) => {
        const signature = await wallet.signMessage(message);
        used.push(JSON.stringify({ message, signature }));
        return signature;
      },
    });
    await client.login();
    const [replay = ""] = used;
    expect(await login(replay)).to.equal("SESSION_INVALID");

    const { message } = JSON.parse(replay) as { message: string };
    const { nonce } = (await (await fetch(`${door.url}/v1/session/nonce`)).json()) as { nonce: string };
    const fresh = message.replace(/Nonce: \w+/, `Nonce: ${nonce}`);
    const variants: [string, (text: string) => string][] = [
      ["another's domain", (text) => text.replace(/^[^ ]+/, "evil.example")],
      ["another chain", (text) => text.replace(/Chain ID: \d+/, "Chain ID: 1")],
      ["a nonce of nobody", (text) => text.replace(nonce, "0".repeat(nonce.length))],
    ];
    for (const [what, change] of variants) {
      const changed = change(fresh);
      expect(changed, what).not.to.equal(fresh);
      const body = JSON.stringify({ message: changed, signature: await wallet.signMessage(changed) });
      expect(await login(body), what).to.equal("SESSION_INVALID");
    }
    const unsigned = JSON.stringify({ message: fresh, signature: await Wallet.createRandom().signMessage(fresh) });
    expect(await login(unsigned), "another's signature").to.equal("SESSION_INVALID");
  });

  async function login(body: string): Promise<string | undefined> {
    const headers = { "content-type": "application/json" };
    const response = await fetch(`${door.url}/v1/session/login`, { method: "POST", headers, body });
    return ((await response.json()) as { code?: string }).code;
  }

  /** Each purpose where one can be named; with and without the ids that may be named beside the path's. */
  function asksOf({ parameters }: Operation, { asks }: Attacker): Record<string, string>[] {
    const takes = (wanted: string): boolean => parameters.some(({ name }) => name === wanted);
    if (takes("kind")) return LISTED_KINDS.map((kind) => ({ ...asks, kind }));
    if (asks) return [asks];
    return takes("purpose") ? PURPOSES.map((purpose) => ({ purpose })) : [{}];
  }

  async function send(
    { method, path, parameters }: Operation,
    objects: Objects,
    { token }: Attacker,
    asks: Readonly<Record<string, string>>,
  ): Promise<Answer> {
    const target = path.replace(/\{(\w+)\}/g, (_all, name: string) => fill(objects, objectAt(path, name)));
    const query = new URLSearchParams();
    for (const { name, in: where } of parameters) {
      if (where !== "query") continue;
      const value = asks[name] ?? (name in objects ? objects[name as keyof Objects] : undefined);
      if (value !== undefined) query.set(name, value);
    }
    const body = JSON.stringify(bodyAt(path, objects));
    const asked = `${target}?${query.toString()}${method === "post" ? body : ""}`;
    const response = await fetch(`${door.url}${target}?${query.toString()}`, {
      method,
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(method === "post" && { "content-type": "application/json" }),
      },
      ...(method === "post" && { body }),
    });
    const live = response.headers.get("content-type")?.startsWith("text/event-stream") === true;
    return { asked, status: response.status, text: live ? await readLive(response) : await response.text() };
  }
});

/** A live stream until it has said all that there was, or has ended: it would never end by itself. */
async function readLive({ body }: Response): Promise<string> {
  let text = "";
  for await (const chunk of body ?? []) {
    text += Buffer.from(chunk).toString();
    if (/^event: (?:live|end)$/m.test(text)) break;
  }
  return text;
}

const shown = (answer: Answer | undefined): unknown => [answer?.status, answer?.text];

/** What the id in a path names. A new path must be told of here, or nobody attacks it. */
function objectAt(path: string, name: string): keyof Objects {
  const known: Readonly<Record<string, keyof Objects>> = {
    "/v1/twins id": "twin",
    "/v1/receipts leaf": "leaf",
    "/v1/documents hash": "leaf",
    "/v1/requests id": "request",
    "/v1/break-glass id": "opening",
  };
  const [, room = ""] = /^(\/v1\/[\w-]+)/.exec(path) ?? [];
  return known[`${room} ${name}`] ?? expect.fail(`tell the attacks what {${name}} in ${path} is`);
}

/** What is sent to a path that would take it from the right one; to all others everything that could be named. */
function bodyAt(path: string, objects: Objects): object {
  if (path.endsWith("/approve")) return { grant: objects.grant };
  return path.endsWith("/refuse") ? { reason: "no" } : objects;
}

/** Whose answer could tell whether something is there. */
const takesAnId = ({ session, method, path }: Operation): boolean =>
  session && (method === "get" || path.includes("{"));

const fill = (objects: Objects, object: keyof Objects): Hex => objects[object];

/** A token's parts, each changed a little. */
function tampered(token: string): [string, string][] {
  const parts = token.split(".");
  return parts.map((part, i) => {
    const at = Math.floor(part.length / 2);
    const letter = part[at] === "A" ? "B" : "A";
    const changed = `${part.slice(0, at)}${letter}${part.slice(at + 1)}`;
    return [`part ${i + 1}`, parts.map((one, k) => (k === i ? changed : one)).join(".")];
  });
}
