import { aggregate } from "../../../protocol/aggregate.ts";
import { toHex, type Hex } from "../../../protocol/bytes.ts";
import { readDeviceModel, type DeviceModel } from "../../../protocol/device-model.ts";
import { canonical } from "../../../protocol/json.ts";
import { toThousandths } from "../../../protocol/noise.ts";
import { readRecord } from "../../../protocol/record.ts";
import { isRelease, segmentTransform, valueDigest, valuesOf, type ReleaseRecord } from "../../../protocol/release.ts";
import { LEAF_KINDS } from "../../../protocol/words.ts";
import { changesOf } from "../../access/changes-of.ts";
import { monthOf } from "../../keys/sealed-reading.ts";
import { openValue } from "../../keys/sealed-value.ts";
import { erasureOf, readErasures, type StoredErasure } from "../../store/read-erasures.ts";
import { readDocument } from "../../store/read-document.ts";
import { toValue, type KeptValue } from "../../store/read-releases.ts";
import { draftInterval, type Draft } from "../../twin/draft-interval.ts";
import type { Lies } from "./lies.ts";
import { attemptOpen } from "./open-sealed.ts";
import type { AuditWorld } from "./world.ts";

interface ReleaseRow {
  position: number;
  body: string;
  twin: Uint8Array | null;
  from_ms: number | null;
}

type ValueRow = Parameters<typeof toValue>[0];

/**
 * Every release is of the leaves that it names, and every value is the one that it commits to: made once, first shown where its row
 * says, paid as its noise costs. What has no noise follows from the readings; a draw cannot be made again, only held to its leaf.
 */
export async function auditReleases(world: AuditWorld, lies: Lies): Promise<void> {
  const values = new Map<string, KeptValue>();
  for (const row of await world.tx.query<ValueRow>("select * from released_value"))
    values.set(nameOf(toHex(row.assignment), row.segment, row.from_ms, toHex(row.transform)), toValue(row));
  // One that is no record has been told of with its leaf.
  const erasures = await readErasures(world.tx).catch(() => []);
  const rows = await world.tx.query<ReleaseRow>(
    `select l.position, d.body, x.twin, x.from_ms from leaf l join record d on d.position = l.position
       left join release x on x.position = l.position where l.kind = ${LEAF_KINDS.release} order by l.position`,
  );
  const shown = new Set<string>();
  const models = new Map<Hex, DeviceModel | undefined>();
  for (const row of rows) {
    const place = `release at position ${row.position}`;
    const record = await lies.attempt(place, () => readRecord(row.body));
    if (!record || !isRelease(record)) continue;
    const same = row.twin !== null && toHex(row.twin) === record.twin && row.from_ms === record.from;
    lies.hold(same, place, "its row is missing, or of another twin or interval than its record");
    const sealedAt = { scope: record.assignment, month: monthOf(record.from), position: row.position };
    const isErased = erasureOf(erasures, sealedAt) !== undefined;
    const draft = isErased ? undefined : await auditLeaves(world, record, { place, models }, lies);
    for (const [segment, digest] of Object.entries(record.values)) {
      const transform = segmentTransform(record.transform, segment);
      const name = nameOf(record.assignment, segment, record.from, transform);
      const value = values.get(name);
      if (!lies.hold(value !== undefined, place, `its value of ${segment} is missing`) || !value) continue;
      lies.hold(
        shown.has(name) || value.position === row.position,
        place,
        `its value of ${segment} was first shown elsewhere`,
      );
      shown.add(name);
      await auditValue(world, value, { place: `${place}, ${segment}`, digest, record, draft, erasures }, lies);
    }
  }
  for (const [name, { position, segment }] of values)
    if (!shown.has(name)) lies.tell(`released value of ${segment} at position ${position}`, "no release shows it");
  const strays = await world.tx.query<{ position: number }>(
    `select x.position from release x left join leaf l on l.position = x.position
     where l.kind is distinct from ${LEAF_KINDS.release} limit 100`,
  );
  for (const { position } of strays) lies.tell(`release at position ${position}`, "no leaf of its kind stands there");
  lies.count("releases", rows.length);
  lies.count("released values", values.size);
}

