import { expect } from "chai";
import * as sdk from "../../apps/sdk/index.ts";
import type {
  AcknowledgedRequest,
  Catalogue,
  HistoryPage,
  ListedDevice,
  ListedRequest,
  TwinDescription,
  TwinPicture,
  TwinState,
} from "../../apps/sdk/index.ts";
import type { Acknowledged } from "../../server/access/asking/requests.ts";
import type { KeptRequest } from "../../server/access/asking/rows.ts";
import type { Catalogue as OfferedCatalogue } from "../../server/twin/catalogue.ts";
import type { Description } from "../../server/twin/describe.ts";
import type { FleetDevice } from "../../server/twin/fleet.ts";
import type { Picture } from "../../server/twin/picture.ts";
import type { History } from "../../server/twin/scope.ts";
import type { TwinState as SummedState } from "../../server/twin/state.ts";

/** Compiles only while what the server sends is what the SDK says that it sends. */
type Same<A, B> = A extends B ? (B extends A ? true : never) : never;
export const same: [
  Same<History, HistoryPage>,
  Same<FleetDevice, ListedDevice>,
  Same<Description, TwinDescription>,
  Same<OfferedCatalogue, Catalogue>,
  Same<Acknowledged, AcknowledgedRequest>,
  Same<KeptRequest, ListedRequest>,
  Same<SummedState, TwinState>,
  Same<Picture, TwinPicture>,
] = [true, true, true, true, true, true, true, true];

describe("the SDK's entry", () => {
  it("exports these names and no others", () => {
    expect(Object.keys(sdk).sort()).to.deep.equal([
      "WEBHOOK_SIGNATURE",
      "connect",
      "cosignAnchors",
      "exportAnchors",
      "fileSource",
      "rpcSource",
      "signAct",
      "signInMessage",
      "verifyExport",
      "verifyReceipt",
      "verifyWebhook",
      "writeAnchors",
    ]);
  });
});
