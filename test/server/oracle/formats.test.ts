import { expect } from "chai";
import { readFileSync } from "node:fs";
import { parseStrict } from "../../../protocol/json.ts";
import { readSignedFinding, verifyFinding } from "../../../protocol/finding.ts";

describe("docs/formats/finding.md", () => {
  it("shows a finding that verifies, on the chain and contract that it names", () => {
    const page = readFileSync(new URL("../../../docs/formats/finding.md", import.meta.url), "utf8");
    const example = /```json\n([\s\S]*?)```/.exec(page)?.[1] ?? "";
    const signed = readSignedFinding(parseStrict(example));
    const contract = /VerdictOracle (0x[0-9a-f]{40})/.exec(page)?.[1] as `0x${string}`;
    const finding = verifyFinding({ chainId: 31337, contract }, signed);
    expect(finding.format === "finding@1" && finding.verdict).to.include({ round: 4, kind: 2, severity: 3 });
  });
});
