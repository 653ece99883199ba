/** Fits the ward's detector and writes it where the repository keeps it: node scripts/fit-ward.ts [DIRECTORY] [WEEKS] */
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { calibrateWard, tellCard, withUsual } from "../lab/calibrate-ward.ts";
import { fitWardModel } from "../lab/fit.ts";
import { fitWardRegime, LEARNED_BODIES, LEARNED_SECONDS, WARD_SEED } from "../lab/fit-regime.ts";
import { fitWardTwin } from "../lab/fit-twin.ts";
import { SEGMENTS } from "../lab/sample.ts";
import { DETECTOR, packRegime } from "../ml/detectors/regime/pack-regime.ts";
import { loadEngine } from "../ml/engines/load.ts";
import { saveModel } from "../ml/model/model-files.ts";
import { hashModel } from "../ml/model-hash.ts";
import { showProgress } from "../apps/cli/show-progress.ts";

const SHIPPED = fileURLToPath(new URL("../lab/models/ward", import.meta.url));
const WEEKS = 20;

const directory = process.argv[2] ?? SHIPPED;
const weeks = Number(process.argv[3] ?? WEEKS);
const engine = await loadEngine();
const learning = showProgress("the network learns");
const regime = await fitWardRegime(WARD_SEED, engine, (done) => void learning.update(done, ""));
learning.stop();
const twinning = showProgress("the twin learns");
const fitted = await fitWardTwin(WARD_SEED, { onProgress: (done) => void twinning.update(done, "") });
twinning.stop();
const twin = await withUsual(fitted, WARD_SEED);
const counting = showProgress(`limits from ${weeks} device-weeks`);
const limited = await calibrateWard({ regime, trained: twin }, fitWardModel(WARD_SEED), {
  seed: WARD_SEED,
  weeks,
  threads: availableParallelism(),
  onDone: (done) => void counting.update(done, ""),
});
counting.stop();
// The PCA stays beside them as what they are measured by; what it sees, the twin sees in smaller changes.
const rules = limited.rules.filter(({ part }) => part !== "pca");
const hash = saveModel(
  directory,
  packRegime(
    { regime, twin, pca: limited.pca, rules },
    {
      format: "model-card@1",
      detector: DETECTOR,
      engine: engine.version,
      sees: [...SEGMENTS],
      calibration: tellCard(weeks),
      falsePositives: [
        "fingers that move or probes that slip for longer, or more evenly, than in those weeks",
        "temperature probes that are replaced, where the new one is colder than any was in those weeks",
      ],
      data: {
        digest: hashModel({
          lab: "simulated people",
          seed: WARD_SEED,
          bodies: LEARNED_BODIES,
          seconds: LEARNED_SECONDS,
        }),
        rows: LEARNED_BODIES * LEARNED_SECONDS,
      },
      privacy: null,
      metrics: [],
    },
  ),
);
console.log(JSON.stringify({ directory, hash }));
