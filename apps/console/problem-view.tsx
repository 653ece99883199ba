import { ERRORS, TwinwardError } from "../../protocol/index.ts";

/** What went wrong, in the words of the one table of errors: what it is, its code, what to do. */
export function ProblemView({ error, children }: { error: unknown; children?: React.ReactNode }) {
  const known = error instanceof TwinwardError ? error : undefined;
  const row = known && ERRORS[known.code];
  const detail = known?.facts.detail;
  return (
    <div className="alarm" role="alert">
      <strong>{row?.message ?? "Something failed in this page."}</strong>{" "}
      {known !== undefined && <code>{known.code}</code>}
      {typeof detail === "string" && detail !== row?.message && <p>{detail}</p>}
      <p className="hint">{row?.remedy ?? (error instanceof Error ? error.message : String(error))}</p>
      {children}
    </div>
  );
}
