import type { Hex } from "../../protocol/bytes.ts";
import { segmentsMask, type DeviceModel } from "../../protocol/device-model.ts";
import type { Manifest } from "../../protocol/manifest.ts";
import type { Documents } from "./documents.ts";

/** catalogue@1: what may be asked for. It names no device, no twin and nobody. */
export interface Catalogue {
  readonly format: "catalogue@1";
  readonly models: readonly { readonly hash: Hex; readonly model: DeviceModel }[];
  readonly manifests: readonly { readonly hash: Hex; readonly manifest: Manifest }[];
}

interface CatalogueView {
  devices(): readonly { readonly id: Hex; readonly modelHash: Hex; readonly state: string }[];
  twinsOf(device: Hex): readonly { readonly manifestHash: Hex; readonly security: boolean; readonly ended: boolean }[];
}

export interface Offers {
  catalogue(): Promise<Catalogue>;
  /** The segments that a manifest on offer shows. */
  segmentsOf(manifest: Hex): Promise<bigint | undefined>;
}

/**
 * What is on offer: the models of devices that are not retired, and the manifests of their twins, each once, however many have
 * it. Security twins are not asked for. A document that nobody has uploaded is left out.
 */
export function createOffers(
  documents: Pick<Documents, "model" | "manifest">,
  chain: { view(): CatalogueView },
): Offers {
  // A view never changes, so what was made of it holds as long as it is the newest.
  let made: { readonly view: CatalogueView; readonly catalogue: Promise<Catalogue> } | undefined;

  async function catalogue(): Promise<Catalogue> {
    const view = chain.view();
    if (made?.view !== view) made = { view, catalogue: make(view) };
    const mine = made;
    const forget = (): void => void (made === mine && (made = undefined));
    const found = await mine.catalogue.catch((error: unknown) => {
      forget();
      throw error;
    });
    // A document may be uploaded after the chain has named it: then the next one who asks is told of it.
    const named = namedBy(view);
    if (found.models.length < named.models.size || found.manifests.length < named.manifests.size) forget();
    return found;
  }

  async function make(view: CatalogueView): Promise<Catalogue> {
    const named = namedBy(view);
    const models = await Promise.all(
      [...named.models].map(async (hash) => ({ hash, model: await documents.model(hash) })),
    );
    const manifests = await Promise.all(
      [...named.manifests].map(async (hash) => ({ hash, manifest: await documents.manifest(hash) })),
    );
    const known = models.flatMap(({ hash, model }) => (model ? [{ hash, model }] : []));
    const fits = ({ model: hash, segments }: Manifest): boolean => {
      const names = known.find((one) => one.hash === hash)?.model.segments.map(({ name }) => name);
      return names !== undefined && segments.every((name) => names.includes(name));
    };
    return {
      format: "catalogue@1",
      models: known,
      manifests: manifests.flatMap(({ hash, manifest }) => (manifest && fits(manifest) ? [{ hash, manifest }] : [])),
    };
  }

  return {
    catalogue,
    async segmentsOf(hash) {
      const { models, manifests } = await catalogue();
      const manifest = manifests.find((one) => one.hash === hash)?.manifest;
      const model = models.find((one) => one.hash === manifest?.model)?.model;
      return manifest && model && segmentsMask(model, manifest.segments);
    },
  };
}

/** In the order of their hashes: that of the devices says nothing to anybody then. */
function namedBy(view: CatalogueView): { readonly models: ReadonlySet<Hex>; readonly manifests: ReadonlySet<Hex> } {
  const devices = view.devices().filter(({ state }) => state !== "retired");
  const twins = devices.flatMap(({ id }) => view.twinsOf(id)).filter(({ security, ended }) => !security && !ended);
  return {
    models: new Set(devices.map(({ modelHash }) => modelHash).sort()),
    manifests: new Set(twins.map(({ manifestHash }) => manifestHash).sort()),
  };
}
