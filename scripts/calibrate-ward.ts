/**
 * Limits for the ward of a model that `detect train` has made of scripts/ward-rows.ts, and the PCA beside it:
 * node scripts/calibrate-ward.ts MODEL DIRECTORY [WEEKS]
 */
import { availableParallelism } from "node:os";
import { showProgress } from "../apps/cli/show-progress.ts";
import { calibrateTrained, tellCard } from "../lab/calibrate-ward.ts";
import { fitWardModel } from "../lab/fit.ts";
import { WARD_SEED } from "../lab/fit-regime.ts";
import { loadModel, saveModel } from "../ml/model/model-files.ts";

const WEEKS = 20;
const [from, directory, weeks = WEEKS] = process.argv.slice(2);
if (from === undefined || directory === undefined || !(Number(weeks) > 0)) {
  console.error("Usage: node scripts/calibrate-ward.ts MODEL DIRECTORY [WEEKS]");
  process.exit(2);
}
const counting = showProgress(`limits from ${weeks} device-weeks`);
const calibrated = await calibrateTrained(loadModel(from).model, fitWardModel(WARD_SEED), {
  seed: WARD_SEED,
  weeks: Number(weeks),
  threads: availableParallelism(),
  onDone: (done) => void counting.update(done, ""),
});
counting.stop();
const { card } = calibrated;
const calibration = `For the ward: ${tellCard(Number(weeks))} Of single rows: ${card.calibration}`;
const hash = saveModel(directory, { ...calibrated, card: { ...card, calibration: calibration.slice(0, 2_000) } });
console.log(JSON.stringify({ directory, hash }));
