import { setTimeout as pause } from "node:timers/promises";
import { ERRORS, TwinwardError, type ErrorCode } from "../../protocol/errors.ts";
import { until } from "../helpers/journey.ts";
import type { PatientDevice } from "./patient-device.ts";

/** Between two questions of one of them: they are there all the time, and leave the machine to the server. */
const PACE_MS = 100;

/** What one of them was told: how often each word, "ack" and "data" or a code. */
export type Told = ReadonlyMap<string, number>;
type Who = "device" | "reader" | "revoked";

/**
 * A device that goes on sending, a reader that goes on reading, and one whose grant was revoked and who goes on trying, whatever
 * becomes of the server's chain. Each answer must be what they ask for or a code of ours under its status; the revoked one gets no data.
 */
export class Traffic {
  readonly #patient: PatientDevice;
  readonly #told: Record<Who, Map<string, number>> = { device: new Map(), reader: new Map(), revoked: new Map() };
  readonly #loops: Promise<void>[];
  #isEnded = false;
  #isResting = false;
  #isSending = false;
  /** Whether the server may be away: whoever kills it says so. */
  mayBeAway = false;
  /** What nobody may be told, with the reason where there is one. */
  readonly wrong: string[] = [];
  /** Why a server that should be there was not reached. */
  readonly #why = new Map<Who, string>();

  constructor(patient: PatientDevice, read: () => Promise<unknown>, readRevoked: () => Promise<unknown>) {
    this.#patient = patient;
    this.#loops = [
      this.#goOn("device", () => this.#send()),
      this.#goOn("reader", () => this.#wordOf("reader", read())),
      this.#goOn("revoked", () => this.#wordOf("revoked", readRevoked())),
    ];
  }

  /** Forgets what was told up to now. */
  forget(): void {
    for (const words of Object.values(this.#told)) words.clear();
  }

  told(who: Who): Told {
    return this.#told[who];
  }

  /** Waits until one of them was told this word since `forget`. */
  async hears(who: Who, word: string, times = 1): Promise<void> {
    const heard = async (): Promise<true | undefined> => (this.told(who).get(word) ?? 0) >= times || undefined;
    await until(`the ${who} is told ${word}`, heard, 90_000, () => [[...this.told(who)], this.wrong]);
  }

  /** Meanwhile the device signs nothing more, and all that it signed is acked; the readers go on. */
  async resting<T>(work: () => Promise<T>): Promise<T> {
    this.#isResting = true;
    try {
      await until("nothing is under way", async () => !this.#isSending || undefined);
      const left = async (): Promise<Response | undefined> =>
        this.#patient.waiting.length > 0 ? this.#patient.send(0) : undefined;
      await until("all that was signed is acked", async () => ((await left()) === undefined ? true : undefined));
      return await work();
    } finally {
      this.#isResting = false;
    }
  }

  /** Meanwhile the server need not answer. */
  async whileAway<T>(work: () => Promise<T>): Promise<T> {
    this.mayBeAway = true;
    try {
      return await work();
    } finally {
      this.mayBeAway = false;
    }
  }

  async end(): Promise<void> {
    this.#isEnded = true;
    await Promise.all(this.#loops);
  }

  async #goOn(who: Who, ask: () => Promise<string>): Promise<void> {
    while (!this.#isEnded) {
      await pause(PACE_MS);
      if (who === "device" && this.#isResting) continue;
      const word = await ask();
      const words = this.#told[who];
      words.set(word, (words.get(word) ?? 0) + 1);
      if (!this.#mayBe(who, word)) this.wrong.push(`${who}: ${word} ${this.#why.get(who) ?? ""}`.trimEnd());
    }
  }

  #mayBe(who: Who, word: string): boolean {
    if (word === "SERVER_UNREACHABLE" || word === "SERVER_ENDING") return this.mayBeAway;
    if (who === "device" && word === "ack") return true;
    if (who === "reader" && word === "data") return true;
    if (who === "revoked" && word === "GRANT_REVOKED") return true;
    return word in ERRORS && ERRORS[word as ErrorCode].status === 503;
  }

  async #send(): Promise<string> {
    this.#isSending = true;
    try {
      const refused = await this.#patient.send();
      if (refused === undefined) return "ack";
      const { code } = (await refused.json()) as { code: string };
      return code in ERRORS && ERRORS[code as ErrorCode].status === refused.status ? code : `${refused.status} ${code}`;
    } catch (error) {
      // What undici throws where the connection breaks.
      if (!(error instanceof TypeError)) return String(error);
      this.#why.set("device", String(error.cause));
      return "SERVER_UNREACHABLE";
    } finally {
      this.#isSending = false;
    }
  }

  #wordOf(who: Who, read: Promise<unknown>): Promise<string> {
    return read.then(
      () => "data",
      (error: unknown) => {
        if (!(error instanceof TwinwardError)) return String(error);
        if (error.code === "SERVER_UNREACHABLE") this.#why.set(who, error.message);
        return error.code;
      },
    );
  }
}
