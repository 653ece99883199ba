import { expect } from "chai";
import { readFileSync } from "node:fs";
import { Writable } from "node:stream";
import { TwinwardError } from "../../../protocol/errors.ts";
import { createLog, tellOracleLine } from "../../../server/main/log.ts";
import { lendDatabase } from "../../helpers/lent-database.ts";

const VALUE = "71.9283746";

/** What is logged of an error. */
function logged(error: unknown, name: "err" | "error" = "error"): string {
  let said = "";
  const log = createLog(
    "info",
    new Writable({
      write: (chunk: Buffer, _, done) => {
        said += chunk.toString();
        done();
      },
    }),
  );
  log.error({ [name]: error }, "it failed");
  return said;
}

function thrownBy(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

describe("log", () => {
  it("does not repeat what a parser quotes, and says where it was thrown", () => {
    const error = thrownBy(() => JSON.parse(`x${VALUE}`));
    expect((error as Error).message).to.contain(VALUE.slice(0, 4));
    for (const name of ["err", "error"] as const) {
      const said = logged(error, name);
      expect(said).to.contain("SyntaxError").and.to.contain("log.test.ts");
      expect(said).not.to.contain(VALUE.slice(0, 4));
    }
  });

  it("does not repeat the parameters and rows that a database's error carries", async () => {
    const database = await lendDatabase();
    try {
      const error = await database.query("select $1::bigint", [VALUE]).catch((thrown: unknown) => thrown);
      expect(JSON.stringify({ ...(error as object), message: (error as Error).message })).to.contain(VALUE);
      const said = logged(error);
      expect(said).to.contain('"code":"22P02"');
      expect(said).not.to.contain(VALUE);
    } finally {
      await database.close();
    }
  });

  it("tells our own errors by code, with the case where it is ours and without it where it is somebody's input", () => {
    const ours = logged(new TwinwardError("CHAIN_UNAVAILABLE", { detail: "The node is away." }, new Error(VALUE)));
    expect(ours).to.contain("CHAIN_UNAVAILABLE").and.to.contain("The node is away.");
    expect(ours).not.to.contain(VALUE);
    const theirs = logged(new TwinwardError("READING_MALFORMED", { detail: `heart is ${VALUE}` }));
    expect(theirs).to.contain("READING_MALFORMED");
    expect(theirs).not.to.contain(VALUE);
  });

  it("tells what the system says of a file", () => {
    expect(logged(thrownBy(() => readFileSync("/nowhere/at/all"))))
      .to.contain("ENOENT")
      .and.to.contain("/nowhere/at/all");
  });

  it("passes on an oracle's events without the words of their reasons", () => {
    const event = { at: 1, event: "waiting", why: `SIGNATURE_INVALID: it says ${VALUE}` };
    expect(tellOracleLine(JSON.stringify(event))).to.deep.equal({ at: 1, event: "waiting", code: "SIGNATURE_INVALID" });
    expect(tellOracleLine(`Uncaught SyntaxError: ${VALUE}`)).to.deep.equal({ type: "Uncaught SyntaxError" });
    expect(tellOracleLine("    at judge (server/oracle/judge.ts:10:3)")).to.deep.equal({
      at: "at judge (server/oracle/judge.ts:10:3)",
    });
    expect(tellOracleLine(`something else, ${VALUE}`)).to.equal(undefined);
  });
});
