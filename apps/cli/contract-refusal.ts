import { Interface, type ErrorDescription, type InterfaceAbi } from "ethers";
import { anchorLogAbi } from "../../protocol/abi/AnchorLog.ts";
import { breakGlassAbi } from "../../protocol/abi/BreakGlass.ts";
import { deviceRegistryAbi } from "../../protocol/abi/DeviceRegistry.ts";
import { grantRegistryAbi } from "../../protocol/abi/GrantRegistry.ts";
import { memberRegistryAbi } from "../../protocol/abi/MemberRegistry.ts";
import { operatorsAbi } from "../../protocol/abi/Operators.ts";
import { twinRegistryAbi } from "../../protocol/abi/TwinRegistry.ts";
import { verdictOracleAbi } from "../../protocol/abi/VerdictOracle.ts";
import { codeOfRefusal, TwinwardError } from "../../protocol/errors.ts";

// One contract passes on what another one refuses, so the errors of all are looked through, whichever was called.
const INTERFACES = [
  memberRegistryAbi,
  deviceRegistryAbi,
  anchorLogAbi,
  twinRegistryAbi,
  grantRegistryAbi,
  verdictOracleAbi,
  breakGlassAbi,
  operatorsAbi,
].map((abi) => new Interface(abi as unknown as InterfaceAbi));

/**
 * What a contract refused, under the code of its word: GrantExpired → GRANT_EXPIRED, with the evidence in `detail`. A word that the
 * table has not is TRANSACTION_REVERTED and names it; undefined for data that are no error of ours.
 */
export function refusalOf(data: string | null | undefined, cause?: unknown): TwinwardError | undefined {
  if (data === null || data === undefined || data === "0x") return undefined;
  const found = INTERFACES.reduce<ErrorDescription | null>((known, one) => known ?? one.parseError(data), null);
  if (found === null) return undefined;
  const detail = `The contract refused: ${found.name}(${found.args.map(String).join(", ")}).`;
  return new TwinwardError(codeOfRefusal(found.name) ?? "TRANSACTION_REVERTED", { detail }, cause);
}
