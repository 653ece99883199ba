import { ERRORS, TwinwardError, type ErrorCode } from "../../protocol/errors.ts";

const OWN = new Set(["type", "title", "status", "code", "remedy"]);

/** The error that a server's answer tells of, with its code and facts; INTERNAL for what is no problem of ours. */
export async function toError(response: Response): Promise<TwinwardError> {
  let told: unknown;
  try {
    told = await response.json();
  } catch {
    // Not JSON: then somebody between us and the server answered.
    told = undefined;
  }
  return errorOf(told, response.status);
}

/** The error that a problem's JSON tells of. */
export function errorOf(told: unknown, status: number): TwinwardError {
  const problem = typeof told === "object" && told !== null ? (told as Record<string, unknown>) : {};
  if (typeof problem.code !== "string" || !Object.hasOwn(ERRORS, problem.code)) {
    return new TwinwardError("INTERNAL", { detail: `The server answered with status ${status}.` });
  }
  const facts = Object.fromEntries(Object.entries(problem).filter(([name]) => !OWN.has(name)));
  return new TwinwardError(problem.code as ErrorCode, facts);
}
