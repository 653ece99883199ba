import { useState } from "react";
import type { Hex } from "../../../protocol/index.ts";
import { ProblemView } from "../problem-view.tsx";
import { UnusableView } from "../verify/report-view.tsx";
import { UnusableInput } from "../verify/unusable-input.ts";
import type { TwinReading } from "./read-reading.ts";
import { VERIFIED_AT_ONCE, verifyMany, type Asked, type TrustChoice, type VerifiedMany } from "./receipt-of.ts";

type Run =
  | { kind: "none" }
  | { kind: "running"; words: string }
  | { kind: "done"; found: VerifiedMany; took: number }
  | { kind: "failed"; error: unknown };

/** Until it is verified, "anchored" is the server's word. This verifies all of what is shown, here. */
export function VerifyMany(props: {
  asked: Asked;
  readings: readonly TwinReading[];
  trust: TrustChoice;
  onVerified: (mismatches: readonly Hex[], cleared: readonly Hex[]) => void;
}) {
  const { asked, readings, trust, onVerified } = props;
  const [run, setRun] = useState<Run>({ kind: "none" });

  const start = async (): Promise<void> => {
    const began = performance.now();
    setRun({ kind: "running", words: "asking for receipts …" });
    try {
      const found = await verifyMany(asked, readings, trust, (done, of) =>
        setRun({ kind: "running", words: `${done} of ${of}` }),
      );
      onVerified(found.mismatches, found.verified);
      setRun({ kind: "done", found, took: performance.now() - began });
    } catch (error) {
      setRun({ kind: "failed", error });
    }
  };
  const running = run.kind === "running";

  return (
    <div className="verify-many">
      <button type="button" className="button" aria-disabled={running} onClick={() => !running && void start()}>
        Verify what is shown
      </button>
      <p className="hint" role="status">
        {run.kind === "none" &&
          `Until then, a state is the server's word. Verifies the newest ${VERIFIED_AT_ONCE.toLocaleString("en-US")} anchored readings in this page, trusting ${trust.from === "server" ? "what this server says of its consortium" : "your consortium.json"}.`}
        {run.kind === "running" && run.words}
        {run.kind === "done" && <Outcome found={run.found} took={run.took} />}
      </p>
      {run.kind === "failed" &&
        (run.error instanceof UnusableInput ? (
          <UnusableView unusable={run.error} />
        ) : (
          <ProblemView error={run.error} />
        ))}
    </div>
  );
}

function Outcome({ found, took }: { found: VerifiedMany; took: number }) {
  const { verified, mismatches, open } = found;
  return (
    <>
      <b>{verified.length}</b> verified, <b className={mismatches.length > 0 ? "bad" : ""}>{mismatches.length}</b>{" "}
      mismatches, <b>{open.length}</b> not fully checked, in {(took / 1000).toFixed(1)} s.
    </>
  );
}
