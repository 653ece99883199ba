/**
 * The leak does not compile. This file is checked by `tsc`, never run: each line below would hand out something that did
 * not come out of `scope`, and each must be an error.
 */
import type { Response } from "express";
import type { Manifest } from "../../../protocol/manifest.ts";
import { sendTwin } from "../../../server/api/send.ts";
import type { Permit, PermitTerms } from "../../../server/access/permit.ts";
import { scope, type DigitalTwin, type History, type ScopedTwin } from "../../../server/twin/scope.ts";
// @ts-expect-error the class behind ScopedTwin is not exported
import { CutTwin } from "../../../server/twin/scope.ts";
// @ts-expect-error neither is the one behind Permit
import { DurablePermit } from "../../../server/access/permit.ts";

export { CutTwin, DurablePermit };

export function leaks(
  response: Response,
  twin: DigitalTwin,
  history: History,
  terms: PermitTerms,
  permit: Permit,
  manifest: Manifest,
): void {
  // @ts-expect-error the whole twin is no scoped twin
  sendTwin(response, twin);
  // @ts-expect-error nor is what one is made of
  sendTwin(response, history);
  // @ts-expect-error nor a look-alike
  const lookAlike: ScopedTwin = { toJSON: () => history };
  // @ts-expect-error terms that nobody decided are no permit
  const forged: Permit = { terms };
  // @ts-expect-error and cut nothing
  scope(twin, { terms }, manifest);
  // The one way.
  sendTwin(response, scope(twin, permit, manifest));
  void lookAlike;
  void forged;
}
