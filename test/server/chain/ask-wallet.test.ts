import { expect } from "chai";
import { hashMessage, JsonRpcProvider, Wallet } from "ethers";
import type { Hex } from "../../../protocol/bytes.ts";
import { walletAsker } from "../../../server/chain/ask-wallet.ts";
import { startBareAnvil, type BareAnvil } from "../../faults/bare-anvil.ts";

describe("chain: whether a contract signed", () => {
  let node: BareAnvil;
  let provider: JsonRpcProvider;
  let ask: ReturnType<typeof walletAsker>;
  before(async () => {
    node = await startBareAnvil();
    provider = new JsonRpcProvider(node.url, 31337, { staticNetwork: true });
    ask = walletAsker({ provider, fresh: async () => undefined as never });
  });
  after(async () => {
    provider.destroy();
    await node.close();
  });

  /** Puts code on the chain; where. */
  async function deploy(code: string): Promise<Hex> {
    const address = Wallet.createRandom().address.toLowerCase() as Hex;
    await provider.send("anvil_setCode", [address, `0x${code}`]);
    return address;
  }

  const digest = hashMessage("who I am") as Hex;
  /** isValidSignature answers the standard's word where the digest is the one that was approved, as a multisignature wallet's does. */
  const approving = `7f${digest.slice(2)}60043514631626ba7e60e01b025f5260205ff3`;

  it("is what the contract says", async () => {
    const wallet = await deploy(approving);
    expect(await ask(wallet, digest, "0x")).to.equal(true);
    expect(await ask(wallet, hashMessage("somebody else") as Hex, "0x")).to.equal(false);
  });

  it("is no where there is no contract, and where it reverts, answers something else, or never ends", async () => {
    const nobody = Wallet.createRandom().address.toLowerCase() as Hex;
    const reverts = await deploy("5f5ffd");
    const one = await deploy("60015f5260205ff3");
    const short = await deploy("631626ba7e60e01b5f5260045ff3");
    const endless = await deploy("5b5f56");
    for (const wallet of [nobody, reverts, one, short, endless])
      expect(await ask(wallet, digest, "0x")).to.equal(false);
  });

  it("throws CHAIN_UNAVAILABLE where nobody answers, and whatever the chain's age says", async () => {
    const away = new JsonRpcProvider("http://127.0.0.1:1", 31337, { staticNetwork: true, batchMaxCount: 1 });
    const wallet = Wallet.createRandom().address.toLowerCase() as Hex;
    const nobody = walletAsker({ provider: away, fresh: async () => undefined as never });
    expect(await nobody(wallet, digest, "0x").catch((thrown: unknown) => thrown)).to.have.property(
      "code",
      "CHAIN_UNAVAILABLE",
    );
    away.destroy();
    const stale = walletAsker({ provider, fresh: () => Promise.reject(new Error("stale")) });
    expect(await stale(wallet, digest, "0x").catch((thrown: unknown) => thrown)).to.have.property("message", "stale");
  });
});
