import { expect } from "chai";
import { forbiddenImports, importsOf, ownSources, roomOf } from "../../scripts/checks/imports.ts";

describe("import table", () => {
  it("has no forbidden arrow in the repository", () => {
    const sources = ownSources();
    expect(sources.length).to.be.greaterThan(50);
    expect(forbiddenImports(sources)).to.deep.equal([]);
  });

  it("finds a forbidden arrow, however it is written", () => {
    const arrows = [
      `import { openDatabase } from "../store/database.ts";`,
      `import type { Database } from "../store/database.ts";`,
      `const store = await import("../store/database.ts");`,
      `export { openDatabase } from "../store/database.ts";`,
      `new Worker(new URL("../store/worker.ts", import.meta.url));`,
    ];
    for (const source of arrows)
      expect(forbiddenImports([{ file: "server/api/app.ts", source }]), source).to.have.length(1);
    expect(forbiddenImports([{ file: "server/gateway/a.ts", source: arrows[0] ?? "" }])).to.deep.equal([]);
  });

  it("lets the lab see only pure files of the server", () => {
    const decide = { file: "lab/ward.ts", source: `import { decide } from "../server/access/decide.ts";` };
    const authorize = { file: "lab/ward.ts", source: `import { authorize } from "../server/access/authorize.ts";` };
    expect(forbiddenImports([decide])).to.deep.equal([]);
    expect(forbiddenImports([authorize])).to.have.length(1);
  });

  it("lets only main and scripts read the configuration", () => {
    const source = `import { readConfig } from "../config/config.ts";`;
    expect(forbiddenImports([{ file: "server/main/start.ts", source }])).to.deep.equal([]);
    expect(forbiddenImports([{ file: "server/chain/rpc.ts", source }])).to.have.length(1);
  });

  it("reads imports over several lines and knows each file's room", () => {
    expect(importsOf(`import {\n  a,\n  b,\n} from "../x.ts";`)).to.deep.equal(["../x.ts"]);
    expect(roomOf("server/chain/rpc.ts")).to.equal("server/chain");
    expect(roomOf("hardhat.config.ts")).to.equal(undefined);
  });
});
