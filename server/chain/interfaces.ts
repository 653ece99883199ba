import { Interface, type InterfaceAbi } from "ethers";
import { anchorLogAbi } from "../../protocol/abi/AnchorLog.ts";
import { breakGlassAbi } from "../../protocol/abi/BreakGlass.ts";
import { deviceRegistryAbi } from "../../protocol/abi/DeviceRegistry.ts";
import { grantRegistryAbi } from "../../protocol/abi/GrantRegistry.ts";
import { memberRegistryAbi } from "../../protocol/abi/MemberRegistry.ts";
import { operatorsAbi } from "../../protocol/abi/Operators.ts";
import { twinRegistryAbi } from "../../protocol/abi/TwinRegistry.ts";
import { verdictOracleAbi } from "../../protocol/abi/VerdictOracle.ts";
import { ALL_CONTRACTS, type ContractName } from "../../protocol/words.ts";

/** What our contracts understand, ready to encode calls and to decode events and errors. */
export const interfaces: Readonly<Record<ContractName, Interface>> = {
  MemberRegistry: toInterface(memberRegistryAbi),
  DeviceRegistry: toInterface(deviceRegistryAbi),
  AnchorLog: toInterface(anchorLogAbi),
  TwinRegistry: toInterface(twinRegistryAbi),
  GrantRegistry: toInterface(grantRegistryAbi),
  VerdictOracle: toInterface(verdictOracleAbi),
  Operators: toInterface(operatorsAbi),
  BreakGlass: toInterface(breakGlassAbi),
};

function toInterface(abi: unknown): Interface {
  return new Interface(abi as InterfaceAbi);
}

/**
 * A revert in the contracts' own words, e.g. `AnchorNumberUnexpected(0x…, 4, 3)`; undefined when the data are no error of ours.
 */
export function describeRevert(data: string | null | undefined): string | undefined {
  if (data === null || data === undefined || data === "0x") return undefined;
  for (const name of ALL_CONTRACTS) {
    const error = interfaces[name].parseError(data);
    if (error) return `${error.name}(${error.args.map(String).join(", ")})`;
  }
  return undefined;
}
