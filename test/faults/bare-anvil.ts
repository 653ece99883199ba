// A node without our door: its history can be taken back.
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { eventually } from "../server/chain/ask.ts";

const WORDS = "--port 0 --hardfork osaka --gas-price 0 --block-base-fee-per-gas 0 --disable-min-priority-fee";

export interface BareAnvil {
  readonly url: string;
  close(): Promise<void>;
}

export async function startBareAnvil(): Promise<BareAnvil> {
  const manifest = createRequire(import.meta.url).resolve("@foundry-rs/anvil-linux-amd64/package.json");
  const program = process.env.ANVIL ?? join(dirname(manifest), "bin", "anvil");
  const node = spawn(program, WORDS.split(" "), { stdio: ["ignore", "pipe", "ignore"] });
  const ended = new Promise((resolve) => node.once("exit", resolve));
  let said = "";
  node.stdout.on("data", (chunk: Buffer) => void (said += chunk.toString()));
  const [, port] = await eventually(() => /Listening on 127\.0\.0\.1:(\d+)/.exec(said) ?? undefined, 30_000);
  return {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      node.kill("SIGKILL");
      await ended;
    },
  };
}
