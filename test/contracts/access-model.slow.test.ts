// MODEL_SEQUENCES asks for more or fewer, MODEL_SEED for others: a failure names the seed of its sequence.
import { expect } from "chai";
import { REASONS } from "../../server/access/decide.ts";
import { BEGIN, playSequence, Tally } from "./model/play-sequence.ts";
import { setStage } from "./model/stage.ts";

const SEQUENCES = Number(process.env["MODEL_SEQUENCES"] ?? 10_000);
const SEED = process.env["MODEL_SEED"] ?? "slow";

/** Every refusal that the acts can meet. */
const WORDS = [
  ...["AccessManagedUnauthorized", "AccessManagerAlreadyScheduled", "AccessManagerNotReady"],
  ...["AccessManagerNotScheduled", "AccessManagerUnauthorizedAccount", "AccessManagerUnauthorizedCall"],
  ...["AccessManagerUnauthorizedCancel", "hasContinuity"],
  ...["AssignmentAlreadyEnded", "AssignmentEndUnexpected", "AssignmentOpen"],
  ...[
    "AssignmentStartUnexpected",
    "BatchUneven",
    "ConsentMaskRefused",
    "ConsentMaskShrinks",
    "DelegationExceedsParent",
  ],
  ...["DepthTooGreat", "DeviceRetired", "DeviceStateUnexpected", "DeviceUnknown", "EpochRaised", "GrantExpired"],
  ...["GrantRevoked", "GrantTermEmpty", "GrantUnknown", "GrantsPaused", "ManifestHashZero", "MemberUnknown"],
  ...[
    "NonceUsed",
    "NotOfferedSteward",
    "NotSteward",
    "NotSubject",
    "NotVerdictOracle",
    "PurposesRefused",
    "ReaderZero",
    "ResumedTooEarly",
  ],
  ...["AlreadyReviewed", "AssignmentEnded", "MemberNotPresent", "NoEmergencyTwin", "NotHolder", "NotOpener"],
  ...["NotReviewer", "NoteMissing", "OpeningOver", "OpeningRuns", "OpeningTermUnexpected", "OpeningUnknown"],
  ...["ReasonMissing", "ReviewOfOwn", "ReviewOverdue", "SecondIsOpener", "TwinNotOfAssignment"],
  ...["SecurityTwinExists", "SecurityTwinOnly", "SegmentsMissing", "SegmentsNotInTwin", "SequenceTooLarge"],
  ...["SignatureExpired", "SignatureInvalid", "SubjectAlreadyBound", "SubjectZero", "TwinEnded", "TwinUnknown"],
];

describe("the contracts and an executable model of them, at length", function () {
  this.timeout(3_600_000);

  it(`agree in ${SEQUENCES} random sequences, which meet every refusal and every answer`, async () => {
    const stage = await setStage(BEGIN);
    const tally = new Tally();
    const began = performance.now();
    for (let i = 0; i < SEQUENCES; i++) await playSequence(stage, `${SEED} ${i}`, tally);
    const total = (counts: ReadonlyMap<string, number>): number => [...counts.values()].reduce((sum, n) => sum + n, 0);
    const seconds = ((performance.now() - began) / 1000).toFixed(0);
    console.log(`      ${total(tally.words)} acts and ${total(tally.reasons)} answers in ${seconds} s`);
    expect(WORDS.filter((word) => !tally.words.has(word))).to.deep.equal([]);
    expect(REASONS.filter((reason) => !tally.reasons.has(reason))).to.deep.equal([]);
  });
});
