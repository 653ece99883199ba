import { expect } from "chai";
import type { Hex } from "../../../protocol/bytes.ts";
import type { DeviceModel } from "../../../protocol/device-model.ts";
import type { Manifest } from "../../../protocol/manifest.ts";
import type { Database } from "../../../server/store/database.ts";
import { createDocuments } from "../../../server/twin/documents.ts";
import { MODEL } from "../api/front-door.ts";
import { named } from "../api/written-chain.ts";
import { lendDatabase } from "../../helpers/lent-database.ts";

const MOST = 4;

describe("documents", () => {
  let database: Database;
  /** What the chain names: models of devices, manifests of twins. */
  let models: Hex[];
  let manifests: Hex[];

  before(async () => {
    database = await lendDatabase();
  });
  after(async () => {
    await database.close();
  });
  beforeEach(async () => {
    await database.query("delete from document");
    [models, manifests] = [[], []];
  });

  const chain = {
    view: () => ({
      devices: () => [...models, named("a model")].map((modelHash, i) => ({ id: named(`device ${i}`), modelHash })),
      twinsOf: (device: Hex) =>
        device === named("device 0") ? manifests.map((manifestHash) => ({ manifestHash })) : [],
    }),
  };
  const start = () => createDocuments(database, chain, MOST);
  const model = (version: number): DeviceModel => ({ ...MODEL, name: `monitor@${version}` });
  const manifest = (name: string): Manifest => {
    return {
      format: "manifest@1",
      name,
      model: named("m"),
      segments: ["heart"],
      resolution: "raw",
      delay: 0,
      commands: [],
    };
  };

  it("let the oldest go that no chain fact names, and keep what the chain names, across restarts", async () => {
    const first = start();
    const named1 = (await first.keep(model(1))).hash;
    const named2 = (await first.keep(manifest("named"))).hash;
    [models, manifests] = [[named1], [named2]];
    const loose: Hex[] = [];
    for (let version = 2; version < 2 + MOST + 3; version++) loose.push((await start().keep(model(version))).hash);
    const kept = async (): Promise<Hex[]> => {
      const found = await Promise.all([named1, named2, ...loose].map((hash) => start().find(hash)));
      return found.flatMap((one) => one?.hash ?? []);
    };
    expect(await kept()).to.deep.equal([named1, named2, ...loose.slice(3)]);
    // One that runs on forgets what it had parsed, too.
    const documents = start();
    expect(await documents.model(loose[3]!)).to.have.property("name", "monitor@5");
    for (const [i, name] of ["x", "y", "z"].entries()) {
      await documents.keep(manifest(name));
      expect(await documents.model(loose[3 + i]!), name).to.equal(undefined);
    }
    expect(await documents.model(named1)).to.have.property("name", "monitor@1");
    expect(await documents.manifest(named2)).to.have.property("name", "named");
    // What was there already takes nobody's place.
    const before = await kept();
    await documents.keep(manifest("z"));
    expect(await kept()).to.deep.equal(before);
  });

  it("hold to their number when many come at once", async () => {
    const documents = start();
    await Promise.all(Array.from({ length: 20 }, (_, i) => documents.keep(manifest(`twin-${i}`))));
    const [{ n } = { n: 0 }] = await database.query<{ n: number }>("select count(*) as n from document");
    expect(n).to.equal(MOST);
  });
});
