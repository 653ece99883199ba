import { toHex, fromHex, type Hex } from "../../../protocol/bytes.ts";
import { TwinwardError } from "../../../protocol/errors.ts";
import { sha256Hex } from "../../../protocol/hash.ts";
import { buildRecord, readRecord, type ErasureRecord } from "../../../protocol/record.ts";
import { LEAF_KINDS } from "../../../protocol/words.ts";
import { requireOpenStream } from "../../chain/require-open-stream.ts";
import type { Chain, ChainView } from "../../chain/view.ts";
import { readSecret, removeSecret, writeSecret } from "../../keys/files.ts";
import type { KeyStore } from "../../keys/key-store.ts";
import type { Committer } from "../../store/committer.ts";
import type { Database } from "../../store/database.ts";
import { planErasure, type Asked, type Plan } from "./plan.ts";
import { readEarlierReaders, type EarlierReader } from "./readers.ts";
import { removeDerived, type Removed } from "./remove-derived.ts";
import { firstMisplaced, readScopes } from "../../store/sealed-scopes.ts";
import { scopesOf } from "../../chain/scopes-of.ts";

export interface ErasureParts {
  readonly database: Database;
  readonly committer: Pick<Committer, "submit">;
  readonly keys: KeyStore;
  readonly chain: Pick<Chain, "view" | "fresh">;
  readonly stream: Hex;
  /** Seals a device's readings again for the assignments that they belong to by now: the resealer's `settle`. */
  readonly reseal: (device: Hex) => Promise<void>;
  /** Where it is written down that an erasure has begun. */
  readonly intent: string;
  /** ms. */
  readonly now: () => number;
  readonly random: (size: number) => Uint8Array;
}

/** What was destroyed, by which leaf, and who had read it. */
export interface ErasureReport extends Plan, Removed {
  readonly at: number;
  readonly leaf: Hex;
  readonly readers: readonly EarlierReader[];
}

/** Something that can be erased. */
export interface Erasable extends Plan {
  /** First and last sequence of the assignment; null for what lies between assignments, and while it is open. */
  readonly from: number | null;
  readonly end: number | null;
  readonly subject: Hex | null;
}

export interface Erasure {
  /** What has a key, by device and assignment. */
  list(): Promise<Erasable[]>;
  /** What `erase` would destroy. Throws NOTHING_TO_ERASE. */
  plan(asked: Asked): Promise<Plan>;
  /**
   * Destroys the keys and records it; when it resolves the keys are gone and the leaf is durable. Throws NOTHING_TO_ERASE and what
   * shuts the stream before anything happened; ERASURE_UNFINISHED when it has begun, and then the next start finishes it.
   */
  erase(asked: Asked, cause?: ErasureRecord["cause"]): Promise<ErasureReport>;
  /** Finishes what was begun and never finished, if anything was. Waits for a stream that takes leaves. */
  finish(): Promise<void>;
}

/** Assignments begin and end rarely: nobody does so this often while an erasure is recorded. */
const MOST_CHANGES = 8;

