/**
 * Columns of which `audit` may miss a changed byte, as `table.column`, each with its reason. The test fails for a column that
 * is missed and not here, and for one that is here and found. None may hold a reading, a disclosure, a batch, a record or an ack.
 */
export const MAY_MISS: Readonly<Record<string, string>> = {};
