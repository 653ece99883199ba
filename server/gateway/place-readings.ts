import { fromHex, toHex, type Hex } from "../../protocol/bytes.ts";
import type { AckProof } from "../../protocol/ack.ts";
import type { ErrorCode } from "../../protocol/errors.ts";
import { LEAF_KINDS } from "../../protocol/words.ts";
import type { KeyStore } from "../keys/key-store.ts";
import { sealReading } from "../keys/sealed-reading.ts";
import type { ReadingEntry, Work } from "../store/committer.ts";
import type { Tx } from "../store/database.ts";
import { readHeads } from "../store/read-readings.ts";
import { readScopes, scopeAt, writeScopes, type Scopes } from "../store/sealed-scopes.ts";
import { keepEvidence, type Refused } from "./evidence.ts";
import { hasWaited, type Waited } from "./hold-clock.ts";
import { deleteHeld, insertHeld, readHeld, type HeldReading } from "./held.ts";
import { askedSequence, NO_HEAD, order, type Head } from "./order.ts";
import { nameOf, type Reopened } from "./reopen.ts";
import type { VerifiedReading } from "./verify-reading.ts";

/** An authentic reading with the data key that it falls under, as the chain was seen; the key exists already. */
export interface Candidate extends VerifiedReading {
  readonly text: string;
  readonly scope: Hex;
  readonly month: string;
}

/** What became of a candidate. `known`: these bytes were accepted earlier, at `position`. */
export type Fate =
  | { readonly kind: "accepted"; readonly ack: AckProof }
  | { readonly kind: "known"; readonly position: number }
  | { readonly kind: "refused"; readonly code: ErrorCode }
  | { readonly kind: "held" };

/** What became of a group. `fates` has the candidates' order; `aside` is what befell readings that were held before. */
export interface Settled {
  readonly fates: readonly Fate[];
  readonly heads: ReadonlyMap<Hex, Head>;
  readonly aside: readonly { readonly device: Hex; readonly sequence: number; readonly fate: Fate }[];
}

export interface Placing {
  readonly keys: KeyStore;
  /** To whom a device's sequences belong, as the chain is seen now: counts for a device that nothing is stored of yet. */
  readonly scopesOf: (device: Hex) => Scopes;
  readonly candidates: readonly Candidate[];
  /** Which held readings have waited long enough. */
  readonly waited: Waited;
  /** Readings held per device at most. */
  readonly maxHeld: number;
  /** The stored held readings that the candidates may release. */
  readonly reopened: Reopened;
}

type Draft = Exclude<Fate, { kind: "accepted" }> | { readonly kind: "entry"; readonly index: number };

interface Lane {
  head: Head;
  /** To whom sequences belong as far as the store goes: what the chain says since is resealed together with what lies here. */
  readonly scopes: Scopes;
  /** The head before this group: a reading of the group may follow it, with a gap, after others have moved the head on. */
  readonly first: Head;
  /** Content and place of what was accepted, where this group asks for it. */
  readonly contents: Map<number, { readonly content: Hex; readonly draft: Draft }>;
  /** `candidate` is null when the reading isn't authentic any more, undefined when nobody has looked. */
  held: { readonly row: HeldReading; readonly candidate: Candidate | null | undefined }[];
}

/**
 * Gives each authentic reading its place among its device's sequences, releases held readings that now follow, and lets go of
 * those that waited too long. Two such works must never be in one group: neither would see what the other accepts.
 */
