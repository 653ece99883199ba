import { existsSync, readFileSync } from "node:fs";
import type { JsonRpcProvider } from "ethers";
import { parseConsortium, type Consortium } from "../../protocol/consortium.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import { startEmbeddedChain, type EmbeddedChain } from "../chain/embedded.ts";
import { connectChain, rpcUrls, toldUrl } from "../chain/rpc.ts";
import type { KeyStore } from "../keys/key-store.ts";
import { openDatabase, type Database } from "../store/database.ts";
import { lockDirectory } from "../store/lock.ts";
import { layoutOf, type DataDirectory } from "./data-directory.ts";
import { openKeys } from "./open-keys.ts";
import { placeDatabase } from "./place-database.ts";

export interface ChainPlace {
  /** Nodes of an existing chain, separated by commas; without them the embedded one of DATA is started. */
  readonly rpcUrl: string | undefined;
  readonly rpcPort: number;
}

/** The node that a server talks to. */
export interface OpenedChain {
  readonly embedded: EmbeddedChain | undefined;
  /** The node to tell others of; undefined where its URL may hold a secret. */
  readonly url: string | undefined;
  /** The same for whoever started us: without what may be secret. */
  readonly shown: string;
  /** All nodes that may be asked, separated by commas. */
  readonly urls: string;
  readonly provider: JsonRpcProvider;
  close(): Promise<void>;
}

export async function openChain(data: DataDirectory, { rpcUrl, rpcPort }: ChainPlace): Promise<OpenedChain> {
  if (rpcUrl !== undefined) {
    const provider = await connectChain(rpcUrl);
    const [url = rpcUrl] = rpcUrls(rpcUrl);
    const told = toldUrl(url);
    const shown = told ?? new URL(url).origin;
    return { embedded: undefined, url: told, shown, urls: rpcUrl, provider, close: async () => provider.destroy() };
  }
  const embedded = await startEmbeddedChain({ directory: data.chain, port: rpcPort });
  try {
    const provider = await connectChain(embedded.url);
    const close = async (): Promise<void> => {
      provider.destroy();
      await embedded.close();
    };
    const { url } = embedded;
    return { embedded, url, shown: url, urls: url, provider, close };
  } catch (error) {
    await embedded.close();
    throw error;
  }
}

/** The consortium that DATA belongs to, or undefined before the first start. */
export function readConsortiumFile(data: DataDirectory): Consortium | undefined {
  return existsSync(data.consortium) ? parseConsortium(readFileSync(data.consortium, "utf8")) : undefined;
}

/** A stopped server's data, opened to be read: its lock, chain, database and keys. */
export interface OpenedDirectory {
  readonly consortium: Consortium;
  readonly chain: OpenedChain;
  readonly database: Database;
  readonly keys: KeyStore;
  close(): Promise<void>;
}

/** Opens what `up` left behind. Throws DATA_UNUSABLE where nothing was, DATA_LOCKED where a server still runs. */
export async function openStopped(
  root: string,
  settings: {
    databaseUrl: string | undefined;
    rpcUrl: string | undefined;
    keysMirror?: string | undefined;
    work?: string;
  },
): Promise<OpenedDirectory> {
  const data = layoutOf(root);
  const consortium = readConsortiumFile(data);
  if (consortium === undefined) throw new TwinwardError("DATA_UNUSABLE", { detail: `${root} holds no Twinward data.` });
  const closers: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const one of closers.reverse()) await one();
  };
  try {
    const lock = await lockDirectory(root, settings.work ?? "audit");
    closers.push(() => lock.release());
    const chain = await openChain(data, { rpcUrl: settings.rpcUrl, rpcPort: 0 });
    closers.push(() => chain.close());
    const database = await openDatabase(placeDatabase(data, settings.databaseUrl));
    closers.push(() => database.close());
    const keys = await openKeys(data, database, settings.keysMirror);
    closers.push(() => keys.close());
    return { consortium, chain, database, keys, close };
  } catch (error) {
    await close();
    throw error;
  }
}
