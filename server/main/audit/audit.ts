import { auditAcks, auditBrokenAcks } from "./acks.ts";
import { auditAside, auditDocuments, auditFindings, auditMigrations } from "./aside.ts";
import { auditBatches } from "./batches.ts";
import { auditConsents } from "./consents.ts";
import { auditEvents, auditOutbox } from "./chain.ts";
import { auditKeptAcks, readKeptAcks } from "./kept-acks.ts";
import { Lies, type AuditReport } from "./lies.ts";
import { auditSteps } from "./steps.ts";
import { auditReleases } from "./releases.ts";
import { auditRequests } from "./requests.ts";
import { auditLeaves } from "./stream.ts";
import type { AuditWorld } from "./world.ts";

export type { AuditReport } from "./lies.ts";

/**
 * Re-derives everything that is stored from what the devices signed, what the chain holds and what the key store opens.
 * Goes on after each lie; the first in the report is the first in the order of the stream. `acks` is the text of a file
 * of acks that devices kept. Throws only UNUSABLE_ACK, or what makes the database or the node unreachable.
 */
export async function audit(world: AuditWorld, acks?: string): Promise<AuditReport> {
  const kept = acks === undefined ? [] : readKeptAcks(acks);
  const lies = new Lies();
  await auditMigrations(world, lies);
  await lies.attempt("key store", async () => lies.count("data keys", (await world.keys.verify()).entries));
  await auditEvents(world, lies);
  const walked = await auditLeaves(world, lies);
  await auditAcks(world, walked, lies);
  await auditBrokenAcks(world, walked, lies);
  await auditBatches(world, walked, lies);
  auditKeptAcks(world, walked, kept, lies);
  await auditConsents(world, lies);
  await auditSteps(world, lies);
  await auditReleases(world, lies);
  await auditOutbox(world, lies);
  await auditAside(world, lies);
  await auditDocuments(world, lies);
  await auditFindings(world, lies);
  await auditRequests(world, lies);
  return lies.report();
}