export function placeReadings(placing: Placing): Work<Settled> {
  const { keys, candidates, maxHeld, waited } = placing;
  return async (tx) => {
    const { lanes, unknown } = await openLanes(tx, placing);
    const accepted: Candidate[] = [];
    const refused: Refused[] = [];
    const held: Candidate[] = [];
    const gone: HeldReading[] = [];
    const aside: { device: Hex; sequence: number; draft: Draft }[] = [];

    const place = (lane: Lane, candidate: Candidate): Draft => {
      const { sequence, content } = candidate;
      const at = (asked: number): Hex | undefined =>
        [lane.head, lane.first].find((head) => head.sequence === asked)?.content ?? lane.contents.get(asked)?.content;
      const found = order(lane.head, candidate, at);
      const refuse = (code: ErrorCode): Draft => {
        refused.push({ candidate, code });
        return { kind: "refused", code };
      };
      switch (found) {
        case "accept": {
          const draft: Draft = { kind: "entry", index: accepted.push(candidate) - 1 };
          lane.head = { sequence, content };
          lane.contents.set(sequence, { content, draft });
          // Another gateway may hold the very same, sent there before: its wait is over too.
          for (const { row } of lane.held) if (row.sequence === sequence && row.content === content) gone.push(row);
          lane.held = lane.held.filter(({ row }) => !gone.includes(row));
          return draft;
        }
        case "same":
          return lane.contents.get(sequence)?.draft ?? { kind: "refused", code: "INTERNAL" };
        case "conflict":
          return refuse("SEQUENCE_CONFLICT");
        case "inGap":
          return refuse("SEQUENCE_IN_GAP");
        case "mismatch":
          return refuse("PREV_MISMATCH");
        case "hold":
          return hold(lane, candidate);
      }
    };
    const hold = (lane: Lane, candidate: Candidate): Draft => {
      const waits = lane.held.some(
        ({ row }) => row.sequence === candidate.sequence && row.content === candidate.content,
      );
      if (waits) return { kind: "held" };
      if (lane.held.length >= maxHeld) return { kind: "refused", code: "SEQUENCE_EXPECTED" };
      held.push(candidate);
      lane.held.push({ row: candidate, candidate });
      return { kind: "held" };
    };
    /** Whatever waited and can be placed now, in the order of its sequences. */
    const release = (lane: Lane): void => {
      for (let next = ready(lane); next; next = ready(lane)) {
        const { row, candidate } = next;
        lane.held = lane.held.filter((waiting) => waiting.row !== row);
        gone.push(row);
        const draft: Draft = candidate ? place(lane, candidate) : { kind: "refused", code: "HOLD_EXPIRED" };
        aside.push({ device: row.device, sequence: row.sequence, draft });
      }
    };

    const drafts = candidates.map((candidate) => {
      const lane = lanes.get(candidate.device);
      if (!lane) return { kind: "refused", code: "INTERNAL" } as const;
      const draft = place(lane, candidate);
      if (draft.kind === "entry") release(lane);
      return draft;
    });
    const lapsed = new Set<string>();
    for (const lane of lanes.values()) {
      const expired = lane.held.filter(({ row }) => hasWaited(row.receivedAt, waited));
      for (const { row } of expired) {
        gone.push(row);
        lapsed.add(nameOf(row));
        // The device has gone past it, and was told so: to take it back now would be news of something that is over.
        if (row.sequence <= lane.head.sequence) continue;
        const draft: Draft = { kind: "refused", code: "HOLD_EXPIRED" };
        aside.push({ device: row.device, sequence: row.sequence, draft });
      }
    }

    // Sent again in the moment in which it was let go: nobody may be told that it waits, for nobody would hear of it any more.
    const fates = drafts.map((draft, i): Draft => {
      const candidate = candidates[i];
      const isLapsed = draft.kind === "held" && candidate !== undefined && lapsed.has(nameOf(candidate));
      return isLapsed ? { kind: "refused", code: "HOLD_EXPIRED" } : draft;
    });
    /** Under the key of its scope in the store; where that has none yet this work is run again with one. */
    const scoped = (candidate: Candidate): Candidate => {
      const { device, sequence } = candidate;
      const scope = scopeAt(lanes.get(device)?.scopes ?? [], sequence) ?? candidate.scope;
      return scope === candidate.scope ? candidate : { ...candidate, scope };
    };

    return {
      entries: accepted.map((candidate) => toEntry(keys, scoped(candidate))),
      writes: async (inside) => {
        for (const device of unknown) await writeScopes(inside, device, lanes.get(device)?.scopes ?? []);
        const stillHeld = held.filter((candidate) => !gone.includes(candidate));
        await insertHeld(inside, keys, stillHeld.map(scoped));
        await deleteHeld(
          inside,
          gone.filter((row) => !held.includes(row as Candidate)),
        );
        const kept = refused.map(({ candidate, code }) => ({ candidate: scoped(candidate), code }));
        await keepEvidence(inside, keys, kept);
      },
      result: (placed) => {
        const settle = (draft: Draft): Fate => {
          if (draft.kind !== "entry") return draft;
          const ack = placed[draft.index]?.ack;
          return ack ? { kind: "accepted", ack } : { kind: "refused", code: "INTERNAL" };
        };
        return {
          fates: fates.map(settle),
          heads: new Map([...lanes].map(([device, { head }]) => [device, head])),
          aside: aside.map(({ device, sequence, draft }) => ({ device, sequence, fate: settle(draft) })),
        };
      },
    };
  };
}

