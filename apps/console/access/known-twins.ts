import { readDeviceModel, readManifest, type DeviceModel, type Hex, type Manifest } from "../../../protocol/index.ts";
import type { ListedTwin, ReaderPage } from "../../sdk/answers.ts";
import type { Client } from "../../sdk/client.ts";
import type { ReaderSession } from "../session/start-session.ts";

/** A twin with what its documents say, as far as the server holds them. */
export interface KnownTwin extends ListedTwin {
  readonly manifest: Manifest | undefined;
  readonly model: DeviceModel | undefined;
}

/** What somebody has to do with: their twins, and the server's time less the page's monotonic clock, ms. */
export interface Known {
  readonly twins: readonly KnownTwin[];
  readonly clock: number;
}

/** Asks for the twins that the chain connects with whoever is signed in. */
export async function askTwins({ client }: ReaderSession): Promise<Known> {
  const [twins, { at, devices }] = await Promise.all([client.twins(), client.devices()]);
  const clock = at - performance.now();
  const manifests = await documentsOf(client, new Set(twins.map(({ manifestHash }) => manifestHash)), readManifest);
  const hashes = [...manifests.values()].flatMap((manifest) => (manifest === undefined ? [] : [manifest.model]));
  const models = await documentsOf(client, new Set(hashes), readDeviceModel);
  return {
    clock,
    twins: twins.map((twin) => {
      const manifest = manifests.get(twin.manifestHash);
      // Bits are named by the model that the chain has of the device, or not at all: they are what is signed.
      const isOfDevice = devices.some(({ id, modelHash }) => id === twin.device && modelHash === manifest?.model);
      return { ...twin, manifest, model: isOfDevice && manifest ? models.get(manifest.model) : undefined };
    }),
  };
}

/** Everybody who can see a twin or could, from all pages. */
export async function askReaders(client: Client, twin: Hex): Promise<ReaderPage["readers"][number][]> {
  const readers: ReaderPage["readers"][number][] = [];
  for (let after: number | null | undefined; after !== null;) {
    const page: ReaderPage = await client.readers(twin, after === undefined ? {} : { after });
    readers.push(...page.readers);
    after = page.next;
  }
  return readers;
}

/** A document that the server does not hold, or that is none, leaves its twin without a name; everything else is as before. */
async function documentsOf<T>(
  client: Client,
  hashes: ReadonlySet<Hex>,
  read: (document: unknown) => T,
): Promise<Map<Hex, T | undefined>> {
  const found = [...hashes].map(async (hash) => {
    const document = client.document(hash).then(read);
    return [hash, await document.catch(() => undefined)] as const;
  });
  return new Map(await Promise.all(found));
}
