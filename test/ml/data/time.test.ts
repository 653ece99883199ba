import { expect } from "chai";
import { inferTimeFormat, parseTime, toTimes } from "../../../ml/data/time.ts";
import { MlError } from "../../../ml/errors.ts";

const infer = (...columns: string[][]): string => inferTimeFormat(columns, "when");
function unclear(...columns: string[][]): MlError {
  try {
    infer(...columns);
  } catch (error) {
    expect(error).to.be.instanceOf(MlError);
    return error as MlError;
  }
  throw new Error("it was inferred");
}

describe("the format of a time column", () => {
  it("is the one in which it increases", () => {
    expect(infer(["30/01/14 23", "31/01/14 00", "01/02/14 00"])).to.equal("dmy");
    expect(infer(["01/30/2014 11:00 PM", "01/31/2014 12:10 AM", "02/01/2014 1:00 AM"])).to.equal("mdy");
    expect(infer(["2014-01-30T10:00:00Z", "2014-01-30T10:00:00.5Z"])).to.equal("ymd");
    expect(infer(["2014-01-30 10:00:00+02:00", "2014-01-30 09:00:00+00:00"])).to.equal("ymd");
    expect(infer(["1400000000", "1400000000", "1400000001"])).to.equal("seconds");
    expect(infer(["1400000000000", "1400000000001"])).to.equal("milliseconds");
    expect(infer(["0", "1", "2.5"])).to.equal("count");
  });

  it("is looked for in all files together: one tells what another leaves open", () => {
    const open = ["01/02/2014", "02/02/2014"];
    expect(unclear(open).facts.candidates).to.deep.equal(["dmy", "mdy"]);
    expect(infer(open, ["27/02/2014", "28/02/2014"])).to.equal("dmy");
    expect(infer(["05/05/2014 01:00", "05/05/2014 02:00"])).to.equal("dmy");
  });

  it("is refused with what is wrong where it increases in none", () => {
    const back = unclear(["2014-01-02", "2014-01-01"]);
    expect(back.code).to.equal("TIME_UNCLEAR");
    expect(back.message).to.contain("as ymd row 2: '2014-01-01' goes back");
    expect(unclear(["2014-02-30", "2014-03-01"]).message).to.contain("'2014-02-30' is no time");
    expect(unclear(["5", "5"]).message).to.contain("stands still");
    expect(unclear(["soon", "later"]).message).to.contain("'soon' is no time");
  });

  it("is held later: another order or a step back names its row", () => {
    expect(() => toTimes(["01/02/2014", "13/02/2014"], "mdy", "when")).to.throw(MlError, "row 2");
    expect(() => toTimes(["2", "1"], "count", "when")).to.throw(MlError, "row 2: '1' goes back in time");
    expect(parseTime("06/01/14 05", "dmy")).to.equal(Date.UTC(2014, 0, 6, 5));
    expect(parseTime("06/01/99", "dmy")).to.equal(Date.UTC(1999, 0, 6));
    expect(parseTime("06/01/2014 13:00 PM", "dmy")).to.be.NaN;
  });
});
