/**
 * The room where oracles lay down what they found, and where they and stewards read it. A finding speaks for itself by its two
 * signatures, so nothing here is trusted and nothing is judged: what is current, signed and founded on anchored batches is
 * kept, also when it contradicts another (dissent).
 */
import { concat, fromHex, toHex, type Hex } from "../../protocol/bytes.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import {
  readSignedFinding,
  requireOracleWrote,
  verifyFinding,
  type ClearRound,
  type Finding,
  type SignedFinding,
} from "../../protocol/finding.ts";
import { BATCHES_PER_ROUND, type VerdictDomain } from "../../protocol/verdict.ts";
import { LEAF_KINDS } from "../../protocol/words.ts";
import type { KeyName, KeyStore } from "../keys/key-store.ts";
import { monthOf } from "../keys/sealed-reading.ts";
import { withKeys } from "../keys/with-keys.ts";
import { isFollowedBy } from "../chain/stream-line.ts";
import type { Chain, ChainView } from "../chain/view.ts";
import type { Database, Tx } from "../store/database.ts";
import { readScopes, scopeAt } from "../store/sealed-scopes.ts";
import { FINDING_COLUMNS, openFinding, sealFinding, type FindingRow } from "./sealed-finding.ts";

/** Which findings; members left out ask for all. */
export interface FindingFilter {
  readonly digest?: Hex;
  readonly device?: Hex;
  readonly format?: "finding@1" | "clear@1";
  readonly round?: number;
  /** Rounds from this one on. */
  readonly since?: number;
  /** At most this many, of the newest rounds; 256 where left out. */
  readonly limit?: number;
}

export interface Findings {
  /**
   * Keeps what an oracle signed; the same again changes nothing. Throws FINDING_MALFORMED, FINDING_SIGNATURE_INVALID,
   * FINDING_ORACLE_UNKNOWN, FINDING_UNFOUNDED or FINDINGS_TOO_MANY.
   */
  accept(body: unknown): Promise<void>;
  /** What is kept, newest round first. */
  list(filter?: FindingFilter): Promise<SignedFinding[]>;
}

/** An honest oracle signs a rising severity, 0 to 5, for one device and round, and one all-clear for a round. */
const MOST_PER_DEVICE = 6;
const MOST_PER_ROUND = 2;
const MOST_LISTED = 1024;
/** How long a finding may be ahead of our view of the chain: oracles follow it by themselves. */
const AHEAD_MS = 3_000;
/** Rounds for which all-clears are kept: on the chain their root stays for ever. */
const CLEARS_KEPT = 1_024;
/** Rounds for which a finding is kept that no verdict was made of. What became a verdict is kept as long as the verdict. */
const FINDINGS_KEPT = 65_536;
/** Findings that are looked at in one go for whether they may go. */
const PRUNED_AT_ONCE = 256;

const ROUND = "coalesce(body::jsonb #>> '{verdict,round}', body::jsonb #>> '{clear,round}')::bigint";
const DEVICE = "body::jsonb #>> '{verdict,device}'";
const FORMAT = "body::jsonb ->> 'format'";
const STREAM = "coalesce(body::jsonb #>> '{verdict,stream}', body::jsonb #>> '{clear,stream}')";

export interface FindingRooms {
  readonly database: Database;
  readonly keys: KeyStore;
  readonly chain: Chain;
  /** Rounds for which all-clears, and findings without a verdict, are kept. */
  readonly kept?: { readonly clears: number; readonly findings: number };
}

