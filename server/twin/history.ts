import type { AckProof } from "../../protocol/ack.ts";
import { toBase64url, type Hex } from "../../protocol/bytes.ts";
import type { DeviceModel } from "../../protocol/device-model.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import { anchorsOf, lineOf, newest, stretchOfBatch, stretchOfLeaf } from "../../protocol/line.ts";
import { isDerived, type Manifest } from "../../protocol/manifest.ts";
import { LEAF_KINDS } from "../../protocol/words.ts";
import type { Permit } from "../access/permit.ts";
import type { Prospect } from "../access/prospect.ts";
import { readGaps, type Gap } from "../store/read-gaps.ts";
import { readNewest, readReadings, type StoredReading } from "../store/read-readings.ts";
import type { Documents } from "./documents.ts";
import { ERASED, openWhole } from "./open-whole.ts";
import { findAnchor, type Proofs, type SealedBatch } from "./proofs.ts";
import type { Newest } from "./state.ts";
import { createReleases } from "./releases.ts";
import { onceResealed } from "./once-resealed.ts";
import type { Sight, TwinRooms } from "./rooms.ts";
import { scope, type DigitalTwin, type ScopedTwin, type WholeReading } from "./scope.ts";

/** Which stretch of a twin. Time is in the permit; these narrow it further. All ends inclusive. */
export interface Stretch {
  readonly fromSequence?: number;
  readonly toSequence?: number;
  /** Numbers of batches of the stream that is written to: only readings that lie in them. */
  readonly fromBatch?: number;
  readonly toBatch?: number;
  /** Readings in one answer. */
  readonly limit?: number;
  readonly receipts?: boolean;
}

/** A step of a live stream. */
export interface Step {
  readonly twin: ScopedTwin;
  /** Where the next one goes on. */
  readonly after: number;
  /** There is more already. */
  readonly more: boolean;
  /** Time alone may bring more: the twin is shown with a delay. */
  readonly delayed: boolean;
}

/** Sealed readings, and what is stored about them: all of an answer that can be known before anything is opened. */
interface Page {
  readonly rows: readonly StoredReading[];
  /** The sequence after them; null at the present end. */
  readonly next: number | null;
  readonly gaps: ReadonlyMap<number, Gap>;
  readonly sealed: readonly SealedBatch[];
}

/** A page on its way, looked up while the decision on it is made durable; undefined where there is nothing to gain. */
export type Ahead = Promise<Page | undefined>;

export const HISTORY_LIMITS = { usual: 500, most: 2_000 };
/** Bytes of the readings in one step, as they are stored: however large each is, little is opened at once. */
const STEP_BYTES = 1024 * 1024;
/** Sequences among which a state is looked for. */
const STATE_SEQUENCES = 100;

export interface Reader {
  /** The permitted cut of a stretch, in order of sequence. The decision is durable already: the permit says so. */
  history(permit: Permit, stretch?: Stretch, ahead?: Ahead): Promise<ScopedTwin>;
  /** Looks up what `history` will open for the permit of this prospect. Nothing is opened, and nothing of it thrown: `history` asks again. */
  ahead(prospect: Prospect, stretch?: Stretch): Ahead;
  /** What `stateOf` sums up: the newest readings, or the newest release. */
  newest(permit: Permit): Promise<Newest>;
  /**
   * What comes after a place in the twin, in order, and nothing behind which something may still come to lie. A place is a
   * sequence; of a derived twin the beginning of an interval, ms. Throws as `history`.
   */
  next(permit: Permit, after: number, ask: { readonly limit: number; readonly receipts: boolean }): Promise<Step>;
  /** The place after which lies only what is shown from now on. */
  present(permit: Permit): Promise<number>;
  /** Of a derived twin the one interval that begins at `from`, ms, as far as the permit covers it, with its receipt. */
  released(permit: Permit, from: number): Promise<ScopedTwin>;
}

