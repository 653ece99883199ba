import { expect } from "chai";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync, appendFileSync } from "node:fs";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Wallet } from "ethers";
import { TwinwardError } from "../../../protocol/errors.ts";
import { startEmbeddedChain, type EmbeddedChain } from "../../../server/chain/embedded.ts";
import { eventually, rpc, type RpcBlock, type RpcReceipt } from "./ask.ts";

const sink = `0x${"33".repeat(20)}`;
/** Runs out of gas in its constructor: a block that is more than half full. */
const BURNS_ALL = "0x5b600056";

describe("the embedded chain", () => {
  let directory: string;
  const running: EmbeddedChain[] = [];
  const killed: (() => void)[] = [];
  let wallet: Wallet;

  const start = async (options: { now?: () => number; blockSeconds?: number } = {}): Promise<EmbeddedChain> => {
    const chain = await startEmbeddedChain({
      directory,
      port: 0,
      blockSeconds: 0.05,
      heartbeatSeconds: 60,
      ...options,
    });
    running.push(chain);
    return chain;
  };
  const sign = (nonce: number, more: { gasLimit?: number; data?: string; to?: string | null; chainId?: number } = {}) =>
    wallet.signTransaction({ chainId: 31337, nonce, to: sink, gasLimit: 50_000, gasPrice: 0, type: 0, ...more });
  const mined = (url: string, hash: string): Promise<RpcReceipt> =>
    eventually(async () => (await rpc<RpcReceipt | null>(url, "eth_getTransactionReceipt", hash)) ?? undefined);
  const blocks = async (url: string): Promise<string[]> => {
    const last = Number(await rpc<string>(url, "eth_blockNumber"));
    const all = Array.from({ length: last + 1 }, (_, i) =>
      rpc<RpcBlock>(url, "eth_getBlockByNumber", `0x${i.toString(16)}`, false),
    );
    return (await Promise.all(all)).map((block) => `${block.number} ${block.hash} ${block.timestamp}`);
  };

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "twinward-chain-"));
    wallet = new Wallet(`0x${"11".repeat(32)}`);
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((chain) => chain.close()));
    for (const kill of killed.splice(0)) kill();
    rmSync(directory, { recursive: true, force: true });
  });

  it("mines what it took, with timestamps that only rise, and goes on after a clean stop", async () => {
    const first = await start();
    for (let nonce = 0; nonce < 4; nonce++) {
      await mined(first.url, await rpc<string>(first.url, "eth_sendRawTransaction", await sign(nonce)));
    }
    const before = await blocks(first.url);
    await first.close();
    expect(existsSync(join(directory, "snapshot"))).to.equal(true);

    const second = await start();
    expect(await blocks(second.url)).to.deep.equal(before);
    await mined(second.url, await rpc<string>(second.url, "eth_sendRawTransaction", await sign(4)));
    const times = (await blocks(second.url)).map((line) => Number(line.split(" ")[2]));
    for (let i = 1; i < times.length; i++) expect(times[i]).to.be.greaterThan(times[i - 1] ?? 0);
  });

  it("gives the same chain from the journal alone, and from it when the snapshot is damaged", async () => {
    const first = await start();
    const hash = await rpc<string>(first.url, "eth_sendRawTransaction", await sign(0));
    await mined(first.url, hash);
    const before = await blocks(first.url);
    await first.close();
    for (const damage of ["flip", "remove"]) {
      const path = join(directory, "snapshot");
      if (damage === "flip") {
        const bytes = readFileSync(path);
        bytes[bytes.length - 20]! ^= 1;
        writeFileSync(path, bytes);
      } else rmSync(path);
      const again = await start();
      expect(await blocks(again.url)).to.deep.equal(before);
      await again.close();
    }
  });

  it("does not take a second per transaction", async () => {
    const { url } = await start({ blockSeconds: 1 });
    const raws = await Promise.all([0, 1, 2, 3, 4, 5].map((nonce) => sign(nonce)));
    const since = performance.now();
    const hashes = await Promise.all(raws.map((raw) => rpc<string>(url, "eth_sendRawTransaction", raw)));
    const receipts = await Promise.all(hashes.map((hash) => mined(url, hash)));
    expect(performance.now() - since).to.be.lessThan(3_000);
    expect(new Set(receipts.map((receipt) => receipt.blockHash)).size).to.be.at.most(2);
  });

  it("keeps free transactions free after a block that is full", async () => {
    const { url } = await start();
    const burn = await sign(0, { to: null, data: BURNS_ALL, gasLimit: 200_000_000 });
    expect((await mined(url, await rpc<string>(url, "eth_sendRawTransaction", burn))).status).to.equal("0x0");
    for (const nonce of [1, 2]) {
      const hash = await rpc<string>(url, "eth_sendRawTransaction", await sign(nonce));
      expect((await mined(url, hash)).status).to.equal("0x1");
    }
  });

  it("keeps a transaction that waits for a lower nonce over a restart", async () => {
    const first = await start();
    const later = await rpc<string>(first.url, "eth_sendRawTransaction", await sign(1));
    await first.close();
    const second = await start();
    await rpc<string>(second.url, "eth_sendRawTransaction", await sign(0));
    expect((await mined(second.url, later)).status).to.equal("0x1");
  });

  it("lets the chain's clock neither stand nor run back when the wall clock does", async () => {
    let now = Date.now();
    const { url } = await start({ now: () => now });
    await mined(url, await rpc<string>(url, "eth_sendRawTransaction", await sign(0)));
    now -= 3_600_000;
    await mined(url, await rpc<string>(url, "eth_sendRawTransaction", await sign(1)));
    const times = (await blocks(url)).map((line) => Number(line.split(" ")[2]));
    expect(times[2]).to.equal((times[1] ?? 0) + 1);
  });

  describe("killed", () => {
    interface Child {
      url: string;
      anvil: number;
      pid: number;
      exited: Promise<unknown>;
      line(): Promise<unknown>;
    }
    const child = async (): Promise<Child> => {
      const script = join(import.meta.dirname, "embedded-child.ts");
      const started = spawn(process.execPath, [script, directory], { stdio: ["ignore", "pipe", "inherit"] });
      killed.push(() => started.kill("SIGKILL"));
      const lines = createInterface({ input: started.stdout })[Symbol.asyncIterator]();
      const line = async (): Promise<unknown> => JSON.parse(String((await lines.next()).value));
      const said = (await line()) as { url: string; anvil: number };
      killed.push(() => isAlive(said.anvil) && process.kill(said.anvil, "SIGKILL"));
      return { ...said, pid: started.pid ?? 0, exited: once(started, "exit"), line };
    };
    const isAlive = (pid: number): boolean => {
      try {
        return !readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
      } catch {
        return false;
      }
    };

    for (const victim of ["our process", "anvil", "both"] as const) {
      it(`loses nothing that was answered when ${victim} is killed`, async () => {
        const answered: string[] = [];
        const seen = new Map<string, string>();
        let nonce = 0;
        for (let round = 0; round < 2; round++) {
          const one = await child();
          let dead = false;
          const watch = (async () => {
            while (!dead) {
              const block = await rpc<RpcBlock>(one.url, "eth_getBlockByNumber", "latest", false).catch(
                () => undefined,
              );
              if (block) seen.set(block.number, block.hash);
            }
          })();
          const send = (async () => {
            while (!dead) {
              const raw = await sign(nonce);
              const hash = await rpc<string>(one.url, "eth_sendRawTransaction", raw).catch(() => undefined);
              // Not answered is not known: the same bytes again in the next round, or refused as already there.
              if (hash !== undefined) answered.push(hash);
              if (hash !== undefined) nonce++;
            }
          })();
          await eventually(() => (answered.length >= 25 * (round + 1) ? true : undefined));
          if (victim !== "anvil") process.kill(one.pid, "SIGKILL");
          if (victim !== "our process") process.kill(one.anvil, "SIGKILL");
          if (victim === "anvil") expect(await one.line()).to.deep.equal({ ended: "CHAIN_ENDED" });
          await one.exited;
          dead = true;
          await Promise.all([watch, send]);
          await eventually(() => (isAlive(one.anvil) ? undefined : true));
          // What was written down but not answered has used its nonce.
          const look = await start();
          nonce = Number(await rpc<string>(look.url, "eth_getTransactionCount", wallet.address, "pending"));
          await running.splice(0)[0]?.close();
          if (round === 0 && victim === "both") rmSync(join(directory, "snapshot"));
        }
        const { url } = await start();
        for (const hash of answered) expect((await mined(url, hash)).status).to.equal("0x1");
        expect(seen.size).to.be.greaterThan(3);
        for (const [number, hash] of seen) {
          expect((await rpc<RpcBlock>(url, "eth_getBlockByNumber", number, false)).hash).to.equal(hash);
        }
      });
    }

    it("ends an anvil that outlived us together with its watcher", async () => {
      const sleeper = spawn("sleep", ["1000"]);
      killed.push(() => sleeper.kill("SIGKILL"));
      const stat = readFileSync(`/proc/${sleeper.pid}/stat`, "utf8");
      const started = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
      writeFileSync(join(directory, "anvil.json"), JSON.stringify({ pid: sleeper.pid, started: "1" }));
      await (await start()).close();
      expect(isAlive(sleeper.pid ?? 0)).to.equal(true);
      writeFileSync(join(directory, "anvil.json"), JSON.stringify({ pid: sleeper.pid, started }));
      await (await start()).close();
      await eventually(() => (isAlive(sleeper.pid ?? 0) ? undefined : true));
    });
  });

  describe("its journal", () => {
    const twoBlocks = async (): Promise<string[]> => {
      const chain = await start();
      for (const nonce of [0, 1]) {
        await mined(chain.url, await rpc<string>(chain.url, "eth_sendRawTransaction", await sign(nonce)));
      }
      const before = await blocks(chain.url);
      await chain.close();
      rmSync(join(directory, "snapshot"));
      return before;
    };

    it("may end in a torn line: nobody had an answer to it", async () => {
      const before = await twoBlocks();
      appendFileSync(join(directory, "journal"), '01234567 {"raw":"0x');
      const again = await start();
      expect(await blocks(again.url)).to.deep.equal(before);
    });

    it("is refused when a byte in it was changed", async () => {
      await twoBlocks();
      const path = join(directory, "journal");
      const bytes = readFileSync(path);
      bytes[100]! ^= 1;
      writeFileSync(path, bytes);
      await refused(start(), "CHAIN_LOG_DAMAGED");
    });

    it("is refused when it belongs to another beginning", async () => {
      await twoBlocks();
      writeFileSync(join(directory, "genesis.json"), JSON.stringify({ chainId: 31337, timestamp: 1 }));
      await refused(start(), "CHAIN_REPLAY_DIFFERS");
      writeFileSync(join(directory, "genesis.json"), JSON.stringify({ chainId: 5, timestamp: 1 }));
      await refused(start(), "CHAIN_ID_UNEXPECTED");
    });

    it("wins over a snapshot that is ahead of it", async () => {
      const chain = await start();
      await mined(chain.url, await rpc<string>(chain.url, "eth_sendRawTransaction", await sign(0)));
      await chain.close();
      truncateSync(join(directory, "journal"), 0);
      const again = await start();
      expect(await blocks(again.url)).to.have.length(1);
    });
  });

  describe("its door", () => {
    let url: string;
    beforeEach(async () => {
      ({ url } = await start());
    });
    const post = (body: string, headers: Record<string, string> = { "content-type": "application/json" }) =>
      fetch(url, { method: "POST", body, headers });
    const code = async (method: string, ...params: unknown[]): Promise<number> => {
      const answer = await post(JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }));
      return ((await answer.json()) as { error: { code: number } }).error.code;
    };

    it("refuses everything that a signature does not cover", async () => {
      const forbidden =
        "anvil_mine anvil_setBalance anvil_setCode anvil_impersonateAccount anvil_dumpState anvil_reset evm_mine evm_revert " +
        "evm_increaseTime hardhat_setCode eth_sendTransaction eth_sendUnsignedTransaction eth_sendRawTransactionSync eth_sign " +
        "eth_signTransaction eth_signTypedData_v4 personal_sign txpool_content debug_traceTransaction ots_getApiLevel " +
        "miner_setCoinbase wallet_addEthereumChain rpc_modules constructor __proto__";
      for (const method of forbidden.split(" ")) expect(await code(method), method).to.equal(-32601);
      expect(await rpc(url, "eth_accounts")).to.deep.equal([]);
    });

    it("refuses what is no transaction of this chain, and writes none of it down", async () => {
      const size = readFileSync(join(directory, "journal")).length;
      const good = await sign(0);
      const bad = ["0x", "0x1234", good.toUpperCase(), `${good}00`, 5, null, await sign(0, { chainId: 1 })];
      for (const raw of bad) expect(await code("eth_sendRawTransaction", raw), String(raw)).to.equal(-32602);
      expect(await code("eth_sendRawTransaction", good, good)).to.equal(-32602);
      expect(readFileSync(join(directory, "journal")).length).to.equal(size);
    });

    it("says what the node says of a transaction that cannot be mined, and forgets it", async () => {
      await mined(url, await rpc<string>(url, "eth_sendRawTransaction", await sign(0)));
      expect(await code("eth_sendRawTransaction", await sign(0, { gasLimit: 60_000 }))).to.equal(-32003);
      const raw = await sign(5);
      await rpc(url, "eth_sendRawTransaction", raw);
      expect(await code("eth_sendRawTransaction", raw)).to.equal(-32003);
    });

    it("answers malformed, batched and silent calls as JSON-RPC says", async () => {
      const bodies: [string, number][] = [
        ["{", -32700],
        ["[]", -32600],
        ["1", -32600],
        ["null", -32600],
        ['{"jsonrpc":"1.0","id":1,"method":"eth_chainId"}', -32600],
        ['{"jsonrpc":"2.0","id":{},"method":"eth_chainId"}', -32600],
        ['{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":{}}', -32600],
        ['{"jsonrpc":"2.0","id":1,"method":7}', -32600],
      ];
      for (const [body, expected] of bodies) {
        const said = (await (await post(body)).json()) as { error: { code: number } };
        expect(said.error.code, body).to.equal(expected);
      }
      const call = { jsonrpc: "2.0", method: "eth_chainId" };
      const both: unknown = await (await post(JSON.stringify([{ ...call, id: "a" }, call, 3]))).json();
      expect(both).to.deep.equal([
        { jsonrpc: "2.0", id: "a", result: "0x7a69" },
        { jsonrpc: "2.0", id: null, error: { code: -32600, message: "Invalid request" } },
      ]);
      expect((await post(JSON.stringify(call))).status).to.equal(204);
      const many = (await (await post(JSON.stringify(Array(101).fill({ ...call, id: 1 })))).json()) as object;
      expect(many).to.have.nested.property("error.code", -32600);
    });

    it("refuses other verbs, other content, other hosts and bodies that are too large", async () => {
      expect((await fetch(url)).status).to.equal(405);
      expect((await post("{}", { "content-type": "text/plain" })).status).to.equal(415);
      expect((await post("x".repeat((1 << 20) + 1)).catch(() => ({ status: 413 }))).status).to.equal(413);
      const { port } = new URL(url);
      const socket = createConnection(Number(port), "127.0.0.1");
      socket.write(
        "POST / HTTP/1.1\r\nHost: evil.example\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
      );
      const [said] = (await once(socket, "data")) as [Buffer];
      socket.destroy();
      expect(said.toString()).to.match(/^HTTP\/1.1 403/);
      expect(await rpc(url, "eth_chainId")).to.equal("0x7a69");
    });
  });
});

async function refused(work: Promise<unknown>, code: string): Promise<void> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).to.be.instanceOf(TwinwardError);
  expect((error as TwinwardError).code).to.equal(code);
}
