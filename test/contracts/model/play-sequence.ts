import { createRandom, type Random } from "../../../ml/random.ts";
import { ZERO_32, type Hex } from "../../../protocol/bytes.ts";
import { roleNumber } from "../../../protocol/roles.ts";
import { AccessModel, type Question } from "./access-model.ts";
import { Draw, type Drawn } from "./draw-act.ts";
import { REVIEW_SECONDS, type Opening } from "./glass-model.ts";
import { Refused } from "./refused.ts";
import { CHAIN_ID, HOLDERS, PLAYERS, REVIEWERS, type Stage } from "./stage.ts";

/** Seconds at which every sequence begins. */
export const BEGIN = 1_800_000_000;
const SCENES = 3;
const ACTS_MOST = 14;
const ASKS = 12;

/** What was compared, and how often it came out how: so that a test can say that it has met everything. */
export class Tally {
  readonly words = new Map<string, number>();
  readonly reasons = new Map<string, number>();

  static count(in_: Map<string, number>, word: string): void {
    in_.set(word, (in_.get(word) ?? 0) + 1);
  }
}

/** Plays one random sequence on the stage and on the model. Throws, naming the seed, where they disagree. */
export async function playSequence(
  stage: Stage,
  seed: string,
  tally: Tally,
  newModel = (...args: ConstructorParameters<typeof AccessModel>): AccessModel => new AccessModel(...args),
): Promise<void> {
  await stage.reset();
  const random = createRandom(seed);
  const { players, contracts, devices } = stage;
  const { pauser, resumer, appointer, member } = players;
  const offices = { pauser, resumer, appointer, member };
  const judge = { verdictOracle: players.judge, oracle: players.judge };
  const glass = {
    breakGlass: contracts.BreakGlass,
    holders: HOLDERS.map((name) => players[name]),
    reviewers: REVIEWERS.map((name) => players[name]),
  };
  const ground = { chainId: CHAIN_ID, twinRegistry: contracts.TwinRegistry, ...offices, ...judge, ...glass };
  const model = newModel(ground, BEGIN);
  for (const id of devices) {
    const state = { state: "registered" as const, assignments: 0, assigned: false };
    model.devices.set(id, { steward: players.steward, offered: `0x${"00".repeat(20)}`, ...state });
  }
  const draw = new Draw(random, model, stage);
  for (let scene = 0; scene < SCENES; scene++) {
    // Some pauses last their hour: only then can they end.
    const hour = model.office.pausedAt !== undefined && random.integer(3) === 0 ? 3_600 : 0;
    // And some reviews are waited for until they are overdue.
    const waits = model.glass.openings.some(({ reviewed }) => !reviewed) && random.integer(3) === 0;
    const later = 1 + 100 * random.integer(5) + random.integer(2) + hour + (waits ? REVIEW_SECONDS - 200 : 0);
    model.now = scene === 0 ? BEGIN : model.now + later;
    const acts = [
      ...(scene === 0 ? opening(stage, model) : []),
      ...Array.from({ length: 4 + random.integer(ACTS_MOST - 4) }, () => () => draw.act()),
    ];
    // The model goes first, act by act, because what is tried next depends on what there is.
    const tried = acts.map((next) => {
      const drawn = next();
      return { drawn, expected: outcome(drawn) };
    });
    const words = await stage.play(
      tried.map(({ drawn }) => drawn.act),
      model.now,
    );
    for (const [i, { drawn, expected }] of tried.entries()) {
      Tally.count(tally.words, expected);
      if (words[i] !== expected) throw new Error(disagreement(seed, scene, i, drawn, expected, words[i] ?? ""));
    }
    await compareWhatStands(stage, model, tally, `seed ${seed}, scene ${scene}`);
    const questions = Array.from({ length: ASKS }, () => drawQuestion(random, model, stage));
    const answers = await stage.explain(questions.map((question) => encode(question, model)));
    for (const [i, question] of questions.entries()) {
      const expected = model.explain(question);
      Tally.count(tally.reasons, expected);
      if (answers[i] !== expected) {
        const asked = JSON.stringify(question, (_, value: unknown) =>
          typeof value === "bigint" ? Number(value) : value,
        );
        throw new Error(`seed ${seed}, scene ${scene}: ${asked} is ${answers[i] ?? ""}, the model says ${expected}`);
      }
    }
  }
}

/** Of every grant whether servers may go on by it, of everybody which offices they have. */
async function compareWhatStands(stage: Stage, model: AccessModel, tally: Tally, where: string): Promise<void> {
  const grants = [...model.grants.values()];
  const goOn = await stage.view(
    "GrantRegistry",
    "hasContinuity",
    grants.map(({ id }) => [id]),
  );
  for (const [i, { id, continuity }] of grants.entries()) {
    if (continuity) Tally.count(tally.words, "hasContinuity");
    if (goOn[i] !== BigInt(continuity)) throw new Error(`${where}: the continuity of ${id} is ${goOn[i] ?? ""}`);
  }
  const asked = (["holder", "reviewer"] as const).flatMap((role) => PLAYERS.map((name) => ({ role, name })));
  const has = await stage.view(
    "Operators",
    "hasRole",
    asked.map(({ role, name }) => [roleNumber(role, 0), stage.players[name]]),
  );
  for (const [i, { role, name }] of asked.entries()) {
    const expected = model.office.has(role, stage.players[name]);
    if (has[i] !== BigInt(expected)) throw new Error(`${where}: that ${name} is a ${role} is ${has[i] ?? ""}`);
  }
}

