import { expect } from "chai";
import { readdirSync, readFileSync } from "node:fs";
import { VerifyPool } from "../../../server/gateway/verify-pool.ts";

/** How far behind others a thread of this process stands when cores are short: the 19th field of proc(5)'s stat. */
function nicenessOf(thread: string | number): number {
  const stat = readFileSync(`/proc/self/task/${thread}/stat`, "utf8");
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[16]);
}

const countBehind = (): number => readdirSync("/proc/self/task").filter((thread) => nicenessOf(thread) === 10).length;

describe("threads that verify", () => {
  it("stand behind the one that answers, and behind no other", async function () {
    if (process.platform !== "linux") this.skip();
    const before = countBehind();
    const pool = new VerifyPool({ threads: 1 });
    try {
      const [refused] = await pool.verify([{ text: "no reading", receivedAt: 0 }]);
      expect(refused).to.be.instanceOf(Error);
      expect(countBehind()).to.equal(before + 1);
      expect(nicenessOf(process.pid)).to.be.lessThan(10);
    } finally {
      await pool.close();
    }
  });
});
