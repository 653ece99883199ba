import type { Manifest } from "../../../protocol/index.ts";
import { toAge } from "../fleet/age.ts";

/** What a manifest does to what the device said, in a sentence. */
export function cutWords(manifest: Manifest | undefined): string {
  if (manifest === undefined) return "Its manifest is not on this server.";
  const { resolution, delay } = manifest;
  const noise = "noise" in manifest && manifest.noise !== undefined ? ", with noise" : "";
  const how =
    resolution === "raw"
      ? "as the device said it"
      : `${resolution.show.join(", ")} of each ${toAge(1_000 * resolution.interval)}${noise}`;
  return delay === 0 ? `${how}.` : `${how}, ${toAge(1_000 * delay)} late.`;
}
