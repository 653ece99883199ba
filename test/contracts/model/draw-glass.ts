// What somebody tries next about breaking the glass.
import { ZERO_32, type Hex } from "../../../protocol/bytes.ts";
import type { AccessModel } from "./access-model.ts";
import type { Drawn, Tools } from "./draw-act.ts";
import { NOBODY, type Word } from "./refused.ts";
import { HOLDERS, REVIEWERS, type PlayerName } from "./stage.ts";

const HOUR = 3_600;
const SAID: Hex = `0x${"dd".repeat(32)}`;

export function glassActs(model: AccessModel, tools: Tools): readonly (readonly [weight: number, draw: () => Drawn])[] {
  const { often, one, player, address, drawn } = tools;
  const { glass } = model;
  const holder = (): PlayerName => (often(0.92) ? one(HOLDERS) : player());
  const word32 = (): Hex => (often(0.95) ? SAID : ZERO_32);
  const opening = (): Hex => {
    const recent = glass.openings.slice(-4);
    return recent.length > 0 && often(0.95) ? one(recent).id : ZERO_32;
  };
  /** Mostly one that was named. */
  const emergencyTwin = (): Hex => {
    const named = [...glass.named.values()].filter((twin) => twin !== ZERO_32);
    return named.length > 0 && often(0.9) ? one(named) : tools.twin();
  };
  const claim = () => {
    const until = model.now + (often(0.93) ? one([1, 50, 300, HOUR, 4 * HOUR]) : one([0, -1, 4 * HOUR + 1]));
    return { twin: emergencyTwin(), until, reason: word32() };
  };
  const signed = (said: ReturnType<typeof claim>, opener: Hex, signer: Hex): [signature: string, word: Word] => {
    const deadline = tools.deadline();
    const words = { ...said, opener, nonce: glass.nonceOf(opener), deadline };
    const { signature, word } = tools.sign("BreakGlass", "BreakGlass", words, signer);
    return [signature, word(deadline)];
  };
  /** Somebody who stands for it too, or nobody. */
  const second = (said: ReturnType<typeof claim>, opener: Hex) => {
    const other = often(0.5) ? NOBODY : address(holder());
    const [signature, word] = signed(said, opener, other);
    return { holder: other, word, args: { holder: other, deadline: word.deadline, signature } };
  };

  const name = (): Drawn => {
    const assignment = tools.assignment();
    const own = [...model.twins].filter(([, twin]) => twin.assignment === assignment).map(([id]) => id);
    const twin = own.length > 0 && often(0.85) ? one(own) : often(0.5) ? ZERO_32 : tools.twin();
    const member = often(0.95) ? 0 : 1;
    const by = tools.steward(model.assignments.get(assignment)?.device ?? ZERO_32);
    return drawn(by, "BreakGlass", "nameEmergencyTwin", [assignment, twin, member], (who) =>
      glass.nameEmergencyTwin(who, assignment, twin, member),
    );
  };
  const open = (): Drawn => {
    const [by, said] = [holder(), claim()];
    const { args, word, holder: other } = second(said, address(by));
    return drawn(by, "BreakGlass", "open", [said, args], (who) => glass.open(who, said, other, word));
  };
  const relayOpen = (): Drawn => {
    const [opener, said] = [address(holder()), claim()];
    const [signature, own] = signed(said, opener, opener);
    const { args, word, holder: other } = second(said, opener);
    const all = [said, opener, own.deadline, signature, args];
    return drawn(player(), "BreakGlass", "relayOpen", all, () => glass.relayOpen(opener, said, own, other, word));
  };
  const end = (): Drawn => {
    if (glass.openings.length === 0 && often(0.9)) return open();
    const id = opening();
    const found = glass.find(id);
    const steward = (): PlayerName => tools.steward(model.twins.get(found?.twin ?? ZERO_32)?.device ?? ZERO_32);
    const by = often(0.15) ? player() : often(0.5) && found ? tools.nameOf(found.opener) : steward();
    return drawn(by, "BreakGlass", "end", [id], (who) => glass.end(who, id));
  };
  const review = (): Drawn => {
    if (glass.openings.length === 0 && often(0.9)) return open();
    const [id, note, by] = [opening(), word32(), often(0.92) ? one(REVIEWERS) : player()];
    return drawn(by, "BreakGlass", "review", [id, often(0.5), note], (who) => glass.review(who, id, note));
  };
  return [
    [5, name],
    [8, open],
    [3, relayOpen],
    [2, end],
    [8, review],
  ];
}