/** Loads, opens and cuts readings. */
export function createReader(
  rooms: TwinRooms,
  proofs: Proofs,
  documents: Pick<Documents, "model" | "manifest">,
): Reader {
  const { database, line = lineOf(rooms.stream) } = rooms;
  const { firstBatch } = newest(line);
  const releases = createReleases(rooms, proofs, documents);

  return onceResealed(rooms, {
    async released(permit, from) {
      const { model, manifest } = await planOf(permit);
      if (!manifest || !isDerived(manifest)) throw new TwinwardError("NOT_FOUND");
      return scope(await releases.find(permit, model, from), permit, manifest);
    },

    async newest(permit) {
      const { terms } = permit;
      const { model, manifest } = await planOf(permit);
      const at = rooms.now();
      if (manifest && isDerived(manifest)) {
        const twin = scope(await releases.newest(permit, manifest, model), permit, manifest);
        return { twin, at, acceptedAt: null, sequences: null };
      }
      const due = dueOf(manifest, at);
      const found = await newestDue(permit, due);
      const first = Math.max(terms.first, (found?.sequence ?? 0) - STATE_SEQUENCES + 1);
      const stretch = { fromSequence: first, toSequence: found?.sequence ?? 0 };
      const rows = found && found.sequence >= first ? await load(terms, stretch, STATE_SEQUENCES, due) : [];
      const page = await pageOf(terms, rows, null);
      const twin = scope({ ...(await fold(model, page, permit, false)), at }, permit, manifest);
      const sequences = rows.length === 0 ? 0 : (found?.sequence ?? 0) - first + 1;
      return { twin, at, acceptedAt: rows.length === 0 ? null : (found?.acceptedAt ?? null), sequences };
    },

    async next(permit, after, { limit, receipts }) {
      const { model, manifest } = await planOf(permit);
      const delayed = manifest !== null && manifest.delay > 0;
      if (manifest && isDerived(manifest)) {
        const found = await releases.load(permit, manifest, model, { limit, receipts, since: after + 1 });
        const { nextSince } = found;
        const reached = nextSince === null ? (found.releases.at(-1)?.record.from ?? after) : nextSince - 1;
        return { twin: scope(found, permit, manifest), after: reached, more: nextSince !== null, delayed };
      }
      const at = rooms.now();
      const due = dueOf(manifest, at);
      const found = await load(permit.terms, { fromSequence: after + 1 }, limit + 1, due);
      // One that is not due yet is waited for, with all that come after it. Where its device's clock was ahead and others follow it
      // in their own time, it is not: a wrong date must not hold up what came right, and `history` has it when it is due.
      const waits = due === null ? -1 : found.findIndex(({ per: [, until] }) => until > due);
      const ready = found.slice(0, waits < 0 ? limit : Math.min(waits, limit));
      const rows = withinBytes(ready);
      const more = rows.length === limit || rows.length < ready.length;
      const page = await pageOf(permit.terms, rows, null);
      const twin = scope({ ...(await fold(model, page, permit, receipts)), at }, permit, manifest);
      return { twin, after: rows.at(-1)?.sequence ?? after, more, delayed };
    },

    async present(permit) {
      const { manifest } = await planOf(permit);
      if (manifest && isDerived(manifest)) return releases.present(permit, manifest);
      const due = dueOf(manifest, rooms.now());
      const found = await newestDue(permit, due);
      // With a delay the newest that began early enough may have ended too late to be shown yet.
      return Math.max(0, (found?.sequence ?? 0) - (due === null ? 0 : 1));
    },

    async ahead(terms, stretch = {}) {
      try {
        const { manifest } = await planOf({ terms });
        return manifest && isDerived(manifest) ? undefined : await loadPage(terms, stretch, manifest);
      } catch {
        return undefined;
      }
    },

    async history(permit, stretch = {}, ahead) {
      const { model, manifest } = await planOf(permit);
      const limit = limitOf(stretch);
      const receipts = stretch.receipts === true;
      if (manifest && isDerived(manifest)) {
        const { fromSequence, toSequence, fromBatch, toBatch } = stretch;
        if ([fromSequence, toSequence, fromBatch, toBatch].some((bound) => bound !== undefined))
          throw new TwinwardError("MALFORMED_REQUEST", { detail: "A derived twin is asked by time only." });
        return scope(await releases.load(permit, manifest, model, { limit, receipts }), permit, manifest);
      }
      const at = rooms.now();
      const page = (await ahead) ?? (await loadPage(permit.terms, stretch, manifest));
      return scope({ ...(await fold(model, page, permit, receipts)), at }, permit, manifest);
    },
  });

  async function loadPage(terms: Prospect, stretch: Stretch, manifest: Manifest | null): Promise<Page> {
    const limit = limitOf(stretch);
    const found = await load(terms, stretch, limit + 1, dueOf(manifest, rooms.now()));
    return pageOf(terms, found.slice(0, limit), found[limit]?.sequence ?? null);
  }

  async function pageOf(
    { device, view }: Prospect,
    rows: readonly StoredReading[],
    next: number | null,
  ): Promise<Page> {
    if (rows.length === 0) return { rows, next, gaps: new Map(), sealed: [] };
    const sequences = rows.map(({ sequence }) => sequence);
    const [gaps, sealed] = await Promise.all([readGaps(database, device.id, sequences), proofs.pending(view)]);
    return { rows, next, gaps, sealed };
  }

  /** The device's model, and the manifest of a twin that has one. */
  async function planOf({
    terms,
  }: {
    readonly terms: Prospect;
  }): Promise<{ model: DeviceModel; manifest: Manifest | null }> {
    const model = await documents.model(terms.device.modelHash);
    if (!model) throw new TwinwardError("MODEL_UNKNOWN", { model: terms.device.modelHash });
    return { model, manifest: terms.twin.security ? null : await manifestOf(terms.twin.manifestHash) };
  }

  /** Nothing that began later than this, ms, has been measured long enough ago; null where there is no delay. */
  function dueOf(manifest: Manifest | null, at: number): number | null {
    return manifest && manifest.delay > 0 ? at - manifest.delay * 1000 : null;
  }

  function newestDue({ terms }: Permit, due: number | null): ReturnType<typeof readNewest> {
    return readNewest(database, terms.device.id, { latest: due ?? Number.MAX_SAFE_INTEGER, until: terms.end });
  }

  /** Without it nobody knows what a twin may show, so it shows nothing. */
  async function manifestOf(hash: Hex): Promise<Manifest> {
    const manifest = await documents.manifest(hash);
    if (!manifest) throw new TwinwardError("MANIFEST_UNKNOWN", { manifest: hash });
    return manifest;
  }

  /**
   * Only what the permit covers leaves the database; `scope` holds it against the permit once more. `due`: nothing that began
   * later than this, ms, has been measured long enough ago.
   */
  async function load(terms: Prospect, stretch: Stretch, limit: number, due: number | null): Promise<StoredReading[]> {
    const { fromBatch, toBatch, toSequence } = stretch;
    const [fromPosition, untilPosition] = await Promise.all([
      fromBatch === undefined ? undefined : beginningOf(fromBatch + firstBatch),
      toBatch === undefined ? undefined : endOf(toBatch + firstBatch),
    ]);
    if (fromPosition === null) return [];
    const ends = [terms.end, toSequence === undefined ? null : toSequence + 1].filter((end) => end !== null);
    const untils = [terms.until, due === null ? null : due + 1].filter((until) => until !== null);
    return readReadings(database, {
      device: terms.device.id,
      fromSequence: Math.max(terms.first, stretch.fromSequence ?? 1),
      untilSequence: ends.length > 0 ? Math.min(...ends) : null,
      since: terms.from,
      until: untils.length > 0 ? Math.min(...untils) : null,
      fromPosition,
      untilPosition,
      limit,
    });
  }

  async function beginningOf(batch: number): Promise<number | null> {
    const [row] = await database.query<{ first_leaf: number }>("select first_leaf from batch where number = $1", [
      batch,
    ]);
    return row?.first_leaf ?? null;
  }

  /** A batch that is not sealed yet ends nothing: then all that is sealed lies before it. */
  async function endOf(batch: number): Promise<number> {
    const [row] = await database.query<{ ends: number }>(
      "select first_leaf + count as ends from batch where number <= $1 order by number desc limit 1",
      [batch],
    );
    return row?.ends ?? 0;
  }

  async function fold(
    model: DeviceModel,
    { rows, next, gaps, sealed }: Page,
    permit: Permit,
    receipts: boolean,
  ): Promise<Omit<DigitalTwin, "at">> {
    const { view, device } = permit.terms;
    if (rows.length === 0) return { device: device.id, model, readings: [], next };
    // A receipt carries the gateway's promise, and oracles check it; nobody else is shown it.
    const promised = receipts || permit.terms.purpose === "security" ? rows.map(({ position }) => position) : [];
    const acks = await proofs.acks(promised);
    const anchors = anchorsOf(line, view);
    const { assignment } = permit.terms.twin;
    // What the permit covers is its assignment's; the security twin is of all of them.
    const belongsTo = (sequence: number): Hex => assignment ?? view.assignmentAt(device.id, sequence)?.id ?? device.id;
    const opened = await openWhole(rooms, device.id, rows, belongsTo);
    const readings = rows.map(async (row, index): Promise<WholeReading> => {
      const { position, sequence, content, leaf } = row;
      const place = { device: device.id, sequence, content };
      const { disclosures, remarks, erased } = opened[index] ?? ERASED;
      const ack = acks.get(position) ?? null;
      if (!ack && promised.length > 0)
        throw new TwinwardError("DATA_UNUSABLE", { position, detail: "No ack covers this leaf." });
      const anchor = findAnchor(anchors, position);
      const intended = anchor ?? sealed.find(({ first, count }) => position >= first && position < first + count);
      const batch = intended?.number;
      const proof = receipts && ack ? await prove({ ...place, position, hash: leaf }, ack, view) : undefined;
      return {
        sequence,
        from: row.per[0],
        until: row.per[1],
        content,
        leaf,
        position: position - stretchOfLeaf(line, position).firstLeaf,
        token: `${row.signingInput}.${toBase64url(row.signature)}`,
        disclosures,
        remarks,
        erased,
        gap: gaps.get(sequence) ?? null,
        state: anchor ? "anchored" : intended ? "sealed" : "accepted",
        batch: batch === undefined ? null : batch - stretchOfBatch(line, batch).firstBatch,
        ack,
        ...(proof === undefined ? {} : { proof }),
      };
    });
    return { device: device.id, model, readings: await Promise.all(readings), next };
  }

  async function prove(
    leaf: { device: Hex; sequence: number; content: Hex; hash: Hex; position: number },
    ack: AckProof,
    sight: Sight,
  ): Promise<NonNullable<WholeReading["proof"]> | null> {
    const { device, sequence } = leaf;
    const proof = await proofs.receipt({ ...leaf, kind: LEAF_KINDS.reading, subject: device }, ack, sight);
    const key = sight.keyAt(device, sequence);
    if (!proof || !key) return null;
    return { ...proof, key: { device, number: key.number, x: key.x, y: key.y, from: key.from, until: key.until } };
  }
}

function limitOf({ limit }: Stretch): number {
  return Math.min(limit ?? HISTORY_LIMITS.usual, HISTORY_LIMITS.most);
}

/** The first of them, one at least, up to STEP_BYTES. */
function withinBytes(rows: readonly StoredReading[]): readonly StoredReading[] {
  let bytes = 0;
  const end = rows.findIndex(({ signingInput, sealed }) => (bytes += signingInput.length + sealed.length) > STEP_BYTES);
  return end < 0 ? rows : rows.slice(0, Math.max(1, end));
}
