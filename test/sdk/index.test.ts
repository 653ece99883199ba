import { expect } from "chai";
import * as sdk from "../../apps/sdk/index.ts";
import type { HistoryPage, ListedDevice, TwinDescription } from "../../apps/sdk/index.ts";
import type { Description } from "../../server/twin/describe.ts";
import type { FleetDevice } from "../../server/twin/fleet.ts";
import type { History } from "../../server/twin/scope.ts";

/** Compiles only while what the server sends is what the SDK says that it sends. */
type Same<A, B> = A extends B ? (B extends A ? true : never) : never;
export const same: [Same<History, HistoryPage>, Same<FleetDevice, ListedDevice>, Same<Description, TwinDescription>] = [
  true,
  true,
  true,
];

describe("the SDK's entry", () => {
  it("exports these names and no others", () => {
    expect(Object.keys(sdk).sort()).to.deep.equal([
      "connect",
      "cosignAnchors",
      "exportAnchors",
      "fileSource",
      "rpcSource",
      "signInMessage",
      "verifyReceipt",
      "writeAnchors",
    ]);
  });
});
