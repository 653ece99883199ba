import type { Hex } from "../../protocol/bytes.ts";
import { segmentNames, type Segment } from "../../protocol/device-model.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import type { Manifest } from "../../protocol/manifest.ts";
import type { DeviceState, Purpose } from "../../protocol/words.ts";
import type { Permit } from "../access/permit.ts";
import type { Documents } from "./documents.ts";

/** What a permitted reader may know of a twin before any value: which segments there are, in which unit and range. */
export interface Description {
  readonly format: "description@1";
  readonly twin: Hex;
  readonly device: Hex;
  readonly state: DeviceState;
  readonly model: string;
  readonly purpose: Purpose;
  readonly segments: readonly Segment[];
  /** Null where the manifest's document was never uploaded; the chain has its hash. */
  readonly manifest: Manifest | null;
  readonly manifestHash: Hex;
  readonly distrusted: { readonly verdict: Hex | null } | null;
}

/** Describes the permitted cut of a twin. Throws MODEL_UNKNOWN when nobody uploaded the device's model. */
export async function describe(permit: Permit, documents: Documents): Promise<Description> {
  const { twin, device, segments, purpose, distrusted } = permit.terms;
  const model = await documents.model(device.modelHash);
  if (!model) throw new TwinwardError("MODEL_UNKNOWN", { model: device.modelHash });
  const names = segmentNames(model, segments & twin.segments);
  return {
    format: "description@1",
    twin: twin.id,
    device: device.id,
    state: device.state,
    model: model.name,
    purpose,
    segments: model.segments.filter(({ name }) => names.includes(name)),
    manifest: (await documents.manifest(twin.manifestHash)) ?? null,
    manifestHash: twin.manifestHash,
    distrusted,
  };
}
