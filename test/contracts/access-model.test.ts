import { expect } from "chai";
import type { Hex } from "../../protocol/bytes.ts";
import type { Reason } from "../../server/access/decide.ts";
import { AccessModel, type Question } from "./model/access-model.ts";
import { DAY } from "./model/office-model.ts";
import { BEGIN, playSequence, Tally } from "./model/play-sequence.ts";
import { setStage, type Stage } from "./model/stage.ts";

const SEQUENCES = 40;
/** Where the search for a mistake begins that few sequences bring to light. */
const BEGINS: Readonly<Record<string, number>> = { "what was signed outlives its epoch": 200 };

describe("the contracts and an executable model of them", () => {
  let stage: Stage;
  before(async () => {
    stage = await setStage(BEGIN);
  });

  it("agree on every outcome and every answer of random sequences", async () => {
    const tally = new Tally();
    for (let i = 0; i < SEQUENCES; i++) await playSequence(stage, `short ${i}`, tally);
    // What is common is met even in a few sequences; the slow test asks for everything.
    for (const word of [
      "done",
      "NotSteward",
      "GrantRevoked",
      "DelegationExceedsParent",
      "SignatureInvalid",
      "NonceUsed",
      "SecondIsOpener",
      "OpeningRuns",
    ])
      expect(tally.words.get(word), word).to.be.greaterThan(5);
    for (const reason of [
      "Permitted",
      "ParentRevoked",
      "EpochRaised",
      "ConsentMissing",
      "GrantExpired",
      "CommandNotInTwin",
      "BreakGlassEnded",
      "BreakGlassExpired",
    ])
      expect(tally.reasons.get(reason), reason).to.be.greaterThan(0);
  });

  const MUTANTS: Readonly<Record<string, typeof AccessModel>> = {
    "anybody speaks for a subject": class extends AccessModel {
      override speaksFor(): boolean {
        return true;
      }
    },
    "an epoch that is raised ends nothing": class extends AccessModel {
      override raiseEpoch(by: Hex, id: Hex): void {
        super.raiseEpoch(by, id);
        const twin = this.twins.get(id);
        if (twin) twin.epoch -= 1;
      }
    },
    "what was passed on outlives what it came from": class extends AccessModel {
      override explain(question: Question): Reason {
        const reason = super.explain(question);
        return reason === "ParentRevoked" ? "Permitted" : reason;
      }
    },
    "a verdict changes nothing": class extends AccessModel {
      override applyVerdict(by: Hex, id: Hex, kind: number): void {
        const before = this.devices.get(id)?.state;
        super.applyVerdict(by, id, kind);
        const device = this.devices.get(id);
        if (device && before) device.state = before;
      }
    },
    "an opening goes on after it was ended": class extends AccessModel {
      override explain(question: Question): Reason {
        const reason = super.explain(question);
        return reason === "BreakGlassEnded" ? "Permitted" : reason;
      }
    },
    "nobody needs a second holder while a review is overdue": class extends AccessModel {
      constructor(...given: ConstructorParameters<typeof AccessModel>) {
        super(...given);
        this.glass.isOverdue = () => false;
      }
    },
    "nobody is refused while giving is paused": class extends AccessModel {
      constructor(...given: ConstructorParameters<typeof AccessModel>) {
        super(...given);
        this.office.pause = () => undefined;
      }
    },
    "what was signed outlives its epoch": class extends AccessModel {
      override isOfEpoch(): boolean {
        return true;
      }
    },
    "a grant's continuity is never on": class extends AccessModel {
      override setContinuity(...given: Parameters<AccessModel["setContinuity"]>): void {
        super.setContinuity(...given);
        for (const grant of this.grants.values()) grant.continuity = false;
      }
    },
    "an appointment counts at once": class extends AccessModel {
      constructor(...given: ConstructorParameters<typeof AccessModel>) {
        super(...given);
        const has = this.office.has.bind(this.office);
        this.office.has = (role, account) => {
          const now = this.now;
          this.now += DAY;
          try {
            return has(role, account);
          } finally {
            this.now = now;
          }
        };
      }
    },
    "a resumption needs no announcement": class extends AccessModel {
      constructor(...given: ConstructorParameters<typeof AccessModel>) {
        super(...given);
        const resume = this.office.resume.bind(this.office);
        this.office.resume = (by) => {
          this.office.announced ??= this.now;
          resume(by);
        };
      }
    },
  };

  for (const [what, mutant] of Object.entries(MUTANTS)) {
    it(`disagree where the model is wrong: ${what}`, async () => {
      let found = "";
      const begin = BEGINS[what] ?? 0;
      for (let i = begin; i < begin + SEQUENCES && found === ""; i++) {
        await playSequence(stage, `short ${i}`, new Tally(), (...given) => new mutant(...given)).catch(
          (error: Error) => void (found = error.message),
        );
      }
      expect(found).to.match(/^seed short \d+, scene \d/);
    });
  }
});
