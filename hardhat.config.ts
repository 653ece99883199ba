import hardhatEthers from "@nomicfoundation/hardhat-ethers";
import { defineConfig } from "hardhat/config";
import { createRequire } from "node:module";

// The compiler comes from npm, so that building needs no download of its own.
const solc = { version: "0.8.37", path: createRequire(import.meta.url).resolve("solc/soljson.js") };
// No metadata behind the code: a comment changes no bytecode, and the committed bytecode is what this source makes.
const settings = { evmVersion: "osaka", optimizer: { enabled: true, runs: 1_000 }, metadata: { appendCBOR: false } };

// What tests run on is what the compiler is sooner done with; what is deployed is the production profile's.
const details = { cse: false, constantOptimizer: false };

// Everyday runs are short; LONG_FUZZ=1 asks for the long ones.
const long = process.env["LONG_FUZZ"] === "1";

export default defineConfig({
  plugins: [hardhatEthers],
  solidity: {
    profiles: {
      default: { ...solc, settings: { ...settings, optimizer: { ...settings.optimizer, details } } },
      production: { ...solc, settings: { ...settings, viaIR: true, optimizer: { enabled: true, runs: 10_000 } } },
    },
  },
  paths: { sources: "contracts", tests: { solidity: "test/contracts" } },
  networks: { default: { type: "edr-simulated", chainId: 31337, hardfork: "osaka" } },
  test: {
    solidity: {
      fuzz: { runs: long ? 10_000 : 256, seed: "0x2a" },
      // A handler that reverts has a bug, or has seen the contracts take what they must refuse.
      invariant: { runs: long ? 256 : 12, depth: long ? 128 : 48, failOnRevert: true },
      fsPermissions: { readDirectory: ["test/vectors"] },
    },
  },
});
