import type { AnchorSource, Hex } from "../../../protocol/index.ts";

/** The source's answers as of one moment, each question asked of it once: thousands of receipts ask the same. */
export function askOnce(source: AnchorSource): AnchorSource {
  return {
    describe: () => source.describe(),
    chain: once(source.chain.bind(source)),
    anchors: once(source.anchors.bind(source)),
    device: once(source.device.bind(source)),
    ...(source.frontier && { frontier: once(source.frontier.bind(source)) }),
    ...(source.checkpoint && { checkpoint: once(source.checkpoint.bind(source)) }),
    ...(source.block && { block: once(source.block.bind(source)) }),
  };
}

function once<K extends readonly Hex[], T>(ask: (...about: K) => T): (...about: K) => T {
  const known = new Map<string, T>();
  return (...about) => {
    const answer = known.get(about.join()) ?? ask(...about);
    known.set(about.join(), answer);
    return answer;
  };
}
