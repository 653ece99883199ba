import { expect } from "chai";
import { Wallet } from "ethers";
import { signRequest } from "../../../apps/sdk/asking.ts";
import { signAct } from "../../../apps/sdk/index.ts";
import type { Hex } from "../../../protocol/bytes.ts";
import { ERRORS, type ErrorCode } from "../../../protocol/errors.ts";
import { readRecord } from "../../../protocol/record.ts";
import type { SaidAct } from "../../../protocol/signed-acts.ts";
import { PURPOSES, type Purpose } from "../../../protocol/words.ts";
import { codeOf } from "../../../server/access/authorize.ts";
import type { Reason } from "../../../server/access/decide.ts";
import { LISTED_KINDS } from "../../../server/twin/records.ts";
import {
  ABSENT,
  CUTS,
  findingOn,
  forgedReading,
  NAMINGS,
  openWorld,
  START,
  type Attacker,
  type Cut,
  type Objects,
  type World,
} from "./attacked-world.ts";
import { MANIFEST } from "./front-door.ts";
import { named } from "./written-chain.ts";

/** An endpoint of /openapi.json, by what it does for somebody who may not. */
interface Operation {
  readonly method: "get" | "post";
  readonly path: string;
  readonly session: boolean;
  readonly parameters: readonly { readonly name: string; readonly in: "path" | "query" }[];
}

/** What decides an answer: a grant's word, the right to a list, to an answer, to a case; or nothing, where it is for everybody. */
const KINDS = {
  "get /v1/twins/{id}/history": "twin",
  "get /v1/twins/{id}/state": "twin",
  "get /v1/twins/{id}/picture": "twin",
  "get /v1/twins/{id}/description": "twin",
  "get /v1/twins/{id}/stream": "twin",
  "get /v1/twins/{id}/export": "twin",
  "get /v1/receipts/{leaf}": "receipt",
  "get /v1/decisions/explain": "explain",
  "get /v1/twins/{id}/readers": "glance",
  "get /v1/decisions": "list",
  "get /v1/records": "list",
  "get /v1/twins": "own",
  "get /v1/requests": "own",
  "get /v1/break-glass": "own",
  "get /v1/break-glass/{id}": "case",
  "get /v1/verdicts/findings": "refused",
  "post /v1/requests/{id}/approve": "refused",
  "post /v1/requests/{id}/refuse": "refused",
  "post /v1/grants": "relay",
  "post /v1/consents": "relay",
} as const;
type Kind = (typeof KINDS)[keyof typeof KINDS];

/** Open to everybody, with what an attacker is told there. */
const OPEN: Readonly<Record<string, 200 | ErrorCode>> = {
  "post /v1/readings": 200,
  "post /v1/readings/check": 200,
  "get /v1/devices": 200,
  "post /v1/documents": 200,
  "get /v1/documents/{hash}": "NOT_FOUND",
  "get /v1/anchors": 200,
  "get /v1/consortium": 200,
  "get /v1/verdicts": 200,
  "post /v1/verdicts/findings": "FINDING_ORACLE_UNKNOWN",
  "get /v1/session/nonce": 200,
  "post /v1/session/login": "SESSION_INVALID",
  "get /v1/catalogue": 200,
  "post /v1/requests": 200,
  "get /healthz": 200,
  "get /readyz": 200,
  "get /openapi.json": 200,
};

/** What is left to choose where the objects are chosen: members of the query by their names, and which of the possible bodies. */
interface Ask {
  readonly query: Readonly<Record<string, string>>;
  readonly body?: object;
}

interface Answer {
  /** Path, query and body of what was asked. */
  readonly asked: string;
  readonly status: number;
  readonly headers: readonly [string, string][];
  readonly text: string;
}

interface Expected {
  readonly told: 200 | ErrorCode;
  /** Of every decision that is recorded meanwhile. */
  readonly recorded: readonly Reason[];
  /** What `explain` says. */
  readonly reason?: Reason;
}