function outcome({ model }: Drawn): string {
  try {
    model();
    return "done";
  } catch (error) {
    if (error instanceof Refused) return error.word;
    throw error;
  }
}

const disagreement = (seed: string, scene: number, i: number, { act }: Drawn, expected: string, got: string): string =>
  `seed ${seed}, scene ${scene}, act ${i}: ${act.method} by ${act.by} is ${got}, the model says ${expected}: ${JSON.stringify(
    act.args,
    (_, value: unknown) => (typeof value === "bigint" ? Number(value) : value),
  )}`;

/** Both devices in use: a security twin, an assignment and a twin each, which is its emergency twin too, by their steward. */
function opening({ devices, players }: Stage, model: AccessModel): (() => Drawn)[] {
  const manifest: Hex = `0x${"cc".repeat(32)}`;
  const by = "steward" as const;
  const who = players.steward;
  return devices.flatMap((device) => [
    () => ({
      act: { by, target: "TwinRegistry" as const, method: "createSecurityTwin", args: [device, manifest, 0x1f] },
      model: () => model.createSecurityTwin(who, device, manifest, 0x1fn),
    }),
    () => ({
      act: { by, target: "TwinRegistry" as const, method: "beginAssignment", args: [device, 1] },
      model: () => model.beginAssignment(who, device, 1n),
    }),
    () => {
      const assignment = [...model.assignments.keys()].at(-1) ?? ZERO_32;
      return {
        act: { by, target: "TwinRegistry" as const, method: "createTwin", args: [assignment, manifest, 0x0f, 0x03] },
        model: () => model.createTwin(who, assignment, manifest, 0x0fn, 0x03n),
      };
    },
    () => {
      const [twin, { assignment }] = [...model.twins].at(-1) ?? [ZERO_32, { assignment: null }];
      const named = [assignment ?? ZERO_32, twin, 0] as const;
      return {
        act: { by, target: "BreakGlass" as const, method: "nameEmergencyTwin", args: named },
        model: () => model.glass.nameEmergencyTwin(who, ...named),
      };
    },
  ]);
}

function drawQuestion(random: Random, model: AccessModel, { devices, players }: Stage): Question {
  const one = <T>(of: readonly T[]): T => of[random.integer(of.length)] as T;
  const often = (share: number): boolean => random.uniform() < share;
  const { openings } = model.glass;
  if (openings.length > 0 && often(0.2)) return drawQuestionOf(one(openings), one, often, model, players);
  const given = model.grants.size > 0 && often(0.9) ? one([...model.grants.values()]) : undefined;
  const twins = [...model.twins.keys()];
  const twin = given && often(0.93) ? given.twin : twins.length > 0 && often(0.95) ? one(twins) : ZERO_32;
  const own = model.twins.get(twin)?.device;
  const purposes = given ? [0, 1, 2, 3, 4].filter((bit) => (given.purposes >> bit) & 1) : [];
  return {
    twin,
    device: own !== undefined && often(0.97) ? own : one(devices),
    grant: given?.id ?? ZERO_32,
    reader: given && often(0.93) ? given.reader : players[one(PLAYERS)],
    purpose: purposes.length > 0 && often(0.8) ? one(purposes) : random.integer(6),
    command: often(0.25),
    segments: given && often(0.6) ? given.segments : BigInt(random.integer(0x20)),
    sourced: given === undefined || often(0.95),
  };
}

/** By an opening of the glass, as who opened it would ask, or a little otherwise. */
function drawQuestionOf(
  { id, twin, opener }: Opening,
  one: <T>(of: readonly T[]) => T,
  often: (share: number) => boolean,
  model: AccessModel,
  players: Stage["players"],
): Question {
  const shown = model.twins.get(twin);
  const asked = often(0.9) ? twin : one([...model.twins.keys()]);
  return {
    twin: asked,
    device: model.twins.get(asked)?.device ?? ZERO_32,
    grant: id,
    reader: often(0.9) ? opener : players[one(PLAYERS)],
    purpose: often(0.85) ? 1 : one([0, 2, 3, 4, 5]),
    command: often(0.2),
    segments: often(0.8) ? (shown?.segments ?? 1n) : one([0n, 1n, 2n, 0x10n]),
    sourced: true,
  };
}

function encode({ sourced, command, ...ask }: Question, model: AccessModel): [unknown, unknown] {
  const sources = model.sourcesOf(ask.grant);
  // Not those of the grant: the last is left out, or another nonce is named.
  const wrong =
    sources.length > 1 ? sources.slice(0, -1) : sources.map((source) => ({ ...source, nonce: source.nonce + 1n }));
  return [{ ...ask, action: command ? 1 : 0 }, sourced ? sources : wrong];
}
