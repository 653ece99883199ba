import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { newPrivateKey } from "../../../protocol/es256.ts";
import { makeDirectory } from "../../../server/main/data-directory.ts";
import { foundConsortium } from "../../../server/main/found-consortium.ts";
import { openChain } from "../../../server/main/open-directory.ts";
import type { ServerKeys } from "../../../server/main/server-keys.ts";
import { named, writtenConsortium } from "../api/written-chain.ts";

/** A node that has a genesis and code everywhere, at any path. */
async function startNode(genesis: string): Promise<Server> {
  const answers: Record<string, unknown> = {
    eth_chainId: "0x7a69",
    eth_getCode: "0x00",
    eth_getBlockByNumber: { number: "0x0", hash: genesis, parentHash: genesis, timestamp: "0x0" },
  };
  const server = createServer((request, response) => {
    let text = "";
    request.on("data", (chunk: Buffer) => (text += chunk.toString()));
    request.on("end", () => {
      const { id, method } = JSON.parse(text) as { id: number; method: string };
      response.end(JSON.stringify({ jsonrpc: "2.0", id, result: answers[method] }));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

describe("the node that others are told of", () => {
  const root = mkdtempSync(join(tmpdir(), "twinward-told-"));
  const consortium = writtenConsortium(named("member", 20), newPrivateKey(randomBytes), []);
  const data = makeDirectory(root);
  let server: Server;
  let origin: string;
  before(async () => {
    server = await startNode(consortium.genesis);
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    // As an earlier start left it: with a URL that nobody thought of as a secret.
    writeFileSync(data.consortium, JSON.stringify({ ...consortium, rpc: `${origin}/v3/KEY` }));
  });
  after(() => rmSync(root, { recursive: true, force: true }));
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  async function told(rpcUrl: string): Promise<{ rpc: string | undefined; shown: string }> {
    const chain = await openChain(data, { rpcUrl, rpcPort: 0 });
    try {
      const { rpc } = await foundConsortium(data, chain, {} as ServerKeys, "http://127.0.0.1:8080");
      return { rpc, shown: chain.shown };
    } finally {
      await chain.close();
    }
  }

  it("is the first one of RPC_URL", async () => {
    expect(await told(origin)).to.deep.equal({ rpc: origin, shown: origin });
    expect(await told(`${origin}, ${origin}/v3/KEY`)).to.deep.equal({ rpc: origin, shown: origin });
  });

  it("is none where its URL may hold a secret: a path, a query, a user", async () => {
    const secret = { rpc: undefined, shown: origin };
    expect(await told(`${origin}/v3/KEY`)).to.deep.equal(secret);
    expect(await told(`${origin}/?key=KEY`)).to.deep.equal(secret);
    expect(await told(origin.replace("//", "//us:KEY@"))).to.deep.equal(secret);
  });
});
