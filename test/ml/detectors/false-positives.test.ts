import { expect } from "chai";
import { tellFalsePositives } from "../../../ml/detectors/false-positives.ts";
import { frameOf } from "../../helpers/judges.ts";

describe("known false positives", () => {
  it("are counted, by rows, by runs, and by what an attack leaves behind", () => {
    const frame = frameOf({ any: new Float64Array(40) }, [20, 20]);
    const at = (...rows: number[]) => Uint8Array.from({ length: 40 }, (_, row) => Number(rows.includes(row)));
    const labels = at(5, 6);
    // Rows 7 and 8 follow the attack; 19 and 20 lie in two stretches and are two runs.
    expect(tellFalsePositives(frame, labels, at(5, 7, 8, 19, 20, 30))).to.deep.equal([
      "5 of 38 clean rows of the cross-validation, in 4 runs, the longest of 2 rows",
      "2 of them within 12 rows after an attack",
    ]);
    expect(tellFalsePositives(frame, labels, at(5))).to.deep.equal(["0 of 38 clean rows of the cross-validation"]);
  });
});
