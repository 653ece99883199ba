// A whole server on a chain that can be made to suffer, while a device sends and readers read.
import { expect } from "chai";
import { appendFileSync, readFileSync } from "node:fs";
import { Transaction } from "ethers";
import { revokeGrant } from "../../apps/cli/commands/grant.ts";
import type { Hex } from "../../protocol/bytes.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import type { AuditReport } from "../../server/main/audit/audit.ts";
import { askControl } from "../../server/main/control.ts";
import { auditPasses, readAnchors } from "../helpers/audit-journey.ts";
import { newClinician } from "../helpers/clinician.ts";
import { admitted, type Admitted } from "../helpers/every-door.ts";
import { Journey, portsOf, until, type Ran, type Server } from "../helpers/journey.ts";
import { rpc } from "../server/chain/ask.ts";
import { startBareAnvil, type BareAnvil } from "./bare-anvil.ts";
import { HONEST, startFaultyNode, type FaultyNode } from "./faulty-node.ts";
import { PatientDevice } from "./patient-device.ts";
import { Traffic } from "./traffic.ts";

/** Readings that the device of somebody who is admitted sends. */
const READINGS_TO_ADMIT = 2;

interface FullBlock {
  readonly number: Hex;
  readonly hash: Hex;
  readonly transactions: readonly { readonly hash: Hex; readonly from: Hex; readonly to: Hex | null }[];
}

const linesOf = (text: string): number => text.split("\n").length - 1;

export class ServedChain {
  readonly journey = new Journey();
  readonly data = this.journey.path("data");
  readonly #acksFile = this.journey.path("acks");
  #anvil!: BareAnvil;
  #environment!: Record<string, string>;
  nodes: FaultyNode[] = [];
  server!: Server;
  patient!: PatientDevice;
  traffic!: Traffic;
  #readingsOfOthers = 0;
  #acksOfOthers = "";

