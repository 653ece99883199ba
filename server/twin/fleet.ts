import { toHex, type Hex } from "../../protocol/bytes.ts";
import { segmentsMask, type DeviceModel } from "../../protocol/device-model.ts";
import { anchorsOf, lineOf } from "../../protocol/line.ts";
import type { DeviceState } from "../../protocol/words.ts";
import type { Documents } from "./documents.ts";
import type { Sight, TwinRooms } from "./rooms.ts";

/** A device as anybody may see it: no value, nothing of a subject. */
export interface FleetDevice {
  readonly id: Hex;
  readonly modelHash: Hex;
  /** name@version; null where the model's document was never uploaded. */
  readonly model: string | null;
  readonly state: DeviceState;
  /** Highest accepted sequence; 0 is none yet. */
  readonly sequence: number;
  /** When it was accepted, ms. */
  readonly acceptedAt: number | null;
  /** Where that reading's period ended, ms by the device's clock: a device that sends old readings is not fresh. */
  readonly until: number | null;
  /** Highest sequence in a sealed, and in an anchored batch; 0 is none. */
  readonly sealedSequence: number;
  readonly anchoredSequence: number;
  /** Twins that have not ended, the security twin included. */
  readonly twins: number;
  /** How many assignments it has had, and whether one is open. */
  readonly assignments: number;
  readonly assigned: boolean;
  /** No oracle can judge it: it has no security twin, or one without a segment that its model wants judged. */
  readonly unwatched: boolean;
}

interface HeadRow {
  readonly device: Uint8Array;
  readonly sequence: number;
  readonly accepted_at: number | null;
  readonly until_ms: number | null;
  readonly sealed: number | null;
  readonly anchored: number | null;
}

/** The fleet table: every registered device with how far its last reading has come. */
export function createFleet(rooms: TwinRooms, documents: Pick<Documents, "model">) {
  const line = rooms.line ?? lineOf(rooms.stream);
  return async (sight: Sight): Promise<FleetDevice[]> => {
    const anchors = anchorsOf(line, sight);
    const end = anchors.at(-1);
    const anchoredLeaves = end ? end.firstLeaf + end.count : 0;
    const rows = await rooms.database.query<HeadRow>(
      `select h.device, h.sequence, l.until_ms,
         (select a.accepted_at from ack a where a.first <= l.position order by a.first desc limit 1) as accepted_at,
         (select x.sequence from leaf x where x.kind = 1 and x.subject = h.device
            and x.position < coalesce((select first_leaf + count from batch order by number desc limit 1), 0)
          order by x.sequence desc limit 1) as sealed,
         (select x.sequence from leaf x where x.kind = 1 and x.subject = h.device and x.position < $1
          order by x.sequence desc limit 1) as anchored
       from device_head h
         left join lateral (select position, until_ms from leaf
           where kind = 1 and subject = h.device and sequence = h.sequence limit 1) l on true`,
      [anchoredLeaves],
    );
    const heads = new Map(rows.map((row) => [toHex(row.device), row]));
    return Promise.all(
      sight.devices().map(async ({ id, modelHash, state }) => {
        const head = heads.get(id);
        const model = await documents.model(modelHash);
        const assignments = sight.assignmentsOf(id);
        return {
          id,
          modelHash,
          model: model?.name ?? null,
          state,
          sequence: head?.sequence ?? 0,
          acceptedAt: head?.accepted_at ?? null,
          until: head?.until_ms ?? null,
          sealedSequence: head?.sealed ?? 0,
          anchoredSequence: head?.anchored ?? 0,
          twins: sight.twinsOf(id).filter(({ ended }) => !ended).length,
          assignments: assignments.length,
          assigned: assignments.some(({ end }) => end === null),
          unwatched: !isWatched(sight.securityTwin(id), model),
        };
      }),
    );
  };
}

/**
 * Whether oracles are shown enough. The steward names the security twin's segments and the contracts do not know models, so a
 * steward can hide some; of a model that is not here nothing can be said, and no reading is taken either.
 */
function isWatched(twin: { readonly segments: bigint } | undefined, model: DeviceModel | undefined): boolean {
  if (twin === undefined) return false;
  const wanted = model === undefined ? 0n : segmentsMask(model, model.security);
  return (wanted & ~twin.segments) === 0n;
}

export type Fleet = ReturnType<typeof createFleet>;
