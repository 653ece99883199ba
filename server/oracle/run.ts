/**
 * The life of an oracle: see the anchor, observe, judge, remember, say it, find the others, transmit. Each step can fail
 * or be killed; what was not finished is done again from the state file and the chain.
 */
import type { Hex } from "../../protocol/bytes.ts";
import { readFindingBody, readSignedFinding, verifyFinding, type SignedFinding } from "../../protocol/finding.ts";
import { addressOfKey, type VerdictDomain } from "../../protocol/verdict.ts";
import type { WindowDetector } from "../../ml/detectors/window-detector.ts";
import { homesOf, isFollowedBy } from "../chain/stream-line.ts";
import type { Chain, ChainView } from "../chain/view.ts";
import { attest, isForSet, ROUNDS_OPEN, type Pen } from "./attest.ts";
import { isRefusal, type Door } from "./door.ts";
import { isAnswered, quorumFor, toOppose, type Judged, type Verified } from "./gather.ts";
import type { Judge } from "./judge.ts";
import {
  attestedEvent,
  beginWatching,
  firstBatch,
  judgeBatches,
  roundOf,
  roundStarts,
  type Watched,
} from "./judge-batches.ts";
import { observe } from "./observe.ts";
import type { OracleEvent } from "./events.ts";
import { loadState, saveState, type Signed } from "./state-file.ts";
import type { Transmitter } from "./transmit.ts";

export interface OracleRooms {
  readonly chain: Pick<Chain, "view" | "onChange" | "consortium">;
  readonly door: Door;
  readonly transmitter: Transmitter;
  readonly judge: Judge;
  readonly detector: WindowDetector;
  /** What the detector's model is called in verdicts. */
  readonly modelHash: Hex;
  /** secp256k1 private key of the oracle. */
  readonly key: Uint8Array;
  readonly stateFile: string;
  /** ms. */
  readonly now: () => number;
  readonly random: (size: number) => Uint8Array;
  readonly report: (event: OracleEvent) => void;
}

export interface Oracle {
  readonly address: Hex;
  /** Finishes the step at hand and ends. */
  stop(): Promise<void>;
}

/** How long an oracle leaves the transmitting to the one before it: a block and a little. */
const STAGGER_MS = 1_500;
/** How long a transaction may take before it is tried again. */
const RETRY_MS = 5_000;
/** How often others are looked after: soon after news, later, and when nothing is open. */
const POLL_OPEN_MS = 150;
const POLL_LATER_MS = 1_000;
const POLL_IDLE_MS = 2_000;
const SOON_MS = 5_000;
const PAUSE_MS = 500;
const VERIFIED_MOST = 4096;
/** Refusals of a server that is behind the chain, after which a turn hands in no more. */
const BEHIND_MOST = 2;
/** Digests asked for one by one in a turn; the others' turn comes. So a turn stays short however much is open. */
const ASKED_MOST = 32;