const nameOf = (assignment: Hex, segment: string, from: number, transform: Hex): string =>
  `${assignment} ${segment} ${from} ${transform}`;

/** What the interval is made of, by the readings that are stored; held against the leaves that the record names. */
async function auditLeaves(
  world: AuditWorld,
  record: ReleaseRecord,
  { place, models }: { readonly place: string; readonly models: Map<Hex, DeviceModel | undefined> },
  lies: Lies,
): Promise<Draft | undefined> {
  const { device, from, until } = record;
  const assignment = world.view.assignment(record.assignment);
  const model = await modelOf(world, device, models);
  if (!lies.hold(assignment?.device === device, place, "the chain has no such assignment of its device"))
    return undefined;
  if (!assignment || !model) return undefined;
  // Changes of assignments that came later were not known when it was made.
  const changes = changesOf(world.view, device)
    .map((seconds) => seconds * 1000)
    .filter((at) => at <= record.at);
  // Twins end with their assignment: whatever was released, no end of it was known then.
  const end = null;
  const source = { device, first: assignment.from, end, changes, model };
  const segments = Object.keys(record.values);
  let erased = false;
  const onErased = (): void => void (erased = true);
  let draft: Draft | undefined;
  try {
    draft = await draftInterval(
      { database: world.tx, keys: world.keys },
      { ...source, segments, onErased },
      { from, until },
    );
  } catch {
    // A reading that does not open, or is not whole: it has been told of with its own place.
    return undefined;
  }
  // Readings behind an end that was named later are another scope's by now, and erased with that.
  if (erased) return undefined;
  lies.hold(
    canonical(draft?.leaves ?? null) === canonical(record.leaves),
    place,
    "other leaves than it names lie in its interval",
  );
  return draft;
}

async function modelOf(
  { tx, view }: AuditWorld,
  device: Hex,
  models: Map<Hex, DeviceModel | undefined>,
): Promise<DeviceModel | undefined> {
  const hash = view.device(device)?.modelHash;
  if (hash === undefined) return undefined;
  if (!models.has(hash)) {
    const document = await readDocument(tx, hash);
    try {
      models.set(hash, document && readDeviceModel(JSON.parse(document.body)));
    } catch {
      models.set(hash, undefined);
    }
  }
  return models.get(hash);
}

async function auditValue(
  world: AuditWorld,
  value: KeptValue,
  said: {
    readonly erasures: readonly StoredErasure[];
    readonly place: string;
    readonly digest: Hex;
    readonly record: ReleaseRecord;
    readonly draft: Draft | undefined;
  },
  lies: Lies,
): Promise<void> {
  const { place, digest, record, draft } = said;
  const { resolution, noise } = record.transform;
  lies.hold(
    value.epsilon === (noise ? toThousandths(noise.epsilon) : 0),
    place,
    "what it cost is not what its noise costs",
  );
  lies.hold(value.month === monthOf(record.from), place, "it is sealed under another month's key");
  const key = { scope: value.assignment, month: value.month };
  const isErased = erasureOf(said.erasures, { ...key, position: value.position }) !== undefined;
  const open = (): string => openValue(world.keys, value, value);
  const encoded = await attemptOpen(lies, place, key, open, isErased, "released values");
  if (encoded === undefined) return;
  if (!lies.hold(valueDigest(encoded) === digest, place, "it is not the value that the release holds")) return;
  if (noise || !draft) return;
  const [shown] = valuesOf([encoded]);
  const derived = aggregate(draft.samples.get(value.segment) ?? [], resolution.show);
  lies.hold(canonical(shown?.aggregates ?? null) === canonical(derived), place, "it does not follow from the readings");
}
