import { TypedDataEncoder } from "ethers";
import { actTypedData, type Consortium, type SaidAct } from "../../../protocol/index.ts";
import type { KnownTwin } from "./known-twins.ts";
import { nameOf, purposeWords, segmentNames, short, timeOf } from "./words.ts";

/** What an act means, in a few sentences. `twin`: the one that it is about. */
export function actWords(act: SaidAct, twin: KnownTwin): string[] {
  const of = nameOf(twin);
  if (act.format === "revocation@1") {
    const grant = twin.grants.find((one) => one.grant === act.said.grant);
    return [`${grant === undefined ? "Somebody" : short(grant.reader)} may no longer read ${of}. It cannot be undone.`];
  }
  const { reader, purposes } = act.said;
  if (act.format === "consent@1") {
    return purposes.length === 0
      ? [`You agree to nothing any more for ${short(reader)} at ${of}.`]
      : [`You agree that ${short(reader)} reads ${of} for ${purposeWords(purposes)}, as far as they have a grant.`];
  }
  const { segments, until, depth } = act.said;
  return [
    `${short(reader)} may read ${segmentNames(segments, twin.model).join(", ")} of ${of} for ${purposeWords(purposes)}.`,
    `Until ${timeOf(until)}; you can end it before.`,
    depth === 0 ? "They may not pass it on." : `They may pass it on, ${depth} deep.`,
  ];
}

/** Every member that is signed, as it is signed: the very message that goes to the wallet. */
export function signedMembers(act: SaidAct, { chainId, contracts }: Consortium): [string, string][] {
  const { domain, types, message } = actTypedData({ chainId, contract: contracts.GrantRegistry }, act);
  const [kind = ""] = Object.keys(types);
  const payload = TypedDataEncoder.getPayload(domain, types, message) as { message: Record<string, unknown> };
  const members = Object.entries(payload.message).map(([name, value]): [string, string] => [name, String(value)]);
  return [
    ["contract", `${domain.name} ${domain.version}, ${domain.verifyingContract}`],
    ["chain", String(domain.chainId)],
    ["says", kind],
    ...members,
  ];
}
