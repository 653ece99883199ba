import { expect } from "chai";
import { Wallet } from "ethers";
import { signAct } from "../../../apps/sdk/index.ts";
import type { Hex } from "../../../protocol/bytes.ts";
import { ABSENT, openWorld, START, type Objects, type World } from "./attacked-world.ts";
import { named } from "./written-chain.ts";

/** Of each kind, after as many that are not counted. */
const ASKS = 120;
const BEFORE = 20;
/** What is less is not looked at: a record that is there is read, some tenths of a ms, before it is known whose it is. */
const LEAST_MS = 1;

interface Timed {
  readonly name: string;
  readonly path: (of: Objects) => string;
  readonly body?: (of: Objects, n: number) => Promise<object>;
}

const below = (rest: string) => (of: Objects) => `/v1/twins/${of.twin}/${rest}`;
const ASKED = "purpose=care&segments=heart,temp";

/** Endpoints that take an id of what may or may not be there. */
const TIMED: readonly Timed[] = [
  ...["history", "state", "picture", "description", "stream", "export"].map((name) => ({
    name,
    path: below(`${name}?${ASKED}`),
  })),
  { name: "history by a grant", path: (of) => `/v1/twins/${of.twin}/history?${ASKED}&grant=${of.grant}` },
  { name: "readers", path: below("readers") },
  { name: "decisions", path: ({ twin }) => `/v1/decisions?twin=${twin}` },
  { name: "records", path: ({ twin }) => `/v1/records?twin=${twin}&kind=release` },
  { name: "explain", path: ({ twin }) => `/v1/decisions/explain?twin=${twin}&${ASKED}` },
  { name: "explain of a reader", path: (of) => `/v1/decisions/explain?twin=${of.twin}&reader=${of.reader}&${ASKED}` },
  { name: "receipt", path: ({ leaf }) => `/v1/receipts/${leaf}` },
  { name: "receipt by a twin", path: ({ leaf, twin }) => `/v1/receipts/${leaf}?twin=${twin}&purpose=care` },
  { name: "break-glass", path: ({ opening }) => `/v1/break-glass/${opening}` },
  { name: "findings", path: ({ device }) => `/v1/verdicts/findings?device=${device}` },
  {
    name: "approve",
    path: ({ request }) => `/v1/requests/${request}/approve`,
    body: async ({ grant }) => ({ grant }),
  },
  { name: "refuse", path: ({ request }) => `/v1/requests/${request}/refuse`, body: async () => ({ reason: "no" }) },
];

describe("how long a stranger waits for what is not granted, and for what is absent", () => {
  let world: World;
  const wallet = Wallet.createRandom();
  let token: string;

  before(async () => {
    world = await openWorld();
    ({ token } = await world.door.clientOf(wallet).login());
  });
  after(() => world.door.close());

  for (const timed of TIMED)
    it(`tells nothing: ${timed.name}`, async () => {
      const { raw, study } = world.attacked.objects;
      await expectAlike(timed, raw);
      if (timed.name === "receipt") await expectAlike(timed, study);
    });

  it("tells nothing: a grant that somebody else signed", async () => {
    const { consortium, clock } = world.door;
    const reader = wallet.address.toLowerCase() as Hex;
    const signed = async ({ twin }: Objects, n: number): Promise<object> => {
      const [from, deadline] = [START, START + 100_000];
      // So many a minute are taken of one account.
      clock.ms += 10_000;
      const said = { twin, reader, from, until: from + 60, segments: "1", purposes: ["care" as const], depth: 0 };
      const nonce = named(`nonce ${n}`);
      return signAct(
        { format: "grant@1", said: { ...said, parent: null, epoch: 0, nonce, deadline } },
        wallet,
        consortium,
      );
    };
    await expectAlike({ name: "grants", path: () => "/v1/grants", body: signed }, world.attacked.objects.raw);
  });

  it("would tell it, were there a difference: who has no session waits less than who has one", async () => {
    const path = below(`history?${ASKED}`);
    const { raw } = world.attacked.objects;
    const [decided, refused]: [number[], number[]] = [[], []];
    for (let n = 0; n < BEFORE + ASKS; n++) {
      const [slow, fast] = [
        await ask({ name: "decided", path }, raw, n),
        await ask({ name: "refused", path }, raw, n, false),
      ];
      if (n >= BEFORE) [decided.push(slow.ms), refused.push(fast.ms)]; // prettier-ignore
    }
    expect(isBeyondNoise(decided, refused)).to.equal(true);
  });

  /** Asks in turn, each pair in the other order: what slows the machine down slows both. */
  async function expectAlike(timed: Timed, there: Objects): Promise<void> {
    const times: Record<"there" | "nowhere", number[]> = { there: [], nowhere: [] };
    const texts = new Set<string>();
    for (let n = 0; n < BEFORE + ASKS; n++) {
      const both = [["there", there], ["nowhere", ABSENT]] as const; // prettier-ignore
      for (const [where, objects] of n % 2 === 0 ? both : both.toReversed()) {
        const { ms, text } = await ask(timed, objects, n);
        texts.add(text);
        if (n >= BEFORE) times[where].push(ms);
      }
    }
    expect([...texts], "answers").to.have.length(1);
    const said = `quartiles, ms: there ${quartiles(times.there).join(" ")}, nowhere ${quartiles(times.nowhere).join(" ")}`;
    expect(isBeyondNoise(times.there, times.nowhere), said).to.equal(false);
  }

  async function ask(
    { path, body }: Timed,
    objects: Objects,
    n: number,
    signedIn = true,
  ): Promise<{ ms: number; text: string }> {
    const sent = body && JSON.stringify(await body(objects, n));
    const headers = {
      ...(signedIn && { authorization: `Bearer ${token}` }),
      ...(sent !== undefined && { "content-type": "application/json" }),
    };
    const asked = sent === undefined ? { headers } : { method: "POST", headers, body: sent };
    const began = performance.now();
    const response = await fetch(`${world.door.url}${path(objects)}`, asked);
    const text = await response.text();
    return { ms: performance.now() - began, text: `${response.status} ${text}` };
  }
});

/**
 * Whether one of two that were timed in pairs takes longer, and not by chance: in so many pairs that equals would do it once in
 * 100 000 times (a sign test: 4.4 standard deviations), and by LEAST_MS in the middle.
 */
function isBeyondNoise(some: readonly number[], others: readonly number[]): boolean {
  const differences = some.map((ms, n) => ms - (others[n] ?? NaN));
  const slower = differences.filter((ms) => ms > 0).length;
  const [, median] = quartiles(differences);
  return Math.abs(slower - some.length / 2) > (4.4 * Math.sqrt(some.length)) / 2 && Math.abs(median) > LEAST_MS;
}

function quartiles(samples: readonly number[]): [number, number, number] {
  const sorted = samples.toSorted((a, b) => a - b);
  const at = (part: number): number => sorted[Math.floor(part * (sorted.length - 1))] ?? NaN;
  return [at(0.25), at(0.5), at(0.75)];
}
