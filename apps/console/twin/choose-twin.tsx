import { useCallback, useEffect, useState } from "react";
import { readManifest, type Manifest, type Purpose } from "../../../protocol/index.ts";
import { ProblemView } from "../problem-view.tsx";
import type { ReaderSession } from "../session/start-session.ts";
import { readableTwins, type ReadableTwin } from "./readable-twins.ts";

/** A twin that is chosen, and why it is read. */
export interface ChosenTwin {
  readonly twin: ReadableTwin;
  readonly manifest: Manifest | undefined;
  readonly purpose: Purpose;
}

interface Offer extends ReadableTwin {
  readonly manifest: Manifest | undefined;
}

type Offered =
  | { kind: "asking" }
  | { kind: "failed"; error: unknown }
  | { kind: "offers"; offers: readonly Offer[]; others: number };

/** Which twin, and for what: reading begins with a decision that is recorded, so it begins with a click. */
export function ChooseTwin({ session, onRead }: { session: ReaderSession; onRead: (chosen: ChosenTwin) => void }) {
  const [offered, setOffered] = useState<Offered>({ kind: "asking" });
  const [wanted, setWanted] = useState<string>();
  const [purpose, setPurpose] = useState<Purpose>();

  const look = useCallback(async (): Promise<void> => {
    try {
      setOffered(await askOffers(session));
    } catch (error) {
      setOffered({ kind: "failed", error });
    }
  }, [session]);

  useEffect(() => void look(), [look]);

  const again = (
    <button type="button" className="button" onClick={() => void look()}>
      Look again
    </button>
  );
  if (offered.kind === "asking") return <p className="waiting">Asking which twins you may read …</p>;
  if (offered.kind === "failed") return <ProblemView error={offered.error}>{again}</ProblemView>;

  const { offers, others } = offered;
  const chosen = offers.find(({ twin }) => twin === wanted) ?? offers[0];
  if (chosen === undefined) {
    return (
      <section className="first">
        <h2>Nothing to read now</h2>
        <p>
          {others === 0
            ? "No twin is connected with this address. A steward gives a grant to it:"
            : "Of the twins that are connected with this address, none has a grant of yours that counts now."}
        </p>
        <p>
          <code>{session.address}</code>
        </p>
        {again}
      </section>
    );
  }
  const reason = purpose !== undefined && chosen.purposes.includes(purpose) ? purpose : chosen.purposes[0];

  return (
    <form
      className="choose"
      onSubmit={(event) => {
        event.preventDefault();
        if (reason !== undefined) onRead({ twin: chosen, manifest: chosen.manifest, purpose: reason });
      }}
    >
      <label>
        <span>Twin</span>
        <select value={chosen.twin} onChange={(event) => setWanted(event.target.value)}>
          {offers.map((offer) => (
            <option key={offer.twin} value={offer.twin}>
              {toName(offer)}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span>Purpose</span>
        <select value={reason} onChange={(event) => setPurpose(event.target.value as Purpose)}>
          {chosen.purposes.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </select>
      </label>
      <button type="submit" className="primary">
        Read
      </button>
      {again}
    </form>
  );
}

/** A twin as a person tells it from the others. */
function toName({ twin, device, manifest }: Offer): string {
  const cut = manifest === undefined ? "" : ` (${manifest.segments.join(", ")})`;
  return `${manifest?.name ?? `${twin.slice(0, 8)}…`} of ${device.slice(0, 8)}…${device.slice(-4)}${cut}`;
}

async function askOffers({ client, address }: ReaderSession): Promise<Offered> {
  const [twins, { at }] = await Promise.all([client.twins(), client.devices()]);
  const readable = readableTwins(twins, address, at / 1000);
  const manifests = new Map(
    await Promise.all(
      [...new Set(readable.map(({ manifestHash }) => manifestHash))].map(
        // A twin whose manifest the server does not hold is read all the same; it only has no name.
        async (hash) =>
          [
            hash,
            await client
              .document(hash)
              .then(readManifest)
              .catch(() => undefined),
          ] as const,
      ),
    ),
  );
  const offers = readable.map((twin) => ({ ...twin, manifest: manifests.get(twin.manifestHash) }));
  return { kind: "offers", offers, others: twins.filter(({ security }) => !security).length - offers.length };
}