export function createFindings(rooms: FindingRooms): Findings {
  const { database, keys, chain, kept = { clears: CLEARS_KEPT, findings: FINDINGS_KEPT } } = rooms;
  const { chainId, contracts } = chain.consortium;
  const domain: VerdictDomain = { chainId, contract: contracts.VerdictOracle };

  return {
    async accept(body) {
      const signed = readSignedFinding(body);
      requireOracleWrote(signed, (oracle) => chain.view().isOracle(oracle));
      const finding = verifyFinding(domain, signed);
      const view = await viewWithEvidence(chain, finding);
      requireFounded(finding, view);
      await withKeys(keys, () =>
        database.transaction(async (tx) => {
          await keep(tx, keys, finding, signed);
          // Once a round, by each oracle: its batches are anchored, so nobody can name a far one to have all others removed.
          if (finding.format === "clear@1") await prune(tx, finding.clear, kept, view);
        }),
      );
    },

    async list(filter = {}) {
      const conditions: string[] = [];
      const values: (string | number | Uint8Array)[] = [];
      const add = (condition: string, value: string | number | Uint8Array): void => {
        values.push(value);
        conditions.push(`${condition} $${values.length}`);
      };
      if (filter.digest !== undefined) add("digest =", fromHex(filter.digest, 32));
      if (filter.device !== undefined) add(`${DEVICE} =`, filter.device);
      if (filter.format !== undefined) add(`${FORMAT} =`, filter.format);
      if (filter.round !== undefined) add(`${ROUND} =`, filter.round);
      if (filter.since !== undefined) add(`${ROUND} >=`, filter.since);
      values.push(Math.min(filter.limit ?? 256, MOST_LISTED));
      const rows = await database.query<FindingRow>(
        `select ${FINDING_COLUMNS} from finding ${conditions.length > 0 ? `where ${conditions.join(" and ")}` : ""}
         order by ${ROUND} desc, digest, oracle limit $${values.length}`,
        values,
      );
      return rows.flatMap((row) => openOrErased(keys, row));
    },
  };
}

/** None where its key was destroyed: its row is going right now, or an older database was put back. */
function openOrErased(keys: KeyStore, row: FindingRow): SignedFinding[] {
  try {
    return [openFinding(keys, row)];
  } catch (error) {
    const isErased = row.scope !== null && row.month !== null && keys.wasErased(toHex(row.scope), row.month);
    if (error instanceof TwinwardError && isErased) return [];
    throw error;
  }
}

/** The key of the last reading that it is about; where no such reading is stored, what its device and its own time say. */
async function placeOf(tx: Tx, { verdict, at }: Finding): Promise<KeyName> {
  const { device, lastSequence } = verdict;
  const [row] = await tx.query<{ scope: Uint8Array; month: string }>(
    `select r.scope, r.month from leaf l join reading r on r.accepted_month = l.accepted_month and r.position = l.position
     where l.kind = ${LEAF_KINDS.reading} and l.subject = $1 and l.sequence = $2`,
    [fromHex(device, 32), lastSequence],
  );
  const scopes = (await readScopes(tx, [device])).get(device) ?? [];
  const stored = row && toHex(row.scope);
  return { scope: scopeAt(scopes, lastSequence) ?? stored ?? device, month: row?.month ?? monthOf(at) };
}

const roundOf = (finding: Finding | ClearRound) => {
  if (finding.format === "clear@1") {
    const { stream, round } = finding.clear;
    return { stream, round, lastBatch: BATCHES_PER_ROUND * (round + 1) - 1 };
  }
  const { stream, round, lastBatch } = finding.verdict;
  return { stream, round, lastBatch };
};

/** A view in which the finding's batches are anchored; the present one when they do not come. */
async function viewWithEvidence(chain: Chain, finding: Finding | ClearRound): Promise<ChainView> {
  const { stream, lastBatch } = roundOf(finding);
  const isAnchored = (view: ChainView): boolean => lastBatch < view.streamSize(stream);
  if (isAnchored(chain.view())) return chain.view();
  // Waiting is only for who may be a block ahead of us, not for inventions about a far future.
  if (lastBatch >= chain.view().streamSize(stream) + BATCHES_PER_ROUND) return chain.view();
  return chain.waitFor(isAnchored, AHEAD_MS).catch(() => chain.view());
}

