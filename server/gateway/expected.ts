import type { Hex } from "../../protocol/bytes.ts";
import { readDeviceModel, type DeviceModel } from "../../protocol/device-model.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import { parseStrict } from "../../protocol/json.ts";
import type { ChainView, DeviceKey } from "../chain/view.ts";
import { readDocument } from "../store/read-document.ts";
import type { Tx } from "../store/database.ts";
import type { Claim } from "./verify-reading.ts";

const MODELS_KEPT = 256;

/** The device models that the chain names by hash, from the documents of the store; a hash's model never changes. */
export class Models {
  readonly #database: Tx;
  readonly #known = new Map<Hex, DeviceModel>();

  constructor(database: Tx) {
    this.#database = database;
  }

  /** Throws MODEL_UNKNOWN when nobody has uploaded it. Never to be awaited inside a transaction: see `Database`. */
  async get(hash: Hex): Promise<DeviceModel> {
    const known = this.#known.get(hash);
    if (known) return known;
    const document = await readDocument(this.#database, hash);
    if (document?.kind !== "device-model") throw new TwinwardError("MODEL_UNKNOWN", { modelHash: hash });
    const model = readDeviceModel(parseStrict(document.body));
    if (this.#known.size >= MODELS_KEPT) this.#known.clear();
    this.#known.set(hash, model);
    return model;
  }
}

/**
 * The key that a reading must be signed with. Throws DEVICE_UNKNOWN, DEVICE_RETIRED or KEY_NOT_VALID. Every other state is
 * accepted from: a suspect device's readings are what detectors need to see.
 */
export function findKey(view: ChainView, claim: Claim): { readonly key: DeviceKey; readonly modelHash: Hex } {
  const device = view.device(claim.device);
  if (!device) throw new TwinwardError("DEVICE_UNKNOWN", { device: claim.device });
  if (device.state === "retired") throw new TwinwardError("DEVICE_RETIRED", { device: claim.device });
  const key = view.keyAt(claim.device, claim.sequence);
  const facts = { device: claim.device, sequence: claim.sequence, kid: claim.kid };
  if (key?.number !== claim.kid) {
    const detail = key ? `At this sequence key ${key.number} is valid.` : "No key is valid at this sequence.";
    throw new TwinwardError("KEY_NOT_VALID", { ...facts, detail });
  }
  if (key.marks.some(({ fromSequence }) => claim.sequence >= fromSequence)) {
    throw new TwinwardError("KEY_NOT_VALID", { ...facts, detail: "The key is marked from an earlier sequence on." });
  }
  return { key, modelHash: device.modelHash };
}
