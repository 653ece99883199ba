import type { Hex } from "../../protocol/bytes.ts";
import { TwinwardError, type ErrorCode } from "../../protocol/errors.ts";
import type { Remark } from "../../protocol/plausibility.ts";
import { LEAF_KINDS } from "../../protocol/words.ts";
import type { Chain } from "../chain/view.ts";
import type { Database } from "../store/database.ts";
import { readLeafAt } from "../store/read-leaves.ts";
import { readHeads } from "../store/read-readings.ts";
import { findKey, type Models } from "./expected.ts";
import type { Failure } from "./inspect-reading.ts";
import { askedSequence, NO_HEAD, order, type Order, type Ordered } from "./order.ts";
import type { VerifyPool } from "./verify-pool.ts";
import { readClaim } from "./verify-reading.ts";

/** One line of a check report. */
export interface ReadingCheck {
  readonly name:
    "well formed" | "known device" | "valid key" | "every disclosure" | "signature" | "order" | "plausible";
  readonly result: "passed" | "failed" | "not checked";
  readonly detail: string;
}

/** What would become of a reading, were it sent now. */
export interface CheckReport {
  readonly format: "reading-check@1";
  readonly outcome: "passed" | "failed";
  readonly checks: readonly ReadingCheck[];
  /** The code with which it would be refused. */
  readonly code: ErrorCode | null;
  readonly device: Hex | null;
  readonly sequence: number | null;
  /** The device's next sequence and the `prev` it must carry, where the device is known. */
  readonly expected: number | null;
  readonly prev: Hex | null;
  /** Implausible, but never refused for it. */
  readonly remarks: readonly Remark[];
}

export interface CheckParts {
  readonly database: Database;
  readonly models: Models;
  /** Where the reading is parsed and its signature checked: never on the thread that everybody waits for. */
  readonly pool: Pick<VerifyPool, "inspect">;
  readonly chain: Pick<Chain, "view">;
  readonly now: () => number;
}

const ORDERS: Record<Order, { code: ErrorCode | null; detail: string }> = {
  accept: { code: null, detail: "It follows the last one accepted." },
  same: { code: null, detail: "It was accepted before; sent again it gets the same ack." },
  hold: { code: "SEQUENCE_EXPECTED", detail: "Readings before it are missing: it would be held, then refused." },
  conflict: { code: "SEQUENCE_CONFLICT", detail: "Another reading was accepted at this sequence." },
  inGap: { code: "SEQUENCE_IN_GAP", detail: "The device has declared this sequence lost." },
  mismatch: { code: "PREV_MISMATCH", detail: "Its prev is not the content of the reading before." },
};

/** Runs every check that can be run, in the gateway's order, and stores nothing. */
export async function checkText(parts: CheckParts, text: string): Promise<CheckReport> {
  const checks: ReadingCheck[] = [];
  let code: ErrorCode | null = null;
  /** Runs a check; what throws a code of ours fails it, and the first such code is the refusal. */
  const run = async <T>(name: ReadingCheck["name"], check: () => T | Promise<T>): Promise<T | undefined> => {
    try {
      const value = await check();
      checks.push({ name, result: "passed", detail: typeof value === "string" ? value : "" });
      return value;
    } catch (error) {
      if (!(error instanceof TwinwardError)) throw error;
      code ??= error.code;
      checks.push({ name, result: "failed", detail: error.message });
      return undefined;
    }
  };
  const skip = (...names: ReadingCheck["name"][]): void => {
    for (const name of names) checks.push({ name, result: "not checked", detail: "A check before it failed." });
  };
  const view = parts.chain.view();
  const claim = readClaim(text);
  const device = claim && view.device(claim.device);
  const found = device && (await attempt(() => findKey(view, claim)));
  const model = device && (await attempt(() => parts.models.get(device.modelHash)));
  const inspection = await parts.pool.inspect({
    text,
    receivedAt: parts.now(),
    ...(found && "key" in found && { key: { x: found.key.x, y: found.key.y } }),
    ...(model && "segments" in model && { model }),
  });
  const parsed = await run("well formed", () => pass(inspection.wellFormed));
  const report = (
    head = { sequence: 0, content: null as Hex | null },
    remarks: readonly Remark[] = [],
  ): CheckReport => ({
    format: "reading-check@1",
    outcome: code === null ? "passed" : "failed",
    checks,
    code,
    device: parsed?.device ?? null,
    sequence: parsed?.sequence ?? null,
    expected: head.content === null ? null : head.sequence + 1,
    prev: head.content,
    remarks,
  });
  if (!parsed) {
    skip("known device", "valid key", "every disclosure", "signature", "order", "plausible");
    return report();
  }
  await run("known device", () => {
    if (!device) throw new TwinwardError("DEVICE_UNKNOWN", { device: parsed.device });
    if (device.state === "retired") throw new TwinwardError("DEVICE_RETIRED", { device: parsed.device });
  });
  if (!device) {
    skip("valid key", "every disclosure", "signature", "order", "plausible");
    return report();
  }
  await run("valid key", () => void pass(found));
  await run("every disclosure", () => void pass(inspection.disclosed ?? model));
  if (inspection.signed) await run("signature", () => void pass(inspection.signed));
  else skip("signature");
  const head = (await readHeads(parts.database, [parsed.device])).get(parsed.device) ?? NO_HEAD;
  await run("order", () => checkOrder(parts.database, head, parsed));
  const { remarks } = inspection;
  if (!remarks) {
    skip("plausible");
    return report(head);
  }
  const detail = remarks.map(({ segment, flag, reason }) => `${flag}: ${segment ?? "reading"}: ${reason}`).join("; ");
  // Implausible is not wrong: it would be accepted, with flags.
  checks.push({ name: "plausible", result: "passed", detail });
  return report(head, remarks);
}

async function checkOrder(
  database: Database,
  head: typeof NO_HEAD,
  parsed: Ordered & { readonly device: Hex },
): Promise<string> {
  const asked = askedSequence(head, parsed);
  const leaf = asked === undefined ? undefined : await readLeafAt(database, LEAF_KINDS.reading, parsed.device, asked);
  const found = order(head, parsed, (at) => (at === head.sequence && at > 0 ? head.content : leaf?.content));
  const { code, detail } = ORDERS[found];
  if (code) throw new TwinwardError(code, { detail });
  return detail;
}

/** What is found, or the refusal; anything else is our own failure and stays one. */
async function attempt<T>(find: () => T | Promise<T>): Promise<T | TwinwardError> {
  try {
    return await find();
  } catch (error) {
    if (error instanceof TwinwardError) return error;
    throw error;
  }
}

/** The value, where it is one. Throws the refusal that stands in its place. */
function pass<T extends object | string>(found: T | Failure | undefined): Exclude<T, Failure> {
  if (found === undefined) throw new TwinwardError("INTERNAL");
  if (typeof found === "object" && "code" in found) throw new TwinwardError(found.code, found.facts);
  return found as Exclude<T, Failure>;
}