/** Starts judging. Throws DATA_UNUSABLE when the state file is another oracle's. */
export function runOracle(rooms: OracleRooms): Oracle {
  const { chain, door, transmitter, judge, detector, modelHash, key } = rooms;
  const report = (event: OracleEvent): void => rooms.report(event);
  const { chainId, contracts } = chain.consortium;
  const domain: VerdictDomain = { chainId, contract: contracts.VerdictOracle };
  const own = addressOfKey(key);
  let state = loadState(rooms.stateFile, own, chainId, domain.contract);
  const streams = new Map<Hex, Watched>();
  const seenAcks = new Set<string>();
  const verified = new Map<string, { readonly body: string; readonly found: Verified | undefined }>();
  const unwelcome = new Set<Hex>();
  const asked = new Set<Hex>();
  const attempts = new Map<Hex, { readonly since: number; sentAt: number }>();
  let stopped = false;
  let saidAt = -Infinity;
  let isNews = false;
  let wake = (): void => undefined;
  const unsubscribe = chain.onChange(() => {
    isNews = true;
    wake();
  });

  const pen = (): Pen => ({ domain, key, at: rooms.now(), salt: rooms.random(16) });
  const nextOf = (stream: Hex): number => state.streams[stream]?.next ?? 0;
  const isOpen = ({ stream, round }: Signed): boolean => round >= roundOf(nextOf(stream)) - ROUNDS_OPEN;

  /** Ended and judged to its end: nothing is open there that would be worth listening for. */
  const isOver = (view: ChainView, stream: Hex): boolean =>
    view.stream(stream)?.successor !== undefined && nextOf(stream) >= view.streamSize(stream);

  /** One turn of the wheel. True while something is open that others may move. */
  async function turn(): Promise<boolean> {
    const view = chain.view();
    const before = Object.keys(state.streams) as Hex[];
    for (const stream of homesOf(view)) await judgeStream(view, stream, before);
    await deliver();
    const listed = await lookAround();
    if (oppose(listed, view)) await deliver();
    return transmitOpen(listed, chain.view());
  }

  /**
   * Judges every anchored batch that was not judged yet, in order: skipping one could hide a verdict that others sign. `before`: the
   * streams that were watched already; what succeeds one of them is judged from its first batch, however much of it is there.
   */
  async function judgeStream(view: ChainView, stream: Hex, before: readonly Hex[]): Promise<void> {
    const anchors = view.anchors(stream);
    if (anchors.length === 0 || nextOf(stream) >= anchors.length) return;
    const known = streams.get(stream);
    const watched = known ?? beginWatching(state, view, stream);
    // A newcomer begins with the round at hand; after a restart it is judged from its first batch again, to the same end.
    const isFollowed = before.some((one) => isFollowedBy(view, one, stream));
    const next = isFollowed ? nextOf(stream) : anchors.length - 1;
    const from = known ? nextOf(stream) : firstBatch(roundOf(next));
    const starts = roundStarts(anchors, roundOf(from));
    const scene = { view, chainId, anchorLog: contracts.AnchorLog, stream, starts, detector };
    await observe(scene, door, watched.devices, seenAcks, (device, why) => report({ event: "refused", device, why }));
    // Judging moves what is watched on. Should the state not become durable, it is built anew from what is.
    streams.delete(stream);
    const judged = await judgeBatches(state, watched, { view, stream, from, judge, detector, modelHash, pen });
    // Until here nothing has left this process: dying now, the same batches are judged again, to the same digests.
    saveState(rooms.stateFile, judged.state);
    state = judged.state;
    streams.set(stream, watched);
    if (judged.events.length > 0) saidAt = rooms.now();
    judged.events.forEach(report);
  }

  /** Hands in what the server does not have yet. */
  async function deliver(): Promise<void> {
    const { oracleSet } = chain.view();
    const open = state.signed.filter((signed) => !signed.settled && isForSet(signed, oracleSet));
    const waiting = new Map(open.map((signed) => [signed.digest, signed]));
    // What was refused before comes last, least lately tried first: it must not keep what is new from the server.
    const fresh = [...waiting.keys()].filter((digest) => !unwelcome.has(digest));
    let behind = 0;
    for (const digest of [...fresh, ...unwelcome]) {
      const signed = waiting.get(digest);
      if (!signed?.signed) continue;
      try {
        await door.post(signed.signed);
      } catch (error) {
        if (!isRefusal(error)) throw error;
        if (!unwelcome.delete(digest)) report({ event: "unwelcome", digest, why: error.message });
        // The server's view of the chain may be behind ours: while the round is open it is handed in again.
        if (error.code === "FINDING_UNFOUNDED" && isOpen(signed)) {
          unwelcome.add(digest);
          // It waits for the chain before it says so, each time: the rest has the next turn, and judging goes on.
          if (++behind === BEHIND_MOST) return;
          continue;
        }
      }
      unwelcome.delete(digest);
      // Not synced by itself: forgetting it only means to send the same bytes again.
      state = { ...state, signed: state.signed.map((s) => (s === signed ? { ...signed, settled: true } : s)) };
    }
  }

  /** Others' findings about the open rounds, or some of them: who floods the list can hide others in it. */
  async function lookAround(): Promise<Verified[]> {
    const going = (Object.keys(state.streams) as Hex[]).filter((stream) => !isOver(chain.view(), stream));
    const rounds = going.map((stream) => roundOf(nextOf(stream)));
    if (rounds.length === 0) return [];
    const since = Math.max(0, Math.min(...rounds) - ROUNDS_OPEN);
    for (const [name, { found }] of verified) if (found && roundIn(found) < since) verified.delete(name);
    if (verified.size > VERIFIED_MOST) verified.clear();
    return (await door.findingsSince(since)).flatMap((item) => verify(item) ?? []);
  }

  /** What the server lists is not trusted: what does not verify is not there. */
  function verify(item: unknown): Verified | undefined {
    try {
      const signed = readSignedFinding(item);
      const name = `${signed.attestation} ${signed.signature}`;
      const known = verified.get(name);
      if (known?.body === signed.body) return known.found;
      const found = verifySigned(signed);
      verified.set(name, { body: signed.body, found });
      return found;
    } catch {
      return undefined;
    }
  }

  function verifySigned(signed: SignedFinding): Verified | undefined {
    try {
      return { body: verifyFinding(domain, signed), attestation: signed.attestation };
    } catch {
      return undefined;
    }
  }

  /** Answers accusations that this oracle found unfounded. True when it has signed something. */
  function oppose(findings: readonly Verified[], view: ChainView): boolean {
    const judgedOf = (stream: Hex, device: Hex, round: number): readonly Judged[] =>
      streams.get(stream)?.judged.get(round)?.get(device) ?? [];
    const isJudged = (stream: Hex, batch: number): boolean => batch < nextOf(stream);
    let told = state;
    const events: OracleEvent[] = [];
    for (const { finding, outcome, lastBatch } of toOppose(findings, judgedOf, isJudged, own)) {
      const { stream, round, device } = finding.verdict;
      const place = { oracleSet: view.oracleSet, stream, round, lastBatch, device, model: modelHash };
      const attesting = attest(told, place, outcome, pen());
      if (!attesting) continue;
      told = attesting.state;
      events.push({ ...attestedEvent(attesting), event: "dissented", against: finding.oracle });
    }
    if (events.length === 0) return false;
    saveState(rooms.stateFile, told);
    state = told;
    events.forEach(report);
    return true;
  }

  /** Sends what has a quorum and waits on the chain for nobody: events say what became of it. True while one is open. */
  async function transmitOpen(listed: readonly Verified[], view: ChainView): Promise<boolean> {
    const open = state.signed.filter((signed) => isOpen(signed) && !isAnswered(view, signed));
    const digests = new Set(open.map(({ digest }) => digest));
    for (const digest of attempts.keys()) if (!digests.has(digest)) attempts.delete(digest);
    const byDigest = Map.groupBy(listed, ({ body }) => body.digest);
    const lacking = new Set(open.filter((s) => !quorumFor(s, byDigest.get(s.digest) ?? [], view, own)));
    const asking = takeTurns([...lacking].map(({ digest }) => digest));
    for (const signed of open) {
      if (!signed.signed || (lacking.has(signed) && !asking.has(signed.digest))) continue;
      // The list may be full of what somebody flooded it with; under one digest nobody can.
      const same = asking.has(signed.digest)
        ? (await door.findingsOf(signed.digest)).flatMap((item) => verify(item) ?? [])
        : (byDigest.get(signed.digest) ?? []);
      const found = quorumFor(signed, same, view, own);
      if (!found) continue;
      const now = rooms.now();
      const attempt = attempts.get(signed.digest) ?? { since: now, sentAt: -Infinity };
      attempts.set(signed.digest, attempt);
      if (now < attempt.since + found.rank * STAGGER_MS || now < attempt.sentAt + RETRY_MS) continue;
      const body = readFindingBody(signed.signed.body);
      const transmission =
        body.format === "clear@1"
          ? await transmitter.allClear(body.clear, found.quorum)
          : await transmitter.verdict(body.verdict, found.quorum);
      if (transmission.outcome !== "early") attempt.sentAt = now;
      report({ event: "transmitted", digest: signed.digest, transmission });
    }
    return open.length > 0;
  }

  /** The next few of these, so that everyone's turn comes. */
  function takeTurns(digests: readonly Hex[]): Set<Hex> {
    if (digests.every((digest) => asked.has(digest))) asked.clear();
    const next = digests.filter((digest) => !asked.has(digest)).slice(0, ASKED_MOST);
    for (const digest of next) asked.add(digest);
    return new Set(next);
  }

  async function live(): Promise<void> {
    let pause = PAUSE_MS;
    while (!stopped) {
      let wait: number;
      isNews = false;
      try {
        const isOpen = await turn();
        // What stays open for long waits for an oracle that is away: it need not be asked for seven times a second.
        wait = !isOpen ? POLL_IDLE_MS : rooms.now() - saidAt < SOON_MS ? POLL_OPEN_MS : POLL_LATER_MS;
        pause = PAUSE_MS;
      } catch (error) {
        // The server or the node does not answer, or the disk does not keep: nothing was said that is not kept. Again.
        report({ event: "waiting", why: error instanceof Error ? error.message : String(error) });
        wait = pause;
        pause = Math.min(2 * pause, 10 * PAUSE_MS);
      }
      if (!stopped && !isNews) await rest(wait);
    }
  }

  const rest = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(() => wake(), ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  const life = live();
  return {
    address: own,
    async stop() {
      stopped = true;
      unsubscribe();
      wake();
      await life;
    },
  };
}

const roundIn = ({ body }: Verified): number => (body.format === "clear@1" ? body.clear.round : body.verdict.round);
