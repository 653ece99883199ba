/**
 * Writes clean hours of the ward as rows to train a detector on: node scripts/ward-rows.ts FILE [PEOPLE]. The people are those whom
 * the shipped detector learns from: nobody is calibrated or measured with them.
 */
import { WARD_SEED } from "../lab/fit-regime.ts";
import { TWIN_BODIES } from "../lab/fit-twin.ts";
import { writeWardRows } from "../lab/write-rows.ts";

const [file, people = TWIN_BODIES] = process.argv.slice(2);
if (file === undefined || !(Number(people) > 0)) {
  console.error("Usage: node scripts/ward-rows.ts FILE [PEOPLE]");
  process.exit(2);
}
writeWardRows(file, WARD_SEED, Math.ceil(Number(people)));
