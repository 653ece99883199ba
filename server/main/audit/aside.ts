import { toHex } from "../../../protocol/bytes.ts";
import { readDeviceModel } from "../../../protocol/device-model.ts";
import { TwinwardError } from "../../../protocol/errors.ts";
import { verifyFinding } from "../../../protocol/finding.ts";
import { sha256Hex } from "../../../protocol/hash.ts";
import { canonical } from "../../../protocol/json.ts";
import { readManifest } from "../../../protocol/manifest.ts";
import { parseReading, verifyReadingSignature } from "../../../protocol/reading.ts";
import { monthOf, openAside } from "../../keys/sealed-reading.ts";
import { FINDING_COLUMNS, openFinding, type FindingRow } from "../../response/sealed-finding.ts";
import { migrations } from "../../store/migrate.ts";
import type { Lies } from "./lies.ts";
import { attemptOpen } from "./open-sealed.ts";
import type { AuditWorld } from "./world.ts";

interface AsideRow {
  number: number | null;
  device: Uint8Array;
  sequence: number;
  content: Uint8Array;
  code: string | null;
  received_at: number;
  scope: Uint8Array;
  month: string;
  nonce: Uint8Array;
  sealed: Uint8Array;
}

/** Readings that are no leaves: held ones, and refused ones kept as evidence. Each is still what its device signed. */
export async function auditAside(world: AuditWorld, lies: Lies): Promise<void> {
  const rest = "device, sequence, content, received_at, scope, month, nonce, sealed";
  const rows = await world.tx.query<AsideRow>(
    `select null::bigint as number, null::text as code, ${rest} from held union all select number, code, ${rest} from evidence`,
  );
  let numbers = 0;
  for (const row of rows) {
    const device = toHex(row.device);
    const { number, code } = row;
    const evidence = number === null || code === null ? undefined : { number, code };
    const place = evidence ? `evidence ${evidence.number}` : `held reading ${row.sequence} of ${device}`;
    if (evidence) numbers += 1;
    const where = {
      device,
      sequence: row.sequence,
      content: toHex(row.content),
      scope: toHex(row.scope),
      month: row.month,
      receivedAt: row.received_at,
    };
    const text = await attemptOpen(lies, place, where, () =>
      openAside(world.keys, evidence ? { ...where, evidence } : where, { nonce: row.nonce, sealed: row.sealed }),
    );
    const parsed =
      text === undefined ? undefined : await lies.attempt(place, () => parseReading(text, { characters: 1 << 24 }));
    if (!parsed) continue;
    const same = parsed.device === device && parsed.sequence === row.sequence && parsed.content === where.content;
    lies.hold(same && row.month === monthOf(parsed.per[0]), place, "its row is not that of the reading inside");
    const key = world.view.keyAt(device, row.sequence);
    lies.hold(
      key !== undefined && verifyReadingSignature(parsed, key),
      place,
      "the device's signature does not verify",
    );
  }
  lies.count("held readings", rows.length - numbers);
  lies.count("evidence", numbers);
}

/** Documents are their own names. */
export async function auditDocuments({ tx }: AuditWorld, lies: Lies): Promise<void> {
  const rows = await tx.query<{ hash: Uint8Array; kind: string; body: string }>(
    "select hash, kind, body from document",
  );
  for (const row of rows) {
    const place = `document ${toHex(row.hash)}`;
    lies.hold(sha256Hex(row.body) === toHex(row.hash), place, "its text is not what its hash names");
    await lies.attempt(place, () => {
      const value: unknown = JSON.parse(row.body);
      const read = row.kind === "device-model" ? readDeviceModel(value) : readManifest(value);
      const kind = read.format === "device-model@1" ? "device-model" : "manifest";
      if (kind !== row.kind || canonical(value) !== row.body)
        throw new TwinwardError("UNUSABLE_INPUT", { detail: `It is no ${row.kind} in its one form.` });
    });
  }
  lies.count("documents", rows.length);
}

/** Findings carry their oracle's signatures. */
export async function auditFindings(world: AuditWorld, lies: Lies): Promise<void> {
  const rows = await world.tx.query<FindingRow>(`select ${FINDING_COLUMNS} from finding`);
  for (const row of rows) {
    const digest = toHex(row.digest);
    const oracle = toHex(row.oracle);
    const place = `finding ${digest} of ${oracle}`;
    const finding = await lies.attempt(place, () =>
      verifyFinding({ chainId: world.chainId, contract: world.contracts.VerdictOracle }, openFinding(world.keys, row)),
    );
    if (!finding) continue;
    lies.hold(
      finding.digest === digest && finding.oracle === oracle,
      place,
      "it is another oracle's, or about something else",
    );
    lies.hold(world.view.isOracle(oracle), place, "the chain knows no such oracle");
  }
  lies.count("findings", rows.length);
}

export async function auditMigrations({ tx }: AuditWorld, lies: Lies): Promise<void> {
  const rows = await tx.query<{ number: number; sha256: Uint8Array }>(
    "select number, sha256 from migration order by number",
  );
  const ours = migrations();
  lies.hold(rows.length === ours.length, "migration", `${rows.length} were applied, this version has ${ours.length}`);
  for (const [index, migration] of ours.entries()) {
    const row = rows[index];
    const same = row?.number === migration.number && toHex(row.sha256) === toHex(migration.sha256);
    lies.hold(same, `migration ${migration.number}`, "what was applied is not what this version has");
  }
  lies.count("migrations", rows.length);
}
