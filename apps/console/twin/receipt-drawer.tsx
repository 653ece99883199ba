import { useEffect, useId, useRef, useState } from "react";
import { CopyButton } from "../copy-button.tsx";
import { ProblemView } from "../problem-view.tsx";
import { RoadMark } from "../road-shape.tsx";
import { DocumentInput } from "../verify/document-input.tsx";
import { ReportView, UnusableView } from "../verify/report-view.tsx";
import { Choice, ServerWarning } from "../verify/trust-choice.tsx";
import { FlagMarks } from "./flag-mark.tsx";
import type { Standing, TwinReading } from "./read-reading.ts";
import { verifyReceiptOf, type Asked, type TrustChoice, type Verified } from "./receipt-of.ts";
import { saveFile } from "./save-file.ts";

/** One reading and its receipt: to read, to copy, to keep, to verify. */
export function ReceiptDrawer(props: {
  reading: TwinReading;
  standing: Standing;
  asked: Asked;
  trust: TrustChoice;
  onTrust: (trust: TrustChoice) => void;
  onVerified: (reading: TwinReading, verified: Verified) => void;
  onClose: () => void;
}) {
  const { reading, standing, asked, trust, onTrust, onVerified, onClose } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  const title = useId();
  const receipt = useReceipt(asked, reading);

  // The browser's own dialog keeps the focus inside, closes on Escape and gives the focus back.
  useEffect(() => {
    const shown = dialog.current;
    shown?.showModal();
    return () => shown?.close();
  }, []);

  return (
    <dialog ref={dialog} className="drawer" aria-labelledby={title} onClose={onClose}>
      <div className="drawer-head">
        <h2 id={title}>Reading {reading.sequence}</h2>
        <button type="button" className="button" onClick={() => dialog.current?.close()}>
          Close
        </button>
      </div>
      <ReadingFacts reading={reading} standing={standing} />
      <h3>Receipt</h3>
      {receipt.kind === "waiting" && (
        <p className="hint">
          {reading.state === "anchored"
            ? "Asking for it …"
            : `The reading is ${reading.state}. Its receipt can be made once it is anchored; this page keeps looking.`}
        </p>
      )}
      {receipt.kind === "refused" && <ProblemView error={receipt.error} />}
      {receipt.kind === "here" && (
        <>
          <div className="offers">
            <CopyButton text={receipt.text} what="receipt" />
            <button
              type="button"
              className="button"
              onClick={() => saveFile(`receipt-${reading.sequence}.json`, receipt.text)}
            >
              Save as a file
            </button>
          </div>
          <Verifier
            key={receipt.text}
            text={receipt.text}
            reading={reading}
            trust={trust}
            onTrust={onTrust}
            onVerified={onVerified}
          />
        </>
      )}
    </dialog>
  );
}

type HeldReceipt = { kind: "waiting" } | { kind: "here"; text: string } | { kind: "refused"; error: unknown };

/** The reading's receipt, asked for once it can be made. */
function useReceipt({ client, twin, purpose }: Asked, { leaf, state }: TwinReading): HeldReceipt {
  const [held, setHeld] = useState<HeldReceipt>({ kind: "waiting" });
  useEffect(() => {
    let over = false;
    setHeld({ kind: "waiting" });
    if (state === "anchored") {
      void client.receipt(leaf, { twin, purpose }).then(
        (text) => !over && setHeld({ kind: "here", text }),
        (error: unknown) => !over && setHeld({ kind: "refused", error }),
      );
    }
    return () => {
      over = true;
    };
  }, [client, twin, purpose, leaf, state]);
  return held;
}

function ReadingFacts({ reading, standing }: { reading: TwinReading; standing: Standing }) {
  const { from, until, flags, gap, samples, fault } = reading;
  return (
    <dl className="reading-facts">
      <div>
        <dt>State</dt>
        <dd>
          <RoadMark standing={standing} />
        </dd>
      </div>
      {fault !== undefined && (
        <div>
          <dt>Found here</dt>
          <dd className="fault">{fault}</dd>
        </div>
      )}
      <div>
        <dt>Period</dt>
        <dd>{`${toTime(from)} to ${toTime(until).slice(11)} UTC`}</dd>
      </div>
      {flags.length > 0 && (
        <div>
          <dt>Flags</dt>
          <dd>
            <FlagMarks flags={flags} />
          </dd>
        </div>
      )}
      {gap !== null && (
        <div>
          <dt>Lost before it</dt>
          <dd>{gap.from === gap.to ? `reading ${gap.from}` : `readings ${gap.from} to ${gap.to}`}</dd>
        </div>
      )}
      {[...samples].map(([segment, { v, unit, fault: wrong }]) => (
        <div key={segment}>
          <dt>{segment}</dt>
          <dd>
            {wrong ??
              (v.length === 0
                ? "nothing measured"
                : `${v.map((value) => (value === null ? "–" : String(value))).join("  ")} ${unit}`)}
          </dd>
        </div>
      ))}
    </dl>
  );
}

function toTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(0, 23).replace("T", " ");
}

function Verifier(props: {
  text: string;
  reading: TwinReading;
  trust: TrustChoice;
  onTrust: (trust: TrustChoice) => void;
  onVerified: (reading: TwinReading, verified: Verified) => void;
}) {
  const { text, reading, trust, onTrust, onVerified } = props;
  const [running, setRunning] = useState(false);
  const [ended, setEnded] = useState<Verified | { error: unknown }>();

  const choose = (next: TrustChoice): void => {
    setEnded(undefined);
    onTrust(next);
  };

  const run = async (): Promise<void> => {
    setRunning(true);
    setEnded(undefined);
    try {
      const verified = await verifyReceiptOf(text, reading, trust);
      setEnded(verified);
      onVerified(reading, verified);
    } catch (error) {
      setEnded({ error });
    }
    setRunning(false);
  };

  return (
    <>
      <fieldset>
        <legend>Verify it here, trusting</legend>
        <Choice group="drawer-trust" checked={trust.from === "server"} onChoose={() => choose({ from: "server" })}>
          what this server says
        </Choice>
        <Choice
          group="drawer-trust"
          checked={trust.from === "file"}
          onChoose={() => choose({ from: "file", text: undefined })}
        >
          a <code>consortium.json</code> from a member you trust
        </Choice>
        {trust.from === "server" ? (
          <ServerWarning />
        ) : (
          <DocumentInput
            name="consortium.json"
            value={trust.text === undefined ? undefined : { name: "consortium.json", text: trust.text }}
            onDocuments={([given]) => choose({ from: "file", text: given?.text })}
            onClear={() => choose({ from: "file", text: undefined })}
          />
        )}
      </fieldset>
      <button type="button" className="primary" aria-disabled={running} onClick={() => !running && void run()}>
        {running ? "Verifying …" : "Verify"}
      </button>
      <div aria-busy={running}>
        {ended !== undefined && "report" in ended && (
          <>
            {ended.mismatch && ended.report.outcome !== "failed" && (
              <div className="alarm" role="alert">
                <strong>This is a receipt of another reading.</strong>
                <p>The server gave a receipt of the leaf {ended.report.receipt.leaf.hash}.</p>
              </div>
            )}
            <ReportView report={ended.report} />
          </>
        )}
        {ended !== undefined && "unusable" in ended && <UnusableView unusable={ended.unusable} />}
        {ended !== undefined && "error" in ended && <ProblemView error={ended.error} />}
      </div>
    </>
  );
}
