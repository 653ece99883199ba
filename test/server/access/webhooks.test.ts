import { expect } from "chai";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { AddressLimit } from "../../../server/access/asking/limits.ts";
import { postWebhook } from "../../../server/access/asking/post-webhook.ts";
import { isPublic, lookupPublic, requireAddress } from "../../../server/access/asking/webhook-address.ts";
import { MOST_ATTEMPTS, pauseAfter } from "../../../server/access/asking/webhooks.ts";

describe("where a webhook may go", () => {
  it("is what the whole internet reaches, whatever form the address has", () => {
    const open = ["1.1.1.1", "8.8.8.8", "172.15.255.255", "172.32.0.0", "2606:4700::1111", "2a00:1450::1"];
    const closed = [
      "0.0.0.0", "10.0.0.1", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.255.0.1", "169.254.169.254", "172.16.0.1",
      "172.31.255.255", "192.168.1.1", "198.18.0.1", "203.0.113.9", "224.0.0.1", "255.255.255.255", "::", "::1",
      "::ffff:127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::a00:1", "fc00::1", "fd12::1", "fe80::1", "ff02::1", "2001:db8::1",
      "2002:a00:1::", "2001:0:a00:1::", "not an address", "",
    ]; // prettier-ignore
    expect(open.filter((address) => !isPublic(address))).to.deep.equal([]);
    expect(closed.filter(isPublic)).to.deep.equal([]);
  });

  it("is refused at once where no name need be resolved, also in forms that only look like a name", () => {
    for (const url of [
      "http://127.0.0.1/",
      "https://2130706433/",
      "https://0x7f.1/",
      "https://[::1]/",
      "https://localhost./",
    ])
      expect(() => requireAddress(new URL(url), false), url).to.throw("WEBHOOK_REFUSED");
    requireAddress(new URL("https://app.example/"), false);
    requireAddress(new URL("http://127.0.0.1/"), true);
  });

  it("is asked of each connection: a name that leads inside leads nowhere", async () => {
    for (const all of [true, false]) {
      const error = await new Promise((resolve) => lookupPublic("localhost", { all }, (failed) => resolve(failed)));
      expect(error).to.include({ code: "WEBHOOK_REFUSED" });
    }
  });
});

describe("posting a webhook", () => {
  it("follows nothing, and tells the status alone", async () => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url ?? "");
      response.writeHead(307, { location: "/inside" }).end();
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    try {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/told`;
      const posting = { url, body: "{}", signature: "x", signal: new AbortController().signal };
      expect(await postWebhook({ ...posting, privateAllowed: true })).to.equal(307);
      const refused = await postWebhook({ ...posting, privateAllowed: false }).catch((error: unknown) => error);
      expect(refused).to.include({ code: "WEBHOOK_REFUSED" });
      expect(asked).to.deep.equal(["/told"]);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it("goes on for about a day, seldom in the end", () => {
    const pauses = Array.from({ length: MOST_ATTEMPTS - 1 }, (_, i) => pauseAfter(i + 1));
    expect(pauses.slice(0, 4)).to.deep.equal([1_000, 2_000, 4_000, 8_000]);
    expect(Math.max(...pauses)).to.equal(3_600_000);
    const hours = pauses.reduce((sum, pause) => sum + pause, 0) / 3_600_000;
    expect(hours).to.be.within(22, 26);
  });
});

describe("the limit per address", () => {
  it("counts a minute, an IPv6 network as one address, and IPv4 however it is written", () => {
    let now = 0;
    const limit = new AddressLimit(() => now);
    const take = (address: string): boolean => limit.take(address) === 0;
    for (let i = 0; i < 30; i++) expect(take(i % 2 === 0 ? "10.0.0.1" : "::ffff:10.0.0.1")).to.equal(true);
    expect(limit.take("10.0.0.1")).to.equal(60_000);
    expect(take("10.0.0.2")).to.equal(true);
    for (let i = 0; i < 30; i++) expect(take(`2001:db8:1:2::${i.toString(16)}`)).to.equal(true);
    expect(take("2001:db8:1:2:ffff::1")).to.equal(false);
    expect(take("2001:db8:1:3::1")).to.equal(true);
    now = 60_000;
    expect(take("10.0.0.1")).to.equal(true);
  });

  it("remembers so many and no more: all others count as one", () => {
    const limit = new AddressLimit(() => 0);
    const addresses = Array.from({ length: 11_000 }, (_, i) => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`);
    const taken = addresses.filter((address) => limit.take(address) === 0).length;
    expect(taken).to.equal(10_000 + 30);
  });
});
