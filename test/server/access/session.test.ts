import { expect } from "chai";
import { randomBytes } from "node:crypto";
import { hashMessage, Wallet } from "ethers";
import { signInMessage } from "../../../apps/sdk/index.ts";
import type { Hex } from "../../../protocol/bytes.ts";
import { TwinwardError } from "../../../protocol/errors.ts";
import { createSessions, type Sessions } from "../../../server/access/session.ts";

const NOW = 1_790_000_000_000;
const secret = randomBytes(32);

describe("sign-in with Ethereum", () => {
  const wallet = Wallet.createRandom();
  const clock = { ms: NOW };
  const safe = Wallet.createRandom().address;
  /** What the contract at `safe` says; test/server/chain/ask-wallet.test.ts asks a real one. */
  let accepts: (digest: Hex, signature: Hex) => Promise<boolean>;
  let sessions: Sessions;

  const make = (): Sessions =>
    createSessions({
      secret,
      chainId: 31337,
      domains: () => ["twinward.example", "127.0.0.1:8080"],
      now: () => clock.ms,
      random: randomBytes,
      takesSignature: async (asked, digest, signature) => asked === safe.toLowerCase() && accepts(digest, signature),
    });
  const messageOf = (change: Partial<Parameters<typeof signInMessage>[0]> = {}): string =>
    signInMessage({
      address: wallet.address,
      url: new URL("https://twinward.example/"),
      chainId: 31337,
      nonce: sessions.nonce(),
      at: clock.ms,
      ...change,
    });
  const login = async (message: string, by: { signMessage(text: string): Promise<string> } = wallet) =>
    sessions.login(message, await by.signMessage(message));
  const refuses = async (message: string, detail: RegExp, by?: typeof wallet): Promise<void> => {
    const error = await login(message, by).then(
      () => expect.fail("signed in"),
      (thrown: unknown) => thrown,
    );
    expect(error).to.be.instanceOf(TwinwardError).with.property("code", "SESSION_INVALID");
    expect((error as TwinwardError).facts.detail).to.match(detail);
  };

  beforeEach(() => {
    clock.ms = NOW;
    sessions = make();
    accepts = async () => false;
  });

  it("gives a token that names the address for at most 15 minutes, and nothing else", async () => {
    const { token, address, until } = await login(messageOf());
    expect(address).to.equal(wallet.address.toLowerCase());
    expect(until * 1000).to.equal(NOW + 15 * 60_000);
    const told = JSON.parse(Buffer.from(token.split(".")[0] ?? "", "base64url").toString()) as object;
    expect(Object.keys(told)).to.deep.equal(["format", "sub", "exp"]);
    expect(sessions.identify(token)).to.deep.equal({ address, until });
    clock.ms = until * 1000 - 1;
    expect(sessions.identify(token)).to.deep.equal({ address, until });
    clock.ms = until * 1000;
    expect(() => sessions.identify(token)).to.throw(TwinwardError, "SESSION_INVALID");
  });

  it("takes a message without a statement, with resources and a request id, as wallets write them", async () => {
    const nonce = sessions.nonce();
    const at = new Date(NOW).toISOString();
    for (const gap of ["", "\n"]) {
      const message = `https://twinward.example wants you to sign in with your Ethereum account:
${wallet.address}
${gap}
URI: https://twinward.example/path
Version: 1
Chain ID: 31337
Nonce: ${gap === "" ? nonce : sessions.nonce()}
Issued At: ${at}
Request ID: 7
Resources:
- https://twinward.example/x`.replace("https://twinward.example wants", "twinward.example wants");
      expect((await login(message)).address).to.equal(wallet.address.toLowerCase());
    }
  });

  it("takes a nonce once, within five minutes, and only one of its own process", async () => {
    const message = messageOf();
    await login(message);
    await refuses(message, /used before/);
    const late = messageOf();
    clock.ms += 5 * 60_000;
    await refuses(late, /nonce/);
    clock.ms = NOW;
    const old = messageOf();
    sessions = make();
    await refuses(old, /not one of ours/);
    await refuses(messageOf({ nonce: "abcdefgh12345678" }), /not one of ours/);
  });

  it("spends a nonce only for a signature that is good", async () => {
    const message = messageOf();
    await refuses(message, /not the address's/, Wallet.createRandom());
    expect((await login(message)).address).to.equal(wallet.address.toLowerCase());
  });

  it("refuses other domains, URIs, chains and times", async () => {
    await refuses(messageOf({ url: new URL("https://evil.example") }), /another domain/);
    await refuses(messageOf().replace("URI: https://twinward.example", "URI: https://evil.example"), /URI/);
    await refuses(messageOf({ chainId: 1 }), /another chain/);
    await refuses(messageOf({ at: NOW + 120_000 }), /future/);
    await refuses(messageOf({ at: NOW - 20 * 60_000 }), /too old/);
    const expired = messageOf().replace(/Expiration Time: .*/, `Expiration Time: ${new Date(NOW).toISOString()}`);
    await refuses(expired, /expired/);
    await refuses(`${messageOf()}\nNot Before: ${new Date(NOW + 1000).toISOString()}`, /not valid yet/);
  });

  it("refuses messages that are not ERC-4361, and signatures that are none", async () => {
    const good = messageOf();
    for (const [wrong, why] of [
      ["", /first line/],
      [good.replace("wants you", "asks you"), /first line/],
      [good.replace(wallet.address, wallet.address.slice(0, 41)), /no address/],
      [good.replace(wallet.address, flipCase(wallet.address)), /checksum/],
      [good.replace("Version: 1", "Version: 2"), /version/],
      [good.replace(/Nonce: .*/, "Nonce: a b"), /nonce/],
      [good.replace(/Issued At: .*/, "Issued At: yesterday"), /time/],
      [`${good}\nAlso: this`, /after the message/],
      ["x".repeat(5000), /too long/],
    ] as const) {
      await refuses(wrong, why);
    }
    for (const signature of ["", "0x", `0x${"00".repeat(65)}`, `0x${"zz".repeat(65)}`, `0x${"00".repeat(5_000)}`]) {
      const error = await sessions.login(good, signature).catch((thrown: unknown) => thrown);
      expect(error, signature.slice(0, 8)).to.be.instanceOf(TwinwardError).with.property("code", "SESSION_INVALID");
    }
  });

  it("takes for a contract what the contract takes, once, and asks it no more than the nonce allows", async () => {
    const message = messageOf({ address: safe });
    const signature = "0x1234";
    await refuses(message, /not the address's/);
    let asked = 0;
    accepts = async (digest, given) => {
      asked += 1;
      return digest === hashMessage(message) && given === signature;
    };
    expect((await sessions.login(message, signature)).address).to.equal(safe.toLowerCase());
    await refuses(message, /used before/);
    expect(asked).to.equal(1);
    accepts = () => Promise.reject(new TwinwardError("CHAIN_UNAVAILABLE"));
    const error = await sessions.login(messageOf({ address: safe }), signature).catch((thrown: unknown) => thrown);
    expect(error).to.have.property("code", "CHAIN_UNAVAILABLE");
  });

  it("asks few contracts at once, and lets two sign-ins by one message race for its nonce", async () => {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    accepts = () => promise;
    const message = messageOf({ address: safe });
    const waiting = Array.from({ length: 8 }, () => sessions.login(message, "0x").catch((thrown: unknown) => thrown));
    const error = await sessions.login(messageOf({ address: safe }), "0x").catch((thrown: unknown) => thrown);
    expect(error).to.have.property("code", "OVERLOADED");
    resolve(true);
    const outcomes = await Promise.all(waiting);
    expect(outcomes.filter((one) => !(one instanceof Error))).to.have.length(1);
    expect((await sessions.login(messageOf({ address: safe }), "0x")).address).to.equal(safe.toLowerCase());
  });

  it("counts what no key of theirs has signed, by network address; whoever has a key signs in all the same", async () => {
    const unsigned = async (from: string): Promise<string> =>
      sessions.login(messageOf(), `0x${"00".repeat(65)}`, from).then(
        () => "signed in",
        (error: TwinwardError) => error.code,
      );
    const codes: string[] = [];
    for (let n = 0; n < 31; n++) codes.push(await unsigned("192.0.2.7"));
    expect(new Set(codes.slice(0, 30))).to.deep.equal(new Set(["SESSION_INVALID"]));
    expect(codes.at(-1)).to.equal("SIGN_INS_TOO_MANY");
    expect(await unsigned("192.0.2.8"), "another address").to.equal("SESSION_INVALID");
    const message = messageOf();
    const { address } = await sessions.login(message, await wallet.signMessage(message), "192.0.2.7");
    expect(address).to.equal(wallet.address.toLowerCase());
    clock.ms += 60_000;
    expect(await unsigned("192.0.2.7"), "a minute later").to.equal("SESSION_INVALID");
  });

  it("is good for the twins alone that the message names", async () => {
    const twins = [`0x${"12".repeat(32)}`, `0x${"34".repeat(32)}`] as Hex[];
    const { token, until } = await login(messageOf({ twins }));
    expect(sessions.identify(token)).to.deep.equal({ address: wallet.address.toLowerCase(), twins, until });
    for (const wrong of ["urn:twinward:twin:0x12", "urn:twinward:device:0x12", `URN:twinward:twin:${twins[0]}`])
      await refuses(`${messageOf()}\nResources:\n- ${wrong}`, /no twin/);
    const many = Array.from({ length: 33 }, () => twins[0] as Hex);
    await refuses(messageOf({ twins: many }), /More than 32/);
  });

  it("refuses tokens of which any character was changed, and other servers' tokens", async () => {
    const { token } = await login(messageOf());
    for (let i = 0; i < token.length; i++) {
      const changed = token.slice(0, i) + (token[i] === "A" ? "B" : "A") + token.slice(i + 1);
      expect(() => sessions.identify(changed), `character ${i}`).to.throw(TwinwardError, "SESSION_INVALID");
    }
    for (const wrong of ["", ".", "a.b", `${token}.`, `${token}=`, "x".repeat(10_000)]) {
      expect(() => sessions.identify(wrong)).to.throw(TwinwardError, "SESSION_INVALID");
    }
  });
});

/** One letter of the address in the other case: its checksum no longer holds. */
function flipCase(address: string): string {
  const at = [...address].findIndex((letter, i) => i > 1 && /[a-fA-F]/.test(letter));
  const letter = address[at] ?? "";
  const other = letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase();
  return address.slice(0, at) + other + address.slice(at + 1);
}
