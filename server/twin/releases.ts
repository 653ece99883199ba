import type { Hex } from "../../protocol/bytes.ts";
import { segmentNames, type DeviceModel } from "../../protocol/device-model.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import { anchorsOf, lineOf, stretchOfBatch, stretchOfLeaf } from "../../protocol/line.ts";
import { isDerived, type DerivedManifest } from "../../protocol/manifest.ts";
import { toThousandths } from "../../protocol/noise.ts";
import { readRecord } from "../../protocol/record.ts";
import { isRelease, segmentTransform, transformOf, type ReleaseRecord } from "../../protocol/release.ts";
import type { Permit } from "../access/permit.ts";
import { readIntervals, readReached } from "../store/read-intervals.ts";
import { readReleases, readValues, type StoredRelease } from "../store/read-releases.ts";
import type { Documents } from "./documents.ts";
import { draftInterval, type Draft } from "./draft-interval.ts";
import { makeReleases, type Making } from "./make-releases.ts";
import { openValues } from "./open-whole.ts";
import { findAnchor, type Proofs } from "./proofs.ts";
import type { ReleasedTwin, WholeRelease, Withheld } from "./released.ts";
import type { TwinRooms } from "./rooms.ts";

/** Readings that are opened for one answer; an interval is opened whole. */
const MOST_OPENED = 20_000;
/** Intervals back from the present among which the newest release is looked for. */
const LOOKED_BACK = 24;

export interface ReleasePage {
  readonly limit: number;
  /** Only intervals that begin at or after it, ms. */
  readonly since?: number;
  readonly receipts: boolean;
}

export interface Releases {
  /**
   * What a derived twin shows of the permitted stretch. Intervals that are complete and were not released yet are released
   * now: durable before this resolves. Throws BUDGET_SPENT where there is nothing to show because nothing may be drawn.
   */
  load(permit: Permit, manifest: DerivedManifest, model: DeviceModel, page: ReleasePage): Promise<ReleasedTwin>;
  /** The newest release: of the newest complete interval in which a reading begins, some way back from now; or none. */
  newest(permit: Permit, manifest: DerivedManifest, model: DeviceModel): Promise<ReleasedTwin>;
  /** The beginning of the last interval that is complete by now, or would be if there were a reading in it. */
  present(permit: Permit, manifest: DerivedManifest): Promise<number>;
  /** The release of the interval that begins at `from`, ms, with its receipt; none where it was not released. */
  find(permit: Permit, model: DeviceModel, from: number): Promise<ReleasedTwin>;
}

