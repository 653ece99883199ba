import hardhatEthers from "@nomicfoundation/hardhat-ethers";
import { defineConfig } from "hardhat/config";
import { createRequire } from "node:module";

// The compiler comes from npm, so that building needs no download of its own.
const solc = { version: "0.8.37", path: createRequire(import.meta.url).resolve("solc/soljson.js") };
// No metadata behind the code: a comment changes no bytecode, and the committed bytecode is what this source makes.
const settings = { evmVersion: "osaka", optimizer: { enabled: true, runs: 1_000 }, metadata: { appendCBOR: false } };

export default defineConfig({
  plugins: [hardhatEthers],
  solidity: {
    profiles: {
      default: { ...solc, settings },
      production: { ...solc, settings: { ...settings, optimizer: { enabled: true, runs: 10_000 } } },
    },
  },
  paths: { sources: "contracts", tests: { solidity: "test/contracts" } },
  networks: { default: { type: "edr-simulated", chainId: 31337, hardfork: "osaka" } },
  test: {
    solidity: {
      fuzz: { runs: 256, seed: "0x2a" },
      invariant: { runs: 64, depth: 64 },
      fsPermissions: { readDirectory: ["test/vectors"] },
    },
  },
});