/** The life of an erasure: server/main/README.md says what is true after a death at each of its points. */
export function createErasure(parts: ErasureParts): Erasure {
  const { database, committer, keys, chain, stream, reseal, intent, now, random } = parts;
  // One at a time: there is one place to write down that it has begun.
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = last.catch(() => undefined).then(work);
    last = done;
    return done;
  };

  const deviceOf = (view: ChainView, scope: Hex): Hex | undefined =>
    view.assignment(scope)?.device ?? view.device(scope)?.id;

  const planOf = (view: ChainView, asked: Asked): Plan =>
    planErasure(asked, { device: deviceOf(view, asked.scope), months: keys.months(asked.scope) });

  async function erase(asked: Asked, cause: ErasureRecord["cause"]): Promise<ErasureReport> {
    const view = await chain.fresh();
    requireOpenStream(view, stream);
    await finish();
    const device = deviceOf(view, asked.scope);
    // What belongs to another scope by now is not destroyed with this one, and what belongs to this one is.
    if (device !== undefined) await reseal(device);
    const plan = planOf(view, asked);
    // A store or mirror that is not to be had now is told before anything has begun.
    await keys.destroy([]);
    const readers = await readEarlierReaders(database, view, plan);
    const salt = toHex(random(16));
    const at = now();
    const said: ErasureRecord = { format: "erasure@1", stream, at, salt, ...plan, cause };
    const { text } = buildRecord(said);
    try {
      // 1. From here on it will happen, whoever dies: the next start goes on with what is written here.
      await writeSecret(intent, text);
      const { leaf, removed } = await complete(plan, text);
      return { ...plan, ...removed, at, leaf, readers };
    } catch (error) {
      throw unfinished(plan, error);
    }
  }

  async function complete(plan: Plan, text: string): Promise<{ leaf: Hex; removed: Removed }> {
    for (let times = 0; ; times++) {
      await reseal(plan.device);
      try {
        return await completeOnce(plan, text);
      } catch (error) {
        if (!(error instanceof TwinwardError) || error.code !== "NOT_RESEALED_YET" || times === MOST_CHANGES)
          throw error;
      }
    }
  }

  async function completeOnce(plan: Plan, text: string): Promise<{ leaf: Hex; removed: Removed }> {
    const { device, scope, months } = plan;
    let removed: Removed = { held: 0, evidence: 0, findings: 0 };
    const leaf = await committer.submit(async (tx) => {
      // The chain may have said something else since they were sealed again, and nobody seals any again while we hold the stream.
      const stored = (await readScopes(tx, [device])).get(device) ?? [];
      if (firstMisplaced(stored, scopesOf(chain.view(), device)))
        throw new TwinwardError("NOT_RESEALED_YET", { device });
      // 2. Inside the transaction that holds the stream: whatever was sealed under these keys stands at a position before the
      // leaf, whatever stands behind it is sealed under new ones. Run again, it finds nothing left to destroy. Die here and the
      // keys are gone without a leaf, or some of them are: audit names it, until the next start has recorded it.
      await keys.destroy(months.map((month) => ({ scope, month })));
      const body = { kind: "record", leafKind: LEAF_KINDS.erasure, subject: device, body: text } as const;
      return {
        entries: [{ ...body, content: sha256Hex(text) }],
        writes: async (inside) => void (removed = await removeDerived(inside, plan)),
        result: ([placed]) => placed?.leaf ?? "0x",
      };
    });
    // 3. Destroyed and recorded. Die before the intent is gone, and the next start finds its leaf and only forgets it.
    await removeSecret(intent);
    return { leaf, removed };
  }

  async function finish(): Promise<void> {
    const text = await readSecret(intent);
    if (text === undefined) return;
    const record = readIntent(text);
    const [recorded] = await database.query(
      `select position from leaf where kind = ${LEAF_KINDS.erasure} and subject = $1 and content = $2`,
      [fromHex(record.device, 32), fromHex(sha256Hex(text), 32)],
    );
    if (recorded !== undefined) return removeSecret(intent);
    if (chain.view().stream(stream)?.standing !== "open") return;
    await complete(record, text).catch((cause: unknown) => {
      throw unfinished(record, cause);
    });
  }

  function readIntent(text: string): ErasureRecord {
    try {
      return readRecord(text) as unknown as ErasureRecord;
    } catch (cause) {
      throw new TwinwardError(
        "DATA_UNUSABLE",
        { file: intent, detail: `${intent} is no erasure that was begun.` },
        cause,
      );
    }
  }

  return {
    list: () => inTurn(async () => listErasable(chain.view(), keys)),
    plan: async (asked) => planOf(await chain.fresh(), asked),
    erase: (asked, cause = "request") => inTurn(() => erase(asked, cause)),
    finish: () => inTurn(finish),
  };
}

function listErasable(view: ChainView, keys: KeyStore): Erasable[] {
  return view.devices().flatMap(({ id }) => {
    const between = { device: id, scope: id, from: null, end: null, subject: null };
    const scopes = [
      ...view
        .assignmentsOf(id)
        .map((each) => ({ ...each, scope: each.id, end: each.end === null ? null : each.end - 1 })),
      between,
    ];
    return scopes.flatMap(({ device, scope, from, end, subject }) => {
      const months = [...keys.months(scope)].sort();
      return months.length === 0 ? [] : [{ device, scope, months, from, end, subject }];
    });
  });
}

function unfinished({ scope, months }: Plan, cause: unknown): TwinwardError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new TwinwardError(
    "ERASURE_UNFINISHED",
    { scope, months, detail: `Erasing ${scope} has begun: ${why}` },
    cause,
  );
}
