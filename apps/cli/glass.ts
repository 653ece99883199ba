import { Contract, Wallet, ZeroAddress } from "ethers";
import { breakGlassAbi } from "../../protocol/abi/BreakGlass.ts";
import { twinRegistryAbi } from "../../protocol/abi/TwinRegistry.ts";
import { claimTypedData, MOST_OPEN_SECONDS, type Claim } from "../../protocol/break-glass.ts";
import { toHex, type Hex } from "../../protocol/bytes.ts";
import type { Consortium } from "../../protocol/consortium.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import { addressOf, readAccountKey } from "./key-file.ts";
import { seenByServer } from "./seen-by-server.ts";
import { sendActs } from "./send-acts.ts";
import { consortiumWithRpc, openClient } from "./server.ts";
import { connectProvider } from "./steward.ts";

/** Whose key acts, and on which server's chain. */
export interface Acting {
  readonly key: string;
  readonly url: string;
}

/** A second holder's signature over a claim. */
export interface Beside {
  readonly holder: Hex;
  readonly signature: Hex;
}

/** How long a claim that is to be signed by a second holder counts, seconds. */
const CLAIM_SECONDS = 3_600;
const SURE_SECONDS = 60;

/** Sends one call of the contract, and waits until it is mined. Throws BREAK_GLASS_ABSENT, and what the contract refuses. */
async function act({ key, url }: Acting, method: string, args: (twins: Contract) => Promise<unknown[]> | unknown[]) {
  const consortium = await consortiumWithRpc(openClient(url, key));
  const provider = connectProvider(consortium.rpc, consortium.chainId);
  try {
    const wallet = new Wallet(toHex(readAccountKey(key)), provider);
    const contract = new Contract(contractOf(consortium), breakGlassAbi, wallet);
    const twins = new Contract(consortium.contracts.TwinRegistry, twinRegistryAbi, wallet);
    const [receipt] = await sendActs(wallet, [{ contract, method, args: await args(twins) }]);
    return { receipt, contract };
  } finally {
    provider.destroy();
  }
}

function contractOf({ contracts }: Consortium): Hex {
  if (!contracts.BreakGlass) throw new TwinwardError("BREAK_GLASS_ABSENT");
  return contracts.BreakGlass;
}

/** Names the twin that is read in an emergency, and the member whose holders may; `off` takes the name from it. */
export async function nameEmergencyTwin(acting: Acting, twin: Hex, member: number, off = false): Promise<void> {
  await act(acting, "nameEmergencyTwin", async (twins) => {
    const [, assignment] = (await twins.getFunction("twin").staticCall(twin)) as readonly [Hex, Hex];
    return [assignment, off ? `0x${"00".repeat(32)}` : twin, member];
  });
  const client = openClient(acting.url, acting.key);
  await seenByServer("it", async () => (await client.openings()).emergencies.some((one) => one.twin === twin) !== off);
}

/** What an opener says now; nothing is sent. `until` in ms. */
export async function makeClaim(
  { key, url }: Acting,
  plan: { readonly twin: Hex; readonly until: number; readonly reason: Hex },
): Promise<Claim> {
  const { nonce, at } = await openClient(url, key).openings();
  const asked = Math.floor(plan.until / 1000);
  // The block that takes it may be a little behind our clock: who asks for all of the time gets what is sure to be taken.
  const sure = at + MOST_OPEN_SECONDS - SURE_SECONDS;
  return {
    format: "break-glass@1",
    twin: plan.twin,
    opener: addressOf(readAccountKey(key)),
    until: asked > sure && asked <= sure + 2 * SURE_SECONDS ? sure : asked,
    reason: plan.reason,
    nonce,
    deadline: Math.floor(Date.now() / 1000) + CLAIM_SECONDS,
  };
}

/** A second holder's word for somebody's claim. */
export async function signClaim({ key, url }: Acting, claim: Claim): Promise<Beside> {
  const consortium = await openClient(url).consortium();
  const said = claimTypedData({ chainId: consortium.chainId, contract: contractOf(consortium) }, claim);
  const wallet = new Wallet(toHex(readAccountKey(key)));
  const signature = (await wallet.signTypedData(said.domain, said.types, said.message)) as Hex;
  return { holder: wallet.address.toLowerCase() as Hex, signature };
}

/** Opens; the opening's id, when the server has seen it. */
export async function openGlass(acting: Acting, claim: Claim, beside?: Beside): Promise<Hex> {
  const second = beside ? [beside.holder, claim.deadline, beside.signature] : [ZeroAddress, 0, "0x"];
  const { receipt, contract } = await act(acting, "open", () => [[claim.twin, claim.until, claim.reason], second]);
  const events = receipt?.logs.map((log) => contract.interface.parseLog(log)) ?? [];
  const opening = events.find((event) => event?.name === "BreakGlassOpened")?.args.getValue("opening") as Hex;
  const client = openClient(acting.url, acting.key);
  await seenByServer("the opening", async () =>
    (await client.openings()).openings.some((one) => one.opening === opening),
  );
  return opening;
}

export async function endOpening(acting: Acting, opening: Hex): Promise<void> {
  await act(acting, "end", () => [opening]);
  await seenByServer("the end", async () => (await stateOf(acting, opening)) !== "open");
}

/** Says whether an opening that is over was justified; `note` is the hash of a finding in words. */
export async function reviewOpening(acting: Acting, opening: Hex, justified: boolean, note: Hex): Promise<void> {
  await act(acting, "review", () => [opening, justified, note]);
  await seenByServer("the review", async () => (await stateOf(acting, opening)) === "reviewed");
}

async function stateOf({ url, key }: Acting, opening: Hex): Promise<string | undefined> {
  const { openings } = await openClient(url, key).openings();
  return openings.find((one) => one.opening === opening)?.state;
}
