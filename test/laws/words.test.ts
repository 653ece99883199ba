import { expect } from "chai";
import { brokenWord, forbiddenWords } from "../../scripts/checks/words.ts";

describe("words of the glossary", () => {
  it("are kept by every exported name, table, column and URL part", () => {
    expect(forbiddenWords()).to.deep.equal([]);
  });

  it("are told apart from the others", () => {
    for (const name of ["KeyManager", "tenant_id", "patient", "readingData", "grant-service", "stringUtils"]) {
      expect(brokenWord(name), name).to.be.a("string");
    }
    for (const name of ["KeyStore", "virtualSensor", "data", "reading", "deviceModel", "database"]) {
      expect(brokenWord(name), name).to.equal(undefined);
    }
  });
});