describe("attacks on every endpoint of /openapi.json", () => {
  let world: World;
  let operations: Operation[];
  /** A message that somebody has signed in with, and its signature. */
  let used: object;
  /** Position of the last decision that was looked at. */
  let looked = -1;

  before(async () => {
    world = await openWorld();
    const { door, attacked } = world;
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
    used = await signedInWith(attacked.reader);
  });
  after(() => world.door.close());

  it("are tried on all of them, each with what is to be expected", () => {
    const known = [...Object.keys(KINDS), ...Object.keys(OPEN)];
    expect(operations.map(nameOf)).to.have.members(known);
    for (const operation of operations)
      expect(operation.session, nameOf(operation)).to.equal(nameOf(operation) in KINDS);
  });

  it("prove something: whose grant it is gets what they look for", async () => {
    const { attacked: bed, door } = world;
    const reader = { token: (await door.clientOf(bed.reader).login()).token };
    const values = [...bed.values.values()].flat();
    for (const operation of operations.filter(decidesOnTwin)) {
      for (const cut of CUTS) {
        const query = { ...stretchOf(cut), purpose: "care", grant: bed.objects[cut].grant, twin: bed.twins[cut] };
        const { status, text } = await send(operation, bed.objects[cut], reader, { query });
        const what = `${cut}: ${nameOf(operation)}`;
        if (operation.path.endsWith("/picture") && cut === "study") expect(status, what).to.equal(400);
        else expect(status, `${what} ${text}`).to.equal(200);
        const silent = /description$|explain$/.test(operation.path) || status !== 200;
        if (!silent) expect(values.filter((value) => text.includes(value)).length, what).to.be.greaterThan(0);
      }
    }
  });

  it("are told no byte that they should not have, and the one word that is due", async () => {
    let asked = 0;
    await reasonsSince();
    for (const operation of operations) {
      // Requests are counted by network address, a minute long.
      world.door.clock.ms += 61_000;
      for (const attacker of world.attackers) {
        const secrets = secretsFrom(attacker);
        for (const { objects, ask, expected } of await cellsOf(operation, attacker)) {
          const answer = await send(operation, objects, attacker, ask);
          const what = `${attacker.name}: ${nameOf(operation)} ${JSON.stringify(ask.query)}\n${answer.text}`;
          const { asked: said, text } = answer;
          const leaked = secrets.filter((secret) => text.includes(secret) && !said.includes(secret));
          expect(leaked, what).to.deep.equal([]);
          expect(toldBy(answer), what).to.deep.equal(whatIs(expected.told));
          if (expected.reason !== undefined)
            expect(JSON.parse(answer.text), what).to.include({ permitted: false, reason: expected.reason });
          expect(await reasonsSince(), what).to.deep.equal(expected.recorded);
          asked += 1;
        }
      }
    }

    expect(asked).to.be.greaterThan(500);
  });

  it("find what is absent and what is not granted alike, to the byte", async () => {
    let compared = 0;
    for (const operation of operations.filter(({ session }) => session)) {
      world.door.clock.ms += 61_000;
      for (const attacker of world.attackers) {
        for (const [there, nowhere] of await pairsOf(operation, attacker)) {
          const [one, other] = [await send(operation, ...there), await send(operation, ...nowhere)];
          const what = `${attacker.name}: ${one.asked}\n${other.asked}`;
          expect(one.asked, what).not.to.equal(other.asked);
          expect(shown(one), what).to.deep.equal(shown(other));
          compared += 1;
        }
      }
    }

    expect(compared).to.be.greaterThan(300);
  });

  it("are acknowledged alike where they ask for a twin that is there and for one that is not", async () => {
    const operation = operations.find((one) => nameOf(one) === "post /v1/requests") ?? expect.fail();
    world.door.clock.ms += 61_000;
    const [attacker] = world.attackers;
    if (!attacker) return expect.fail("nobody attacks");
    const [one, other] = await Promise.all(
      [world.attacked.objects.raw, ABSENT].map(async (objects) => {
        const [body = {}] = await bodiesOf(operation, objects, attacker);
        return send(operation, objects, attacker, { query: {}, body });
      }),
    );
    const told = ({ status, text }: Answer): unknown => {
      const { expires, ...ids } = JSON.parse(text) as Record<string, unknown>;
      return [status, expires, Object.entries(ids).map(([name, id]) => [name, String(id).length])];
    };
    expect(told(one ?? expect.fail())).to.deep.equal(told(other ?? expect.fail()));
  });

  it("cannot sign in with a message that was used, changed, or made for another server", async () => {
    const wallet = Wallet.createRandom();
    const replay = await signedInWith(wallet);
    expect(await login(replay)).to.equal("SESSION_INVALID");

    const { message } = replay;
    const { nonce } = (await (await fetch(`${world.door.url}/v1/session/nonce`)).json()) as { nonce: string };
    const fresh = message.replace(/Nonce: \w+/, `Nonce: ${nonce}`);
    const variants: [string, (text: string) => string][] = [
      ["another's domain", (text) => text.replace(/^[^ ]+/, "evil.example")],
      ["another chain", (text) => text.replace(/Chain ID: \d+/, "Chain ID: 1")],
      ["a nonce of nobody", (text) => text.replace(nonce, "0".repeat(nonce.length))],
    ];
    for (const [what, change] of variants) {
      const changed = change(fresh);
      expect(changed, what).not.to.equal(fresh);
      const body = { message: changed, signature: await wallet.signMessage(changed) };
      expect(await login(body), what).to.equal("SESSION_INVALID");
    }
    const unsigned = { message: fresh, signature: await Wallet.createRandom().signMessage(fresh) };
    expect(await login(unsigned), "another's signature").to.equal("SESSION_INVALID");
  });

  async function login(body: object): Promise<string | undefined> {
    const headers = { "content-type": "application/json" };
    const asked = { method: "POST", headers, body: JSON.stringify(body) };
    const response = await fetch(`${world.door.url}/v1/session/login`, asked);
    return ((await response.json()) as { code?: string }).code;
  }

  async function signedInWith(wallet: Attacker["wallet"]): Promise<{ message: string; signature: string }> {
    const said: { message: string; signature: string }[] = [];
    const client = world.door.clientOf({
      getAddress: () => wallet.getAddress(),
      signMessage: async (message) => {
        const signature = await wallet.signMessage(message);
        said.push({ message, signature });
        return signature;
      },
    });
    await client.login();
    return said[0] ?? expect.fail("nothing was signed");
  }

  /** Nobody of the attackers has a right to any of it. */
  function secretsFrom({ sees }: Attacker): string[] {
    const all = [world.attacked, world.past].flatMap(({ values, unnamed, objects, reader }) => {
      const named = CUTS.flatMap((cut) => [objects[cut].grant, objects[cut].leaf]);
      const { request, opening, digest } = objects.raw;
      return [...values.values()].flat().concat(unnamed, named, request, opening, digest, reader.address.toLowerCase());
    });
    return all.filter((secret) => !sees.includes(secret));
  }

  /** Everything that an attacker tries at an endpoint on their bed, and what is to come of it. */
  async function cellsOf(
    operation: Operation,
    attacker: Attacker,
  ): Promise<{ objects: Objects; ask: Ask; expected: Expected }[]> {
    const { bed } = attacker;
    const kind = kindOf(operation);
    const cells: { objects: Objects; ask: Ask; expected: Expected }[] = [];
    for (const cut of cutsFor(kind, attacker)) {
      const objects = bed.objects[cut];
      for (const body of await bodiesOf(operation, objects, attacker))
        for (const { naming, query } of queriesOf(operation, attacker, cut))
          cells.push({ objects, ask: { query, body }, expected: expectedOf(operation, attacker, naming, query) });
    }
    return cells;
  }

  /** Queries of an attack on one twin: with each grant that can be named, for each purpose, of each kind, with and without the twin. */
  function queriesOf(
    { path, parameters }: Operation,
    attacker: Attacker,
    cut: Cut,
  ): { naming: (typeof NAMINGS)[number]; query: Record<string, string> }[] {
    const takes = (wanted: string): boolean => parameters.some(({ name }) => name === wanted);
    const { grant: foreign, twin, device, digest } = attacker.bed.objects[cut];
    const own = attacker.own?.[cut];
    const grants = { none: undefined, own, foreign, absent: ABSENT.grant };
    const base = { ...stretchOf(cut), ...attacker.asks, twin, device, digest };
    const namings =
      takes("grant") && hasSession(attacker)
        ? NAMINGS.filter((one) => one !== "own" || own !== undefined)
        : ["none" as const];
    const kinds = kindsFor(takes("kind"), attacker);
    const purposes = isNobody(attacker) && cut === "raw" && takes("purpose") ? PURPOSES : ["care" as const];
    const all = namings.flatMap((naming) =>
      (naming === "none" ? purposes : ["care" as const]).flatMap((purpose) =>
        kinds.map((kind) => {
          const query = { ...base, purpose, ...given({ grant: grants[naming], kind }) };
          return { naming, query };
        }),
      ),
    );
    if (!path.startsWith("/v1/receipts/")) return all;
    return [...all, ...all.filter(({ naming }) => naming === "none").map(({ naming, query }) => ({ naming, query: without(query, "twin") }))]; // prettier-ignore
  }

  function expectedOf(
    operation: Operation,
    attacker: Attacker,
    naming: (typeof NAMINGS)[number],
    query: Readonly<Record<string, string>>,
  ): Expected {
    const kind = kindOf(operation);
    if (kind === undefined) return { told: OPEN[nameOf(operation)] ?? expect.fail(nameOf(operation)), recorded: [] };
    const { as } = attacker;
    if (as === "none") return { told: "SESSION_REQUIRED", recorded: [] };
    if (as === "forged") return { told: "SESSION_INVALID", recorded: [] };
    if (as === "narrowed") return { told: operation.path === "/v1/twins" ? 200 : "NOT_FOUND", recorded: [] };
    return atHome(kind, attacker, attacker.reason(naming), query);
  }

  /** What is to come of an ask with a session that counts. */
  function atHome(kind: Kind, { as }: Attacker, why: Reason, query: Readonly<Record<string, string>>): Expected {
    const reason = query.purpose === "security" ? "SecurityTwinOnly" : why;
    const refused = (recorded: readonly Reason[]): Expected => ({ told: "NOT_FOUND", recorded });
    const isKnown = as === "former";
    if (kind === "receipt" && !isKnown && query.twin === undefined) return refused(["TwinUnknown"]);
    // Segments are not asked of a receipt: it shows those of the grant.
    if (kind === "receipt" && reason === "SegmentsNotGranted") return { told: 200, recorded: ["Permitted"] };
    if (kind === "twin" || kind === "receipt")
      return isKnown ? { told: codeOf(reason), recorded: [reason] } : refused([reason]);
    if (kind === "explain") return isKnown ? { told: 200, recorded: [], reason } : refused([]);
    if (kind === "glance") return isKnown ? { told: 200, recorded: [] } : refused([]);
    if (kind === "list") return isKnown ? { told: 200, recorded: ["Permitted"] } : refused(["TwinUnknown"]);
    if (kind === "case") return refused(["TwinUnknown"]);
    // There is no node behind the written chain: where the contract would be asked, nobody answers.
    if (kind === "relay") return { told: "CHAIN_UNAVAILABLE", recorded: [] };
    return kind === "own" ? { told: 200, recorded: [] } : refused([]);
  }

  type Sent = readonly [Objects, Attacker, Ask];

  /** Asks about what is there and what the attacker has nothing of, each with the same about what is not there. */
  async function pairsOf(operation: Operation, attacker: Attacker): Promise<[Sent, Sent][]> {
    const pairs: [Sent, Sent][] = [];
    const { attacked, past } = world;
    const takes = (wanted: string): boolean => operation.parameters.some(({ name }) => name === wanted);
    const foreign = attacker.as === "former" && attacker.bed !== past ? past : attacked;
    const add = async (there: Objects, nowhere: Objects, queryOf: (of: Objects) => Record<string, string>) => {
      const [bodies, others] = [
        await bodiesOf(operation, there, attacker),
        await bodiesOf(operation, nowhere, attacker),
      ];
      for (const [i, body] of bodies.entries()) {
        const [one, other] = [send1(there, body), send1(nowhere, others[i] ?? expect.fail())];
        if (asksAlike(operation, one, other)) continue;
        pairs.push([one, other]);
      }
      function send1(of: Objects, body: object): Sent {
        return [of, attacker, { query: { ...attacker.asks, ...queryOf(of) }, body }];
      }
    };
    // To a bed that is not theirs all of them are strangers: one of them tries all that there is.
    for (const cut of isNobody(attacker) ? cutsFor(kindOf(operation), attacker) : CUTS.slice(0, 1)) {
      const there = foreign.objects[cut];
      const stretch = stretchOf(cut);
      const all = ({ twin, grant, reader, request, device, digest }: Objects) => ({ ...stretch, twin, grant, reader, request, device, digest }); // prettier-ignore
      const base = ({ twin, device, digest }: Objects): Record<string, string> => ({
        ...stretch,
        twin,
        device,
        digest,
      });
      const purposes: (Purpose | undefined)[] =
        takes("purpose") && cut === "raw" && isNobody(attacker) ? [...PURPOSES, undefined] : ["care"];
      for (const kind of kindsFor(takes("kind"), attacker).slice(0, isNobody(attacker) ? undefined : 1))
        for (const purpose of purposes)
          await add(there, ABSENT, (of) => ({ ...base(of), ...given({ purpose, kind }) }));
      if (!hasSession(attacker)) continue;
      if (takes("grant")) {
        await add(there, ABSENT, (of) => ({ ...all(of), purpose: "care" }));
        await add(there, ABSENT, (of) => ({ ...without({ ...base(of), grant: of.grant }, "reader"), purpose: "care" }));
      }
      if (takes("twin") && operation.path.includes("{")) await add(there, ABSENT, (of) => without({ ...base(of), purpose: "care" }, "twin")); // prettier-ignore
      // On a twin that they may read, with the grant or the leaf of somebody else.
      const { elsewhere } = attacker;
      const isTwin = decidesOnTwin(operation) && elsewhere !== undefined && cut === "raw";
      if (!isTwin) continue;
      const [mine, none] = [there, ABSENT].map((of) => ({ ...of, twin: elsewhere.twin })) as [Objects, Objects];
      await add(mine, none, (of) => ({ ...stretch, twin: of.twin, grant: of.grant, purpose: "care" }));
      await add(mine, none, (of) => ({ ...stretch, twin: of.twin, grant: elsewhere.grant, purpose: "care" }));
    }
    return pairs;
  }

  /** Whether two asks are one: nothing in which they differ is taken there. */
  function asksAlike(operation: Operation, one: Sent, other: Sent): boolean {
    const [a, b] = [one, other].map(([objects, , ask]) => JSON.stringify(partsOf(operation, objects, ask)));
    return a === b;
  }

  async function bodiesOf({ method, path }: Operation, objects: Objects, attacker: Attacker): Promise<object[]> {
    if (method === "get") return [{}];
    const { wallet } = attacker;
    const { consortium, clock } = world.door;
    const signed = (act: SaidAct): Promise<object> => signAct(act, wallet, consortium);
    const [from, deadline] = [Math.floor(clock.ms / 1000), Math.floor(clock.ms / 1000) + 600];
    const { twin, grant } = objects;
    const me = wallet.address.toLowerCase() as Hex;
    const nonce = named(`nonce of ${attacker.name}`);
    if (path === "/v1/grants") {
      const said = { twin, reader: me, from, until: from + 600, segments: "15", purposes: ["care" as const], depth: 0, epoch: 0, nonce, deadline }; // prettier-ignore
      return Promise.all([
        signed({ format: "grant@1", said: { ...said, parent: null } }),
        signed({ format: "grant@1", said: { ...said, parent: grant } }),
        signed({ format: "revocation@1", said: { grant, deadline } }),
      ]);
    }
    if (path === "/v1/consents")
      return [
        await signed({ format: "consent@1", said: { twin, reader: me, purposes: ["care"], nonce: 0, deadline } }),
      ];
    if (path === "/v1/requests") {
      const wish = { twin, segments: 15n, purposes: ["care" as const], until: clock.ms + 3_600_000, why: "to see it" };
      const catalogue = () => expect.fail("a twin is asked for");
      return [await signRequest(wish, wallet, { consortium, catalogue, now: clock.ms })];
    }
    if (path.endsWith("/approve")) return [{ grant }];
    if (path.endsWith("/refuse")) return [{ reason: "no" }];
    if (path === "/v1/session/login") return [used];
    if (path === "/v1/verdicts/findings") return [findingOn(world.door, objects.device, wallet.privateKey)];
    if (path === "/v1/documents") return [{ ...MANIFEST, name: `by-${me}` }];
    const reading = await forgedReading(objects.device);
    return [path === "/v1/readings" ? { readings: [reading] } : { reading }];
  }

  /** Target, query and body of an ask: only members that the endpoint takes. */
  function partsOf({ method, path, parameters }: Operation, objects: Objects, { query, body }: Ask): string[] {
    const target = path.replace(/\{(\w+)\}/g, (_all, name: string) => objects[objectAt(path, name)]);
    const taken = new URLSearchParams();
    for (const { name, in: where } of parameters) {
      const value = where === "query" ? query[name] : undefined;
      if (value !== undefined) taken.set(name, value);
    }
    return [`${target}?${taken.toString()}`, ...(method === "post" ? [JSON.stringify(body)] : [])];
  }

  async function send(
    operation: Operation,
    objects: Objects,
    { token }: Pick<Attacker, "token">,
    ask: Ask,
  ): Promise<Answer> {
    const [target = "", body] = partsOf(operation, objects, ask);
    const response = await fetch(`${world.door.url}${target}`, {
      method: operation.method,
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { "content-type": "application/json" }),
      },
      ...(body !== undefined && { body }),
    });
    const live = response.headers.get("content-type")?.startsWith("text/event-stream") === true;
    const text = live ? await readLive(response) : await response.text();
    const headers = [...response.headers].filter(([name]) => name !== "date");
    return { asked: `${target}${body ?? ""}`, status: response.status, headers, text };
  }

  /** Of the decisions that were recorded since this was asked last; what closes an earlier one may come at any time, and decides nothing. */
  async function reasonsSince(): Promise<unknown[]> {
    const rows = await world.door.database.query<{ position: number; body: string }>(
      `select l.position, r.body from leaf l join record r on r.position = l.position
       where l.kind = 2 and l.position > $1 order by l.position`,
      [looked],
    );
    looked = rows.at(-1)?.position ?? looked;
    const records = rows.map(({ body }) => readRecord(body));
    return records.filter(({ closes }) => closes === undefined).map(({ reason }) => reason);
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

/** Whoever has no session for it is refused before anything that they name is looked at. */
const hasSession = ({ as }: Attacker): boolean => as === "stranger" || as === "former";

/** The twins that an attacker tries: both where one decides. */
const cutsFor = (kind: Kind | undefined, attacker: Attacker): readonly Cut[] =>
  hasSession(attacker) && /^(?:twin|receipt|explain|glance|list)$/.test(kind ?? "") ? CUTS : ["raw"];

const kindsFor = (takesKind: boolean, attacker: Attacker): readonly (string | undefined)[] => {
  if (!takesKind) return [undefined];
  return hasSession(attacker) ? LISTED_KINDS : LISTED_KINDS.slice(0, 1);
};

const isNobody = ({ name }: Attacker): boolean => name === "a stranger";

const nameOf = ({ method, path }: Operation): string => `${method} ${path}`;
const kindOf = (operation: Operation): Kind | undefined => KINDS[nameOf(operation) as keyof typeof KINDS];
const decidesOnTwin = (operation: Operation): boolean => /^(?:twin|receipt|explain)$/.test(kindOf(operation) ?? "");

/** From the very first on: a stream that began in the present would show nothing of what is there. */
const stretchOf = (cut: Cut): Record<string, string> =>
  cut === "raw" ? { fromSequence: "1", receipts: "true" } : { since: String(START * 1000), receipts: "true" };

const shown = ({ status, headers, text }: Answer): unknown => [status, headers, text];

const whatIs = (told: 200 | ErrorCode): unknown => (told === 200 ? [200] : [ERRORS[told].status, told]);

function toldBy({ status, text }: Answer): unknown {
  return status === 200 ? [200] : [status, (JSON.parse(text) as { code: string }).code];
}

function given(values: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

const without = (query: Readonly<Record<string, string>>, name: string): Record<string, string> =>
  Object.fromEntries(Object.entries(query).filter(([one]) => one !== name));

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
