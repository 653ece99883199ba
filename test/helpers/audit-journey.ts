import { expect } from "chai";
import type { AuditReport } from "../../server/main/audit/audit.ts";
import type { Anchor } from "../../protocol/anchors.ts";
import type { Client } from "../../apps/sdk/client.ts";
import type { Journey } from "./journey.ts";

/** Runs `audit`, which must find nothing wrong; how many rows of what it re-derived. */
export async function auditPasses(
  journey: Journey,
  data: string,
  acks?: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<Map<string, number>> {
  const words = ["audit", "--data", data, "--json", ...(acks === undefined ? [] : ["--acks", acks])];
  const { code, out, err } = await journey.run(words, environment);
  expect(err).to.equal("");
  const report = JSON.parse(out) as AuditReport;
  expect(report.lies).to.deep.equal([]);
  expect(code).to.equal(0);
  return new Map(report.checked.map(({ name, count }) => [name, count]));
}

/** Every anchor of the server's stream, oldest first: without a hole, each beginning where the one before it ends. */
export async function readAnchors(client: Client): Promise<Anchor[]> {
  const anchors: Anchor[] = [];
  let page = await client.anchors({ limit: 50 });
  anchors.unshift(...[...page.anchors].reverse());
  while (page.next !== null) {
    page = await client.anchors({ limit: 50, before: page.next });
    anchors.unshift(...[...page.anchors].reverse());
  }
  let firstLeaf = 0;
  for (const [number, anchor] of anchors.entries()) {
    expect([anchor.number, anchor.firstLeaf]).to.deep.equal([number, firstLeaf]);
    firstLeaf += anchor.count;
  }
  return anchors;
}