/** The held reading of the lowest sequence that needs to wait no longer; among equals the one that came first. */
function ready(lane: Lane): Lane["held"][number] | undefined {
  return lane.held
    .filter(
      ({ candidate }) =>
        candidate !== undefined && (!candidate || candidate.sequence - candidate.gap - 1 <= lane.head.sequence),
    )
    .sort((a, b) => a.row.sequence - b.row.sequence || a.row.receivedAt - b.row.receivedAt)[0];
}

/** Everything that placing needs of the store, in a fixed number of queries. */
async function openLanes(
  tx: Tx,
  { candidates, waited, reopened, scopesOf }: Placing,
): Promise<{ lanes: Map<Hex, Lane>; unknown: Hex[] }> {
  const devices = new Set(candidates.map(({ device }) => device));
  const rows = await readHeld(tx, [...devices], waited);
  for (const { device } of rows) devices.add(device);
  const heads = await readHeads(tx, [...devices]);
  const known = devices.size === 0 ? new Map<Hex, Scopes>() : await readScopes(tx, [...devices]);
  const lanes = new Map<Hex, Lane>(
    [...devices].map((device) => {
      const head = heads.get(device) ?? NO_HEAD;
      const scopes = known.get(device) ?? scopesOf(device);
      return [device, { head, scopes, first: head, contents: new Map(), held: [] }];
    }),
  );
  for (const row of rows) lanes.get(row.device)?.held.push({ row, candidate: reopened.get(nameOf(row)) });
  const waiting = [...lanes.values()].flatMap(({ held }) => held.flatMap(({ candidate }) => candidate ?? []));
  await readContents(tx, lanes, [...candidates, ...waiting]);
  return { lanes, unknown: [...devices].filter((device) => !known.has(device)) };
}

async function readContents(tx: Tx, lanes: ReadonlyMap<Hex, Lane>, readings: readonly Candidate[]): Promise<void> {
  const asked = readings.flatMap((reading) => {
    const sequence = askedSequence(lanes.get(reading.device)?.head ?? NO_HEAD, reading);
    return sequence === undefined ? [] : [{ device: reading.device, sequence }];
  });
  if (asked.length === 0) return;
  const rows = await tx.query<{ subject: Uint8Array; sequence: number; content: Uint8Array; position: number }>(
    `select l.* from unnest($1::bytea[], $2::bigint[]) as a (subject, sequence)
     cross join lateral (
       select l.subject, l.sequence, l.content, l.position from leaf l
       where l.kind = $3 and l.subject = a.subject and l.sequence = a.sequence limit 1) l`,
    [asked.map(({ device }) => fromHex(device, 32)), asked.map(({ sequence }) => sequence), LEAF_KINDS.reading],
  );
  for (const { subject, sequence, content, position } of rows) {
    lanes.get(toHex(subject))?.contents.set(sequence, { content: toHex(content), draft: { kind: "known", position } });
  }
}

function toEntry(keys: KeyStore, candidate: Candidate): ReadingEntry {
  const { device, sequence, content, signingInput, signature, per, scope, month } = candidate;
  const { nonce, sealed } = sealReading(keys, candidate, candidate.plaintext);
  return { kind: "reading", device, sequence, content, signingInput, signature, per, scope, month, nonce, sealed };
}
