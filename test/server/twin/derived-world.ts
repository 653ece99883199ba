// Derived twins over the real store, gateway and key store; only what the chain says of the twin is written by hand.
import { randomBytes } from "node:crypto";
import { ZERO_32, type Hex } from "../../../protocol/bytes.ts";
import { modelHash } from "../../../protocol/device-model.ts";
import { manifestHash, type Manifest } from "../../../protocol/manifest.ts";
import { permit, type Permit, type PermitTerms } from "../../../server/access/permit.ts";
import { createDocuments } from "../../../server/twin/documents.ts";
import { createReader, type Reader, type Stretch } from "../../../server/twin/history.ts";
import { createProofs } from "../../../server/twin/proofs.ts";
import { createReleases, type Releases } from "../../../server/twin/releases.ts";
import type { TwinRooms } from "../../../server/twin/rooms.ts";
import type { History } from "../../../server/twin/scope.ts";
import { factOf, MODEL, STREAM, type TestDevice, type World } from "../../helpers/gateway-world.ts";
import { named } from "../api/written-chain.ts";

export const NOISED: Manifest = {
  format: "manifest@1",
  name: "study",
  model: modelHash(MODEL),
  segments: ["heart-rate"],
  resolution: { interval: 10, show: ["mean"] },
  delay: 0,
  noise: {
    epsilon: 0.5,
    budget: 100,
    unit: "reading",
    neighbours: "replace",
    segments: { "heart-rate": { clamp: [30, 220], scale: 1, denominator: 10 } },
  },
  commands: [],
};

export const PLAIN: Manifest = {
  ...{ format: "manifest@1", name: "trend", model: modelHash(MODEL), delay: 0, commands: [] },
  segments: ["heart-rate", "respiration"],
  resolution: { interval: 10, show: ["mean", "min", "max", "count"] },
};

export const RAW: Manifest = { ...PLAIN, name: "raw", resolution: "raw" };

/** Readers of twins of one device's first assignment. A twin is named by its manifest. */
export class DerivedWorld {
  readonly assignment: Hex;
  readonly #world: World;
  readonly #device: TestDevice;
  readonly #manifests: Manifest[] = [];
  /** Counts from the next `open` on. */
  reseal: TwinRooms["reseal"];
  #ask: Reader | undefined;
  #few: Releases | undefined;

  constructor(world: World, device: TestDevice) {
    this.#world = world;
    this.#device = device;
    this.assignment = named(`assignment of ${device.id}`);
    world.chain.assignments.set(device.id, [{ id: this.assignment, from: 1, end: null }]);
  }

  twinOf(manifest: Manifest): Hex {
    return named(`twin ${manifestHash(manifest)} of ${this.#device.id}`);
  }

  /** To be called again after a restart of the world. */
  async open(...manifests: readonly Manifest[]): Promise<void> {
    const { database, keys, committer } = this.#world;
    const line = { database, keys, committer, consortium: this.#world.chain.consortium, stream: STREAM };
    const reseal = this.reseal && { reseal: this.reseal };
    const rooms = { ...line, ...reseal, now: () => this.#world.now, random: (size: number) => randomBytes(size) };
    const documents = createDocuments(database, { view: () => ({ devices: () => [], twinsOf: () => [] }) });
    for (const manifest of manifests) {
      await documents.keep(manifest);
      this.#manifests.push(manifest);
    }
    this.#ask = createReader(rooms, createProofs(rooms), documents);
    this.#few = createReleases(rooms, createProofs(rooms), documents, 1);
  }

  permit(manifest: Manifest, over: Partial<PermitTerms> & { security?: boolean } = {}): Permit {
    const { security = false, ...rest } = over;
    const twins = this.#manifests.map((one) => ({
      id: this.twinOf(one),
      device: this.#device.id,
      assignment: this.assignment,
      manifestHash: manifestHash(one),
      segments: MODEL.segments
        .filter(({ name }) => one.segments.includes(name))
        .reduce((mask, { bit }) => mask | (1n << BigInt(bit)), 0n),
      commands: 0n,
      security,
      ended: false,
      epoch: 0,
      consent: 0,
    }));
    const twin = twins.find(({ id }) => id === this.twinOf(manifest));
    if (!twin) throw new Error("no such twin");
    const chain = { twinsOf: () => twins, twin: () => twin, anchors: () => [], assignmentsOf: () => [] };
    const view = chain as unknown as PermitTerms["view"];
    return permit({
      ...{ reader: named("reader", 20), action: "read", purpose: "research", twin, segments: twin.segments, view },
      ...{ device: factOf(this.#device), from: null, until: null, first: 1, end: null, changes: [], grant: ZERO_32 },
      ...{ distrusted: null, block: { number: 1, hash: ZERO_32, timestamp: 1 } },
      decision: { leaf: ZERO_32, position: 0, sequence: 1 },
      ...rest,
    });
  }

  get reader(): Reader {
    if (!this.#ask) throw new Error("not open");
    return this.#ask;
  }

  /** Opens one interval at once. */
  get few(): Releases {
    if (!this.#few) throw new Error("not open");
    return this.#few;
  }

  async read(allowed: Permit, stretch: Stretch = {}): Promise<History> {
    return (await this.reader.history(allowed, stretch)).toJSON();
  }
}