function requireFounded(finding: Finding | ClearRound, view: ChainView): void {
  const fault = (detail: string) => new TwinwardError("FINDING_UNFOUNDED", { digest: finding.digest, detail });
  const { oracleSet } = finding.format === "clear@1" ? finding.clear : finding.verdict;
  if (oracleSet !== view.oracleSet) throw fault("It names another set of oracles than the present one.");
  const { stream, lastBatch } = roundOf(finding);
  if (!view.stream(stream)) throw fault("No such stream is open.");
  if (lastBatch >= view.streamSize(stream)) throw fault("Its last batch is not anchored.");
  if (finding.format === "clear@1") return;
  const { verdict } = finding;
  const device = view.device(verdict.device);
  if (!device) throw fault("No such device is registered.");
  if (!isFollowedBy(view, device.homeStream, stream)) throw fault("The stream is not the device's home stream.");
  const first = BATCHES_PER_ROUND * verdict.round;
  if (verdict.firstBatch !== first || lastBatch < first || lastBatch >= first + BATCHES_PER_ROUND)
    throw fault("Its batches are not those of its round.");
  if (verdict.lastSequence < verdict.firstSequence) throw fault("Its sequences descend.");
}

async function prune(
  tx: Tx,
  { stream, round }: ClearRound["clear"],
  kept: NonNullable<FindingRooms["kept"]>,
  view: ChainView,
): Promise<void> {
  const old = `${FORMAT} = $1 and ${STREAM} = $2 and ${ROUND} < $3`;
  await tx.query(`delete from finding where ${old}`, ["clear@1", stream, round - kept.clears]);
  const rows = await tx.query<{ digest: Uint8Array }>(
    `select distinct digest from finding where ${old} limit ${PRUNED_AT_ONCE}`,
    ["finding@1", stream, round - kept.findings],
  );
  const idle = rows.filter(({ digest }) => view.verdict(toHex(digest)) === undefined).map(({ digest }) => digest);
  if (idle.length > 0) await tx.query("delete from finding where digest = any($1::bytea[])", [idle]);
}

async function keep(tx: Tx, keys: KeyStore, finding: Finding | ClearRound, signed: SignedFinding): Promise<void> {
  const digest = fromHex(finding.digest, 32);
  const oracle = fromHex(finding.oracle, 20);
  // An oracle that is sent on by a second process waits here, so that the bound below counts what is there; and so does whoever
  // seals readings and findings again for another assignment.
  await tx.script("lock table finding in share row exclusive mode");
  const { stream, round } = roundOf(finding);
  const device = finding.format === "finding@1" ? finding.verdict.device : null;
  const signedBefore = await tx.query<{ digest: Uint8Array }>(
    `select digest from finding where oracle = $1 and ${ROUND} = $2 and ${STREAM} = $3
     and ${DEVICE} is not distinct from $4`,
    [oracle, round, stream, device],
  );
  if (signedBefore.some((row) => toHex(row.digest) === finding.digest)) return;
  const most = device === null ? MOST_PER_ROUND : MOST_PER_DEVICE;
  if (signedBefore.length >= most)
    throw new TwinwardError("FINDINGS_TOO_MANY", { oracle: finding.oracle, round, kept: signedBefore.length });
  // All-clears say nothing of values.
  const place = finding.format === "finding@1" ? await placeOf(tx, finding) : undefined;
  const signature = concat(fromHex(signed.attestation, 64), fromHex(signed.signature, 64));
  const sealed = place && sealFinding(keys, { ...place, digest: finding.digest, oracle: finding.oracle }, signed.body);
  await tx.query(`insert into finding (${FINDING_COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8)`, [
    digest,
    oracle,
    sealed?.open ?? signed.body,
    signature,
    place ? fromHex(place.scope, 32) : null,
    place?.month ?? null,
    sealed?.nonce ?? null,
    sealed?.sealed ?? null,
  ]);
}