export function createReleases(
  rooms: TwinRooms,
  proofs: Proofs,
  documents: Pick<Documents, "manifest">,
  mostOpened = MOST_OPENED,
): Releases {
  const { database, keys, committer, stream, line = lineOf(stream), now, random } = rooms;
  // One after the other: of two works in one group the second could not see what the first draws.
  let last: Promise<unknown> = Promise.resolve();

  return {
    async find(permit, model, from) {
      const { twin, device } = permit.terms;
      const stored = await readReleases(database, twin.id, [from]);
      const releases = await open(permit, stored, true);
      return { device: device.id, model, at: now(), releases, nextSince: null, withheld: null };
    },

    async present(permit, manifest) {
      const interval = manifest.resolution.interval * 1000;
      const ends = Math.min(await readReached(database, permit.terms.device.id), now() - manifest.delay * 1000);
      return Math.max(0, Math.floor(ends / interval) * interval - interval);
    },

    async newest(permit, manifest, model) {
      const at = now();
      const back = LOOKED_BACK * manifest.resolution.interval * 1000;
      const reached = Math.min(await readReached(database, permit.terms.device.id), at - manifest.delay * 1000);
      const intervals = (await complete(permit, manifest, at, LOOKED_BACK, reached - back)).slice(-1);
      const { withheld } = await releaseAlone(permit, manifest, model, intervals, at);
      const stored = await readReleases(database, permit.terms.twin.id, intervals);
      if (withheld && stored.length === 0) throw new TwinwardError("BUDGET_SPENT", { from: withheld.from });
      const releases = await open(permit, stored, false);
      return { device: permit.terms.device.id, model, at, releases, nextSince: null, withheld };
    },

    async load(permit, manifest, model, { limit, receipts, since = 0 }) {
      const at = now();
      const { terms } = permit;
      const intervals = await complete(permit, manifest, at, limit + 1, Math.max(since, terms.from ?? 0));
      const next = intervals.length > limit ? (intervals.pop() ?? null) : null;
      const { withheld, goesOn } = await releaseAlone(permit, manifest, model, intervals, at);
      // What was released already beyond where it goes on is shown there, and only there.
      const shown = intervals.filter((from) => goesOn === null || from < goesOn);
      const stored = await readReleases(database, terms.twin.id, shown);
      if (withheld && stored.length === 0) throw new TwinwardError("BUDGET_SPENT", { from: withheld.from });
      const releases = await open(permit, stored, receipts);
      return { device: terms.device.id, model, at, releases, nextSince: goesOn ?? next, withheld };
    },
  };

  /**
   * Beginnings of the intervals of the stretch to which no reading can come any more, by the rule of `draftInterval`, and whose
   * delay has passed.
   */
  async function complete(
    { terms }: Permit,
    manifest: DerivedManifest,
    at: number,
    limit: number,
    since: number,
  ): Promise<number[]> {
    const interval = manifest.resolution.interval * 1000;
    const reached = await readReached(database, terms.device.id);
    const ends = Math.min(reached, at - manifest.delay * 1000);
    return readIntervals(database, {
      device: terms.device.id,
      interval,
      fromSequence: terms.first,
      untilSequence: terms.end,
      since: Math.ceil(Math.max(since, 0) / interval) * interval,
      until: Math.min(terms.until ?? ends, ends - interval + 1),
      changes: terms.changes.map((seconds) => seconds * 1000),
      limit,
    });
  }

  /** `release`, when all that were asked for before are over. */
  function releaseAlone(...asked: Parameters<typeof release>): ReturnType<typeof release> {
    const made = last.catch(() => undefined).then(() => release(...asked));
    last = made;
    return made;
  }

  /** Makes durable what of these intervals was not released through this twin yet. `goesOn`: where there is more to do. */
  async function release(
    { terms }: Permit,
    manifest: DerivedManifest,
    model: DeviceModel,
    intervals: readonly number[],
    at: number,
  ): Promise<{ withheld: Withheld | null; goesOn: number | null }> {
    const { twin, device, view } = terms;
    const { assignment } = twin;
    if (assignment === null)
      throw new TwinwardError("INTERNAL", { detail: "A derived twin is cut from an assignment." });
    const known = new Set((await readReleases(database, twin.id, intervals)).map(({ body }) => recordOf(body).from));
    const missing = intervals.filter((from) => !known.has(from));
    if (missing.length === 0) return { withheld: null, goesOn: null };
    const names = segmentNames(model, twin.segments).filter((name) => manifest.segments.includes(name));
    const changes = terms.changes.map((seconds) => seconds * 1000);
    const source = {
      ...{ device: device.id, first: terms.first, end: terms.end, changes, model },
      ...{ segments: names, scope: assignment },
    };
    const drafts: Draft[] = [];
    let opened = 0;
    let goesOn: number | null = null;
    for (const from of missing) {
      if (opened >= mostOpened) {
        goesOn = from;
        break;
      }
      const until = from + manifest.resolution.interval * 1000;
      const draft = await draftInterval(rooms, source, { from, until });
      if (draft) drafts.push(draft);
      opened += draft?.leaves.count ?? 0;
    }
    const making: Making = {
      ...{ keys, stream, at, random, twin: twin.id, device: device.id, assignment, drafts },
      transform: transformOf(manifest),
      segments: model.segments.filter(({ name }) => names.includes(name)),
      budget: await budgetOf(view.twinsOf(device.id), assignment),
    };
    return { withheld: await committer.submit(makeReleases(making)), goesOn };
  }

  /** The smallest that any twin of the assignment names, for each segment: nobody makes it larger by one more twin. */
  async function budgetOf(
    twins: readonly { readonly assignment: Hex | null; readonly manifestHash: Hex }[],
    assignment: Hex,
  ): Promise<Map<string, number>> {
    const budget = new Map<string, number>();
    for (const { manifestHash } of twins.filter((twin) => twin.assignment === assignment)) {
      const manifest = await documents.manifest(manifestHash);
      if (!manifest || !isDerived(manifest) || !manifest.noise) continue;
      const allowed = toThousandths(manifest.noise.budget);
      for (const name of manifest.segments) budget.set(name, Math.min(allowed, budget.get(name) ?? allowed));
    }
    return budget;
  }

  async function open({ terms }: Permit, stored: readonly StoredRelease[], receipts: boolean): Promise<WholeRelease[]> {
    const { view } = terms;
    const records = stored.map(({ body }) => recordOf(body));
    const values = await valuesOf(records);
    const [pending, acks] = await Promise.all([
      proofs.pending(view),
      proofs.acks(receipts ? stored.map(({ position }) => position) : []),
    ]);
    const anchors = anchorsOf(line, view);
    return Promise.all(
      stored.map(async ({ body: _body, ...leaf }, i): Promise<WholeRelease> => {
        const record = records[i];
        if (!record) throw new TwinwardError("DATA_UNUSABLE", { position: leaf.position });
        const { position, sequence, hash } = leaf;
        const ack = acks.get(position);
        if (receipts && !ack)
          throw new TwinwardError("DATA_UNUSABLE", { position, detail: "No ack covers this leaf." });
        const anchor = findAnchor(anchors, position);
        const sealed = pending.find((batch) => position >= batch.first && position < batch.first + batch.count);
        const batch = anchor?.number ?? sealed?.number;
        const shown = Object.keys(record.values).map((name) => values.get(`${name} ${record.from}`));
        return {
          record,
          sequence,
          leaf: hash,
          position: position - stretchOfLeaf(line, position).firstLeaf,
          state: anchor ? "anchored" : sealed ? "sealed" : "accepted",
          batch: batch === undefined ? null : batch - stretchOfBatch(line, batch).firstBatch,
          values: shown.filter((value) => value !== undefined),
          erased: shown.includes(undefined),
          ...(ack ? { proof: await proofs.receipt(leaf, ack, view) } : {}),
        };
      }),
    );
  }

  /** The characters of what these releases, all of one twin, commit to; by segment and beginning. */
  async function valuesOf(records: readonly ReleaseRecord[]): Promise<Map<string, string>> {
    const [record] = records;
    if (!record) return new Map();
    const { assignment, transform } = record;
    const names = new Map(Object.keys(record.values).map((name) => [name, segmentTransform(transform, name)]));
    const from = records.map((one) => one.from);
    const rows = await readValues(database, { assignment, transforms: [...new Set(names.values())], from });
    const mine = rows.filter((row) => names.get(row.segment) === row.transform);
    const opened = await openValues(rooms, record.device, mine);
    return new Map(
      mine.flatMap((row, i) => (opened[i] === undefined ? [] : [[`${row.segment} ${row.from}`, opened[i]]])),
    );
  }
}

function recordOf(body: string): ReleaseRecord {
  const record = readRecord(body);
  if (!isRelease(record)) throw new TwinwardError("DATA_UNUSABLE", { detail: "A release's record is none." });
  return record;
}
