import { expect } from "chai";
import { existsSync } from "node:fs";
import { ERRORS } from "../../protocol/errors.ts";

const root = new URL("../../", import.meta.url);
/** What a member gives out; it is in no repository. */
const GIVEN = new Set(["consortium.json"]);

describe("the table of errors", () => {
  it("names in its remedies only files that are there", () => {
    const absent = Object.entries(ERRORS).flatMap(([code, { remedy }]) =>
      [...remedy.matchAll(/[\w./-]+\.(?:md|json|ts)\b/g)]
        .map(([name]) => name)
        .filter((name) => !GIVEN.has(name) && !existsSync(new URL(`.${name.startsWith("/") ? "" : "/"}${name}`, root)))
        .map((name) => `${code}: ${name}`),
    );
    expect(absent).to.deep.equal([]);
  });

  it("says for each code what happened and what to do, each in sentences", () => {
    for (const [code, { message, remedy }] of Object.entries(ERRORS))
      for (const text of [message, remedy]) expect(text, code).to.match(/^\S.{5,}\.$/);
  });

  it("names the settings with which a refused development key is answered", () => {
    expect(ERRORS.DEVELOPMENT_KEY_REFUSED.remedy)
      .to.match(/NODE_ENV/)
      .and.match(/RPC_URL/)
      .and.match(/TWINWARD_DATA/);
  });
});
