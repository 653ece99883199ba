import { useEffect, useRef, useState } from "react";
import { Choice, ServerWarning } from "./trust-choice.tsx";
import { DocumentInput } from "./document-input.tsx";
import { nodeOf, slotOf, type Document, type Slot } from "./documents.ts";
import { ReportView, UnusableView } from "./report-view.tsx";
import { askServer, runVerification, type Report } from "./run-verification.ts";
import { UnusableInput } from "./unusable-input.ts";

type Ended =
  | { kind: "report"; report: Report }
  | { kind: "unusable"; unusable: UnusableInput }
  | { kind: "broken"; words: string };

/** Verify a receipt, in this page, with the code that devices, servers and auditors use. */
export function VerifyPage() {
  const [documents, setDocuments] = useState<Partial<Record<Slot, Document>>>({});
  const [trustWay, setTrustWay] = useState<"file" | "server">("file");
  const [anchorsWay, setAnchorsWay] = useState<"file" | "rpc">("file");
  const [rpc, setRpc] = useState("");
  const [running, setRunning] = useState(false);
  const [ended, setEnded] = useState<Ended>();
  const heading = useRef<HTMLHeadingElement>(null);
  const runNumber = useRef(0);

  // What was found belongs to what was given: a changed input takes the result away, also one still under way.
  const changed = (): void => {
    runNumber.current += 1;
    setRunning(false);
    setEnded(undefined);
  };

  const suggestNode = (consortium: string): void => setRpc((before) => before || (nodeOf(consortium) ?? ""));

  const trustServer = (): void => {
    setTrustWay("server");
    changed();
    // Whether it answers is told when verifying; here its answer only fills an empty field.
    void askServer().then(suggestNode, () => undefined);
  };

  const put = (slot: Slot, given: Document[]): void => {
    changed();
    const placed = given.map((document) => [slotOf(document.text) ?? slot, document] as const);
    setDocuments((before) => ({ ...before, ...Object.fromEntries(placed) }));
    for (const [place, document] of placed) if (place === "trust") suggestNode(document.text);
    if (placed.some(([place]) => place === "trust")) setTrustWay("file");
    if (placed.some(([place]) => place === "anchors")) setAnchorsWay("file");
  };

  const clear = (slot: Slot): void => {
    changed();
    setDocuments(({ [slot]: _, ...rest }) => rest);
  };

  // A file dropped beside a field would make the browser leave the page.
  useEffect(() => {
    const keep = (event: DragEvent): void => event.preventDefault();
    addEventListener("dragover", keep);
    addEventListener("drop", keep);
    return () => {
      removeEventListener("dragover", keep);
      removeEventListener("drop", keep);
    };
  }, []);

  useEffect(() => {
    if (ended !== undefined) heading.current?.focus();
  }, [ended]);

  const { receipt, trust, anchors } = documents;
  const missing = [
    trustWay === "file" && trust === undefined && "consortium.json",
    anchorsWay === "file" ? anchors === undefined && "an anchors file" : rpc.trim() === "" && "the node's address",
  ].filter((part) => part !== false);

  const run = async (): Promise<void> => {
    if (receipt === undefined) return;
    const number = ++runNumber.current;
    setRunning(true);
    setEnded(undefined);
    const end = await runVerification({
      receipt: receipt.text,
      trust: trustWay === "server" ? { from: "server" } : { from: "file", text: trust?.text },
      anchors: anchorsWay === "rpc" ? { from: "rpc", url: rpc.trim() } : { from: "file", text: anchors?.text },
    }).then(
      (report): Ended => ({ kind: "report", report }),
      (error: unknown): Ended =>
        error instanceof UnusableInput
          ? { kind: "unusable", unusable: error }
          : { kind: "broken", words: error instanceof Error ? error.message : String(error) },
    );
    if (number !== runNumber.current) return;
    setRunning(false);
    setEnded(end);
  };

  return (
    <>
      <div className="headline">
        <h1>Verify a receipt</h1>
        <p className="pulse-words">
          Runs in this page, with the code that devices and auditors use. The receipt stays here.
        </p>
      </div>
      <div className="bench">
        <form
          onSubmit={(event) => {
            event.preventDefault();
            void run();
          }}
        >
          <section aria-labelledby="step-receipt">
            <h2 id="step-receipt">1. The receipt</h2>
            <DocumentInput
              name="the receipt"
              value={receipt}
              onDocuments={(given) => put("receipt", given)}
              onClear={() => clear("receipt")}
              pasteOpen
            />
            <p className="hint">Several files at once are fine: each finds its place.</p>
          </section>

          <fieldset>
            <legend>2. Whom you trust</legend>
            <Choice group="trust" checked={trustWay === "file"} onChoose={() => (setTrustWay("file"), changed())}>
              A <code>consortium.json</code> from a member you trust
            </Choice>
            {trustWay === "file" && (
              <DocumentInput
                name="consortium.json"
                value={trust}
                onDocuments={(given) => put("trust", given)}
                onClear={() => clear("trust")}
              />
            )}
            <Choice group="trust" checked={trustWay === "server"} onChoose={trustServer}>
              What this server says
            </Choice>
            {trustWay === "server" && <ServerWarning />}
          </fieldset>

          <fieldset>
            <legend>3. Where the anchors come from</legend>
            <Choice group="anchors" checked={anchorsWay === "file"} onChoose={() => (setAnchorsWay("file"), changed())}>
              An anchors file (works offline)
            </Choice>
            {anchorsWay === "file" && (
              <DocumentInput
                name="the anchors file"
                value={anchors}
                onDocuments={(given) => put("anchors", given)}
                onClear={() => clear("anchors")}
              />
            )}
            <Choice group="anchors" checked={anchorsWay === "rpc"} onChoose={() => (setAnchorsWay("rpc"), changed())}>
              A chain node, by JSON-RPC
            </Choice>
            {anchorsWay === "rpc" && (
              <label className="address">
                <span>Address of a node that you run or trust</span>
                <input
                  type="url"
                  value={rpc}
                  placeholder="http://127.0.0.1:8545"
                  autoComplete="off"
                  onChange={(event) => {
                    setRpc(event.target.value);
                    changed();
                  }}
                />
              </label>
            )}
          </fieldset>

          <div className="go">
            <button type="submit" className="primary" aria-disabled={receipt === undefined} aria-describedby="missing">
              {running ? "Verifying …" : "Verify"}
            </button>
            <p id="missing" className="hint">
              {receipt === undefined
                ? "A receipt is needed."
                : missing.length > 0 && `Without ${missing.join(" and ")}, much will be “not checked”.`}
            </p>
          </div>
        </form>

        <section className="result" aria-labelledby="result-title" aria-busy={running}>
          <h2 id="result-title" ref={heading} tabIndex={-1}>
            Result
          </h2>
          {ended === undefined && <Waiting running={running} />}
          {ended?.kind === "report" && <ReportView report={ended.report} />}
          {ended?.kind === "unusable" && <UnusableView unusable={ended.unusable} />}
          {ended?.kind === "broken" && (
            <div className="alarm" role="alert">
              <strong>Verifying broke off; nothing is proven.</strong>
              <p>{ended.words}</p>
            </div>
          )}
        </section>
      </div>
    </>
  );
}

function Waiting({ running }: { running: boolean }) {
  if (running) return <p className="waiting">Checking …</p>;
  return (
    <div className="before">
      <p>
        A receipt proves that a device said this, and that the chain knew it at that time. Each check stands alone here:
      </p>
      <ul>
        <li>the device signed these values, with a key that was valid then</li>
        <li>the reading lies in the batch whose root was anchored</li>
        <li>the anchor is on the chain that the consortium names</li>
      </ul>
      <p>What cannot be checked is said to be not checked. It never counts as passed.</p>
    </div>
  );
}
