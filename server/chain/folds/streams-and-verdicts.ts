import type { Hex } from "../../../protocol/bytes.ts";
import type { Breach, StreamFact, VerdictFact, VerdictKind } from "../view.ts";
import { changeDevice, type Folds, type Pen } from "./pen.ts";

const KINDS: readonly (VerdictKind | undefined)[] = [undefined, "suspect", "quarantine", "readmission"];
const BREACHES: readonly (Breach | undefined)[] = ["overdue", "late", "misplaced", "contradicted"];

export const STREAMS_AND_VERDICTS: Folds = {
  "AnchorLog.StreamOpened": (pen, read) => {
    const id = read.hex("stream");
    pen.write("streams").set(id, { id, group: read.hex("group"), n: read.int("n"), standing: "open" });
  },
  "AnchorLog.Suspended": (pen, read, { block }) => {
    const breach = BREACHES[read.int("breach")];
    if (breach === undefined) return;
    const suspension = { number: read.int("suspension"), breach, ack: read.hex("ack"), by: read.hex("by"), block };
    changeStream(pen, read.hex("stream"), (stream) => ({ ...stream, standing: "suspended", suspension }));
  },
  "AnchorLog.Resumed": (pen, read) => {
    changeStream(pen, read.hex("stream"), (stream) => ({ ...stream, standing: "open" }));
  },
  "AnchorLog.Fenced": (pen, read) => {
    const end = { size: read.int("size"), leaves: read.int("nextLeaf"), logRoot: read.hex("logRoot") };
    const fence = { ...end, reason: read.hex("reason") };
    changeStream(pen, read.hex("stream"), (stream) => ({ ...stream, standing: "fenced", fence }));
  },
  "AnchorLog.Succeeded": (pen, read) => {
    const [predecessor, successor] = [read.hex("stream"), read.hex("successor")];
    changeStream(pen, predecessor, (stream) => ({ ...stream, successor }));
    changeStream(pen, successor, (stream) => ({ ...stream, predecessor }));
  },
  "AnchorLog.Anchored": (pen, read, event) => {
    pen.anchors(read.hex("stream")).push({
      number: read.int("number"),
      root: read.hex("root"),
      count: read.int("count"),
      firstLeaf: read.int("firstLeaf"),
      transaction: event.transaction,
      block: event.block,
    });
  },

  "VerdictOracle.VerdictReached": (pen, read, event) => {
    const verdict = read.struct("verdict");
    const kind = KINDS[verdict.int("kind")];
    if (kind === undefined) return;
    const fact: VerdictFact = {
      digest: read.hex("digest"),
      oracleSet: verdict.hex("oracleSet"),
      stream: verdict.hex("stream"),
      round: verdict.int("round"),
      firstBatch: verdict.int("firstBatch"),
      lastBatch: verdict.int("lastBatch"),
      device: verdict.hex("device"),
      firstSequence: verdict.int("firstSequence"),
      lastSequence: verdict.int("lastSequence"),
      kind,
      severity: verdict.int("severity"),
      model: verdict.hex("model"),
      leavesRoot: verdict.hex("leavesRoot"),
      signers: read.int("signers"),
      transaction: event.transaction,
      block: event.block,
    };
    pen.write("verdicts").set(fact.digest, fact);
    const { digest, severity, round } = fact;
    changeDevice(pen, fact.device, (device) => ({ ...device, verdict: { digest, kind, severity, round } }));
  },
  "VerdictOracle.RoundCleared": (pen, read) => {
    pen.write("cleared").set(`${read.hex("stream")} ${read.int("round")}`, read.hex("root"));
  },
};

function changeStream(pen: Pen, id: Hex, change: (stream: StreamFact) => StreamFact): void {
  const streams = pen.write("streams");
  const stream = streams.get(id);
  if (stream !== undefined) streams.set(id, change(stream));
}
