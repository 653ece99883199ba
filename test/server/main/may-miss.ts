/**
 * Columns of which `audit` may miss a changed byte, as `table.column`, each with its reason. The test fails for a column that
 * is missed and not here, and for one that is here and found. None may hold a reading, a disclosure, a batch, a record or an ack.
 */
export const MAY_MISS: Readonly<Record<string, string>> = {
  // When an answer is posted again; what is posted is made of records each time.
  "webhook.attempts": "how often an app was not there, which nobody signs; more than is ever tried is found",
  "webhook.due": "when an app is told the next time, which nobody signs and nothing proven rests on",
  // Which document goes first when too many are there that the chain does not name; no such document says anything.
  "document.arrived": "the order of uploads, which nobody signs and nothing proven rests on",
};
