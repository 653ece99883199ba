import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { readAccountKey } from "../../apps/cli/key-file.ts";
import type { Client } from "../../apps/sdk/client.ts";
import type { Hex } from "../../protocol/bytes.ts";
import { signFinding } from "../../protocol/finding.ts";
import { sha256Hex } from "../../protocol/hash.ts";
import { VERDICT_KINDS } from "../../protocol/verdict.ts";
import { followChain } from "../../server/chain/follow.ts";
import { connectChain } from "../../server/chain/rpc.ts";
import { streamOf } from "../../server/main/observe-world.ts";

/** What two oracles would say about the first batch. */
export async function postFindings(
  client: Client,
  { rpc, data, device }: { readonly rpc: string; readonly data: string; readonly device: Hex },
): Promise<void> {
  const consortium = await client.consortium();
  const provider = await connectChain(rpc);
  const chain = await followChain({ provider, consortium });
  try {
    const { chainId, contracts } = consortium;
    const { oracleSet } = chain.view();
    const { stream } = streamOf(consortium);
    const domain = { chainId, contract: contracts.VerdictOracle };
    const model = sha256Hex("a detector");
    const place = { oracleSet, stream, round: 0, firstBatch: 0, lastBatch: 0, device, firstSequence: 1 };
    const judged = { ...place, lastSequence: 5, severity: 2, model, leavesRoot: sha256Hex("leaves") };
    const verdict = { ...judged, kind: VERDICT_KINDS.suspect };
    const explanation = [{ signal: "resp", share: 0.75 }];
    for (const oracle of [0, 1]) {
      const key = readAccountKey(join(data, `keys/oracle-${oracle}.key`));
      const found = { verdict, score: 1_400 + oracle, explanation, at: Date.now() };
      await client.postFinding(signFinding(domain, found, randomBytes(16), key));
    }
  } finally {
    await chain.close();
    provider.destroy();
  }
}