  /** On so many nodes of one chain; `environment` is the server's, beside what is set here. */
  async open(nodes = 1, environment: Readonly<Record<string, string>> = {}): Promise<void> {
    this.#anvil = await startBareAnvil();
    await this.mineEverySecond();
    for (let n = 0; n < nodes; n++) this.nodes.push(await startFaultyNode(this.#anvil.url));
    // Whoever sends and reads goes on at the same address after a restart.
    const { PORT } = await portsOf();
    const RPC_URL = this.nodes.map(({ url }) => url).join(",");
    this.#environment = { PORT, MQTT_PORT: "0", RPC_URL, SEAL_INTERVAL_MS: "300", ...environment };
    await this.up();
    this.patient = await PatientDevice.register(this.server);
    await this.patient.send();
    const clinician = await newClinician(this.journey, { ...this, device: this.patient.device.id });
    const revoked = await this.admit();
    await this.revoke(revoked);
    const { client, twin } = clinician;
    this.traffic = new Traffic(
      this.patient,
      () => client.history(twin, { limit: 1 }),
      () => revoked.client.history(revoked.twin, { limit: 1 }),
    );
  }

  /** The node that is asked first. */
  get node(): FaultyNode {
    return this.nodes[0] as FaultyNode;
  }

  async up(): Promise<void> {
    this.server = await this.journey.up(this.data, this.#environment);
  }

  /** Somebody who reads a twin of another device. */
  async admit(): Promise<Admitted> {
    this.#readingsOfOthers += READINGS_TO_ADMIT;
    return admitted(this.journey, { ...this.server, rpc: this.node.url });
  }

  /** Acks that another device kept, one a line. */
  alsoAcked(acks: string): void {
    this.#acksOfOthers += acks;
    this.#readingsOfOthers += linesOf(acks);
  }

  /** Ends the reader's grant, and waits until the server knows. */
  async revoke({ grant }: Admitted): Promise<void> {
    await revokeGrant(grant, { url: this.server.http, stewardKey: `${this.data}/keys/steward.key` });
  }

  /** A method of the test node itself, past whatever misbehaves in front of it. */
  make<T>(method: string, ...params: unknown[]): Promise<T> {
    return rpc<T>(this.#anvil.url, method, ...params);
  }

  async mineEverySecond(): Promise<void> {
    await this.make("evm_setIntervalMining", 1);
  }

  /** Nothing is mined until somebody says so; a transaction that is taken waits. */
  async holdBlocks(): Promise<void> {
    await this.make("evm_setIntervalMining", 0);
    await this.make("evm_setAutomine", false);
  }

  /** After it has gone back, the test node's clock is as far behind as the block that it went back to. */
  async setClock(): Promise<void> {
    await this.make("evm_setTime", Math.floor(Date.now() / 1_000));
  }

  async head(): Promise<number> {
    return Number(await this.make<Hex>("eth_blockNumber"));
  }

  /** The newest blocks, oldest first. */
  async newest(count: number): Promise<FullBlock[]> {
    const head = await this.head();
    const numbers = Array.from({ length: count }, (_, n) => `0x${(head - count + 1 + n).toString(16)}`);
    return Promise.all(numbers.map((number) => this.make<FullBlock>("eth_getBlockByNumber", number, true)));
  }

  /** Raw transactions that were handed to any of the nodes, by hash. */
  sent(): Map<Hex, Hex> {
    const calls = this.nodes.flatMap((node) => node.calls).filter(({ method }) => method === "eth_sendRawTransaction");
    return new Map(calls.map(({ params: [raw] }) => [Transaction.from(raw as Hex).hash as Hex, raw as Hex]));
  }

  /**
   * Waits until the newest `count` blocks hold nothing but anchors and all-clears, an anchor in the last one, which the server has seen; no block
   * comes after it before `mineEverySecond`.
   */
  async anchorsIn(count: number): Promise<FullBlock[]> {
    const sender = await this.sender();
    const { contracts } = await this.server.client.consortium();
    return until(
      `the newest ${count} blocks hold anchors`,
      async () => {
        await this.holdBlocks();
        const blocks = await this.newest(count);
        // An all-clear comes every tenth batch: oracles look for it, and send it again.
        const isOurs = blocks.every(({ transactions }) =>
          transactions.every(({ from, to }) => from === sender || to === contracts.VerdictOracle),
        );
        if (isOurs && (await this.#isAnchorSeen(blocks.at(-1)))) return blocks;
        await this.mineEverySecond();
        // Another block, or there is nothing new to look at.
        const head = await this.head();
        await until("another block", async () => (await this.head()) > head || undefined);
        return undefined;
      },
      120_000,
    );
  }

  async #isAnchorSeen(block: FullBlock | undefined): Promise<boolean> {
    if (block === undefined || block.transactions.length === 0) return false;
    const isSeen = async (): Promise<true | undefined> =>
      (await this.server.client.anchors({ limit: 1 })).anchors[0]?.block.hash === block.hash || undefined;
    // What was mined there may be no anchor, or have come too late: then there will be another block.
    return until("its anchor is seen", isSeen, 5_000).catch(() => false);
  }

  /** The account that anchors. */
  async sender(): Promise<Hex> {
    const { members } = await this.server.client.consortium();
    return members[0]?.gateways[0]?.group ?? expect.fail("no gateway");
  }

  /** Behaves so until `seen`, and is honest again, whatever happens. */
  async behaves(node: FaultyNode, behaviour: FaultyNode["behaviour"], seen: () => Promise<unknown>): Promise<void> {
    node.behaviour = behaviour;
    try {
      await seen();
    } finally {
      node.behaviour = HONEST;
    }
  }

  /** Something goes wrong with the chain; afterwards more is acked, and all of it is where it was promised. */
  async survives(fault: () => Promise<unknown>): Promise<void> {
    this.traffic.forget();
    try {
      await fault();
    } finally {
      await this.mineEverySecond();
    }
    await until("the device is answered meanwhile", async () => this.traffic.told("device").size > 0 || undefined);
    this.traffic.forget();
    await this.traffic.hears("device", "ack", 3);
    await this.traffic.hears("reader", "data");
    await this.traffic.resting(() => this.isWhole());
  }

  /** What the running server's audit says this very moment: a code, or the lies that it found. */
  async auditNow(): Promise<string> {
    const asked = askControl<AuditReport>(`${this.data}/control.sock`, { ask: "audit" });
    return asked.then(
      (report) => JSON.stringify(report?.lies),
      (error: unknown) => (error instanceof TwinwardError ? error.code : String(error)),
    );
  }

  /** Runs `audit` on the directory that the server has left, with the acks of the device. */
  async auditStopped(): Promise<Pick<Ran, "code" | "err"> & { readonly report: AuditReport | undefined }> {
    this.patient.keepAcks(this.#acksFile);
    const words = ["audit", "--data", this.data, "--acks", this.#acksFile, "--json"];
    const { code, out, err } = await this.journey.run(words, this.#environment);
    return { code, err, report: out === "" ? undefined : (JSON.parse(out) as AuditReport) };
  }

  /** Each acked reading is in exactly one batch, in time; the audit with the device's own acks finds nothing wrong. */
  async isWhole(): Promise<void> {
    const { patient, traffic, server } = this;
    await until(
      "all is anchored",
      async () => {
        const { devices } = await server.client.devices();
        return devices.every(({ sequence, anchoredSequence }) => sequence === anchoredSequence) || undefined;
      },
      90_000,
      () => this.journey.said.slice(-2_000),
    );
    // They lie end to end, so a position stands in one of them at most.
    const anchors = await readAnchors(server.client);
    for (const { first, index, anchorBy, sequence } of patient.acks) {
      const at = first + index;
      const anchor = anchors.find(({ firstLeaf, count }) => at >= firstLeaf && at < firstLeaf + count);
      expect(anchor?.block.timestamp, `anchor of reading ${sequence}`).to.be.at.most(anchorBy);
    }
    patient.keepAcks(this.#acksFile);
    appendFileSync(this.#acksFile, this.#acksOfOthers);
    const acks = readFileSync(this.#acksFile, "utf8");
    // While it is audited nobody else comes to an embedded database: who asks waits, and on a busy machine in vain.
    const report = await traffic.whileAway(() =>
      askControl<AuditReport>(`${this.data}/control.sock`, { ask: "audit", acks }),
    );
    expect(report?.lies).to.deep.equal([]);
    this.#countsAll(new Map(report?.checked.map(({ name, count }) => [name, count])));
    expect(traffic.wrong.splice(0)).to.deep.equal([]);
  }

  #countsAll(counted: ReadonlyMap<string, number>): void {
    expect(this.patient.acks.length).to.equal(this.patient.device.sequence);
    expect(counted.get("acks of devices")).to.equal(this.patient.acks.length + linesOf(this.#acksOfOthers));
    expect(counted.get("readings")).to.equal(this.patient.acks.length + this.#readingsOfOthers);
    expect(counted.get("broken acks")).to.equal(0);
  }

  /** Ends the server in order, and audits its directory; `environment` is the audit's, beside the server's. */
  async isWholeStopped(environment: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.traffic.end();
    await this.traffic.resting(() => this.isWhole());
    const { code, err } = await this.server.stop();
    expect(code, err).to.equal(0);
    this.#countsAll(
      await auditPasses(this.journey, this.data, this.#acksFile, { ...this.#environment, ...environment }),
    );
  }

  async close(): Promise<void> {
    this.traffic.mayBeAway = true;
    await this.traffic.end();
    await this.journey.close();
    for (const node of this.nodes) await node.close();
    await this.#anvil.close();
  }
}
