import { connect } from "../../apps/sdk/client.ts";
import type { SignIn } from "../../apps/sdk/sign-in.ts";
import { readAck } from "../../protocol/ack.ts";
import type { Door } from "./door.ts";

/** Readings asked for at once: a round of ten seconds has ten, a replay has thousands. */
const PAGE = 500;
/** Bits in a verdict's bitmask of signers. */
const ORACLES_MOST = 32;
/** ms; an oracle would rather ask again than wait. */
const TIMEOUT_MS = 10_000;

/** The door over HTTP: the same SDK and the same routes as every reader's, signed in with the oracle's own key. */
export function walkIn(url: string, signer: SignIn): Door {
  const client = connect({ url, signer, timeoutMs: TIMEOUT_MS });
  return {
    async lastSequences() {
      const { devices } = await client.devices();
      return new Map(devices.map(({ id, sequence }) => [id, sequence]));
    },
    async readings(twin, after) {
      const page = await client.history(twin, { purpose: "security", fromSequence: after + 1, limit: PAGE });
      // Whatever is no ack is UNUSABLE_ACK, and the device's, not the door's, fault line.
      return page.readings.map(({ reading, ack }) => ({ text: reading, ack: readAck(ack) }));
    },
    post: (finding) => client.postFinding(finding),
    findingsOf: async (digest) => [...(await client.findings({ digest, limit: ORACLES_MOST }))],
    findingsSince: async (since) => [...(await client.findings({ format: "finding@1", since, limit: 1024 }))],
  };
}
