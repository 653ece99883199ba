import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const anvil =
  process.env.ANVIL ??
  fileURLToPath(new URL("../../node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil", import.meta.url));

/** A real chain node, empty: a chain that is not the consortium's. */
export async function startNode(chainId: number): Promise<{ url: string; close(): Promise<void> }> {
  const child = spawn(anvil, ["--port", "0", "--chain-id", String(chainId), "--accounts", "1"], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const gone = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const url = await new Promise<string>((resolve, reject) => {
    child.once("error", reject);
    createInterface(child.stdout).on("line", (line) => {
      const address = /Listening on (\S+)/.exec(line)?.[1];
      if (address !== undefined) resolve(`http://${address}`);
    });
    void gone.then(() => reject(new Error("the chain node ended before it listened")));
  });
  return {
    url,
    close: () => {
      child.kill();
      return gone;
    },
  };
}
