import { toBase64url, toHex, type Hex } from "../../../protocol/bytes.ts";
import { TwinwardError } from "../../../protocol/errors.ts";
import type { Es256Signer } from "../../../protocol/es256.ts";
import { canonical } from "../../../protocol/json.ts";
import { webhookMessage, type Webhook } from "../../../protocol/webhook.ts";
import type { Database } from "../../store/database.ts";
import { postWebhook } from "./post-webhook.ts";
import { findRequest, type KeptRequest } from "./rows.ts";

const SECOND_MS = 1_000;
const AT_ONCE = 8;
const ANSWERED_WITHIN_MS = 10 * SECOND_MS;
/** 1, 2, 4 … seconds, then every hour: 2^12 seconds is the first step beyond it. */
const LONGEST_PAUSE_MS = 3_600 * SECOND_MS;
/** Attempts in about a day: twelve until the pauses are an hour long, then one an hour. */
export const MOST_ATTEMPTS = 35;
/** A look in between, for clocks that were put back. */
const LOOK_EVERY_MS = 30 * SECOND_MS;

export interface WebhookParts {
  readonly database: Database;
  readonly chainId: number;
  readonly stream: Hex;
  /** The gateway's. */
  readonly signer: Es256Signer;
  readonly privateAllowed: boolean;
  /** ms. */
  readonly now: () => number;
  readonly report: (error: unknown) => void;
}

export interface Webhooks {
  /** There may be something to post. */
  wake(): void;
  close(): Promise<void>;
}

/** How long to wait after so many attempts, ms. */
export const pauseAfter = (attempts: number): number => Math.min(SECOND_MS * 2 ** (attempts - 1), LONGEST_PAUSE_MS);

/**
 * Tells apps how their requests ended, out of a table: what was not taken by somebody is posted again, also after a kill. Dying
 * between an app's answer and the deletion posts once more, never once less.
 */
export function createWebhooks(parts: WebhookParts): Webhooks {
  const { database, now } = parts;
  const closing = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let again = false;

  async function postDue(): Promise<void> {
    for (let found = AT_ONCE; found === AT_ONCE && !closing.signal.aborted;) {
      const due = await database.query<{ request: Uint8Array; attempts: number }>(
        "select request, attempts from webhook where due <= $1 order by due limit $2",
        [now(), AT_ONCE],
      );
      found = due.length;
      await Promise.all(due.map(({ request, attempts }) => postOne(toHex(request), request, attempts + 1)));
    }
  }

  async function postOne(id: Hex, row: Uint8Array, attempt: number): Promise<void> {
    const taken = await tryOnce(id);
    // A server that ends has not failed to be heard.
    if (!taken && closing.signal.aborted) return;
    if (!taken && attempt < MOST_ATTEMPTS) {
      const due = now() + pauseAfter(attempt);
      await database.query("update webhook set attempts = $2, due = $3 where request = $1", [row, attempt, due]);
      return;
    }
    if (!taken) parts.report(new TwinwardError("WEBHOOK_UNANSWERED", { request: id, attempts: attempt }));
    await database.query("delete from webhook where request = $1", [row]);
  }

  /** Whether somebody took it. Where it went and what went wrong there is a stranger's business, and stays out of the log. */
  async function tryOnce(id: Hex): Promise<boolean> {
    const kept = await findRequest(database, id);
    if (!kept?.asked.webhook) return true;
    const { body, signature } = await write(kept);
    const signal = AbortSignal.any([closing.signal, AbortSignal.timeout(ANSWERED_WITHIN_MS)]);
    const { privateAllowed } = parts;
    const status = await postWebhook({ url: kept.asked.webhook, body, signature, privateAllowed, signal }).catch(
      () => 0,
    );
    return status >= 200 && status < 300;
  }

  async function write({ request, answer, answerLeaf }: KeptRequest): Promise<{ body: string; signature: string }> {
    if (!answer || !answerLeaf) throw new TwinwardError("DATA_UNUSABLE", { request });
    const { chainId, stream } = parts;
    const webhook: Webhook = { format: "webhook@1", chainId, stream, answer, leaf: answerLeaf };
    const body = canonical(webhook);
    return { body, signature: toBase64url(await parts.signer(webhookMessage(webhook, body))) };
  }

  async function nextIn(): Promise<number> {
    const [row] = await database.query<{ due: number | null }>("select min(due) as due from webhook");
    return Math.min(LOOK_EVERY_MS, Math.max(0, (row?.due ?? Infinity) - now()));
  }

  async function run(): Promise<void> {
    let pause = LOOK_EVERY_MS;
    try {
      do {
        again = false;
        await postDue();
      } while (again && !closing.signal.aborted);
      pause = await nextIn();
    } catch (error) {
      if (!closing.signal.aborted) parts.report(error);
    }
    running = undefined;
    if (closing.signal.aborted) return;
    timer = setTimeout(wake, again ? 0 : pause);
    timer.unref();
  }

  function wake(): void {
    if (closing.signal.aborted) return;
    again = true;
    clearTimeout(timer);
    running ??= run();
  }

  // What an earlier process left is due already.
  wake();

  return {
    wake,
    async close() {
      closing.abort();
      clearTimeout(timer);
      await running;
    },
  };
}
