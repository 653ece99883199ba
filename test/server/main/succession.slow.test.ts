import { expect } from "chai";
import { readFileSync } from "node:fs";
import { Contract, Wallet } from "ethers";
import { anchorLogAbi } from "../../../protocol/abi/AnchorLog.ts";
import { toHex, ZERO_32, type Hex } from "../../../protocol/bytes.ts";
import type { TwinwardError } from "../../../protocol/errors.ts";
import { readAccountKey } from "../../../apps/cli/key-file.ts";
import { streamOf } from "../../../server/main/observe-world.ts";
import { openStopped } from "../../../server/main/open-directory.ts";
import { startServer } from "../../../server/main/start.ts";
import { auditedWorld } from "./audit-world.ts";
import { openAudited, type Audited } from "./audited.ts";

const settings = { LOG_LEVEL: "silent", SEAL_INTERVAL_MS: "100" };

/** The one member fences what the directory's server writes; its id. */
async function fence(data: string): Promise<Hex> {
  const opened = await openStopped(data, { databaseUrl: undefined, rpcUrl: undefined });
  const { consortium, chain } = opened;
  try {
    const { stream } = streamOf(consortium);
    const member = new Wallet(toHex(readAccountKey(`${data}/keys/member.key`)), chain.provider);
    const log = new Contract(consortium.contracts.AnchorLog, anchorLogAbi, member);
    const digest = String(await log.getFunction("fenceDigest").staticCall(stream, ZERO_32));
    const { r, yParityAndS } = member.signingKey.sign(digest);
    const { nonce, gasPrice } = { nonce: await member.getNonce(), gasPrice: 0n };
    const order = { nonce, gasPrice, gasLimit: 500_000n, type: 0 };
    const sent = (await log.getFunction("fence").send(stream, ZERO_32, 1, [[r, yParityAndS]], order)) as {
      wait(): Promise<unknown>;
    };
    await sent.wait();
    return stream;
  } finally {
    await opened.close();
  }
}

const up = async (data: string, successor: boolean): Promise<void> => {
  const server = await startServer(settings, { data, port: 0, successor });
  await server.close();
};

describe("a succession", () => {
  let audited: Audited;
  let fenced: Hex;
  let acks: string;
  let unanchored: number;
  before(async () => {
    // Its last batch is sealed, its anchor signed and in the outbox, and no node has heard of it.
    const { acksFile, unanchoredFrom } = await auditedWorld();
    acks = readFileSync(acksFile, "utf8");
    unanchored = unanchoredFrom;
    audited = await openAudited(async (data) => {
      fenced = await fence(data);
      await up(data, true);
      await up(data, false);
    });
  });
  after(() => audited?.close());

  const query = <T>(sql: string): Promise<T[]> => audited.opened.database.query<T>(sql);

  it("leaves nothing that an audit minds, and every leaf where it was", async () => {
    const report = await audited.after(async () => undefined, acks);
    expect(report?.lies).to.deep.equal([]);
    const checked = new Map(report?.checked.map(({ name, count }) => [name, count]));
    expect(checked.get("broken acks")).to.be.greaterThan(0);
    const [{ id } = {}] = await query<{ id: Uint8Array }>("select id from stream");
    expect(id && toHex(id)).not.to.equal(fenced);
    const [{ first } = {}] = await query<{ first: number }>("select min(first) as first from broken_ack");
    expect(first).to.be.at.least(unanchored);
    expect(await query("select 1 from ack where first = " + String(unanchored))).to.have.length(1);
    expect(await query("select 1 from batch where transaction is null")).to.deep.equal([]);
  });

  it("is audited in every column of what it kept", async () => {
    const changes = ["stream", "root", "signature"].map(
      (name) => `${name} = set_byte(${name}, 7, get_byte(${name}, 7) # 1)`,
    );
    changes.push(...["first", "count", "accepted_at", "anchor_by"].map((name) => `${name} = ${name} + 1`));
    for (const change of changes) {
      const place = "first = (select max(first) from broken_ack)";
      const report = await audited.after(
        async (tx) => void (await tx.query(`update broken_ack set ${change} where ${place}`)),
      );
      expect(report?.lies[0]?.place, change).to.match(/^broken ack of/);
    }
    const back = await audited.after(
      async (tx) => void (await tx.query("update stream set id = (select stream from broken_ack limit 1)")),
    );
    expect(back?.lies.map(({ place }) => place)).to.include("stream");
  });

  it("is refused to a database that was left behind: an older copy, or another one's", async () => {
    const behind = await openAudited(async (data) => {
      await fence(data);
      await up(data, true);
      const opened = await openStopped(data, { databaseUrl: undefined, rpcUrl: undefined });
      // As it was before: written to the fenced stream, and without what came after.
      await opened.database.script("update stream set id = (select stream from broken_ack limit 1)");
      await opened.close();
      for (const successor of [true, false]) {
        const refused = await up(data, successor).catch((error: unknown) => error);
        expect((refused as TwinwardError).code).to.equal("STREAM_BEHIND");
        expect((refused as TwinwardError).message).to.match(/goes on in stream 0x/);
      }
    });
    await behind.close();
  });
});
