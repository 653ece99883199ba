import { expect } from "chai";
import { existsSync } from "node:fs";
import { Journal } from "../../../server/chain/embedded/journal.ts";

/** A device of Linux that is always full. */
const FULL = "/dev/full";

describe("chain: a journal that cannot be written", () => {
  it("takes nothing more, and can be closed", async function () {
    if (!existsSync(FULL)) this.skip();
    const opened = await Journal.open(FULL, 0);
    const codes: unknown[] = [];
    for (let n = 0; n < 3; n++) {
      await opened?.journal
        .append({ refused: "0x00" })
        .catch((error: unknown) => codes.push((error as Error & { code: string }).code));
    }
    expect(codes).to.deep.equal(["ENOSPC", "ENOSPC", "ENOSPC"]);
    await opened?.journal.flush();
    await opened?.journal.close();
  });
});
