import type { Hex } from "../../protocol/bytes.ts";
import { TwinwardError, type ErrorCode } from "../../protocol/errors.ts";
import { plausibility, type Remark } from "../../protocol/plausibility.ts";
import { checkAgainstModel, parseReading, verifyReadingSignature, type ParsedReading } from "../../protocol/reading.ts";
import { LEAF_KINDS } from "../../protocol/words.ts";
import type { Chain } from "../chain/view.ts";
import type { Database } from "../store/database.ts";
import { readLeafAt } from "../store/read-leaves.ts";
import { readHeads } from "../store/read-readings.ts";
import { findKey, type Models } from "./expected.ts";
import { askedSequence, NO_HEAD, order, type Order } from "./order.ts";

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
  const parsed = await run("well formed", () => parseReading(text));
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
  const device = view.device(parsed.device);
  await run("known device", () => {
    if (!device) throw new TwinwardError("DEVICE_UNKNOWN", { device: parsed.device });
    if (device.state === "retired") throw new TwinwardError("DEVICE_RETIRED", { device: parsed.device });
  });
  if (!device) {
    skip("valid key", "every disclosure", "signature", "order", "plausible");
    return report();
  }
  const found = await run("valid key", () => findKey(view, parsed));
  const model = await run("every disclosure", async () => {
    const expected = await parts.models.get(device.modelHash);
    checkAgainstModel(parsed, expected);
    return expected;
  });
  if (!found) skip("signature");
  else
    await run("signature", () => {
      if (!verifyReadingSignature(parsed, found.key)) throw new TwinwardError("SIGNATURE_INVALID", { kid: parsed.kid });
    });
  const head = (await readHeads(parts.database, [parsed.device])).get(parsed.device) ?? NO_HEAD;
  await run("order", () => checkOrder(parts.database, head, parsed));
  if (!model) {
    skip("plausible");
    return report(head);
  }
  const { remarks } = plausibility(parsed, model, parts.now());
  const detail = remarks.map(({ segment, flag, reason }) => `${flag}: ${segment ?? "reading"}: ${reason}`).join("; ");
  // Implausible is not wrong: it would be accepted, with flags.
  checks.push({ name: "plausible", result: "passed", detail });
  return report(head, remarks);
}

async function checkOrder(database: Database, head: typeof NO_HEAD, parsed: ParsedReading): Promise<string> {
  const asked = askedSequence(head, parsed);
  const leaf = asked === undefined ? undefined : await readLeafAt(database, LEAF_KINDS.reading, parsed.device, asked);
  const found = order(head, parsed, (at) => (at === head.sequence && at > 0 ? head.content : leaf?.content));
  const { code, detail } = ORDERS[found];
  if (code) throw new TwinwardError(code, { detail });
  return detail;
}
