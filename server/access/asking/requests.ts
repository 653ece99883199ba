import { toHex, type Hex } from "../../../protocol/bytes.ts";
import { TwinwardError } from "../../../protocol/errors.ts";
import { buildRecord, type RecordHead } from "../../../protocol/record.ts";
import {
  isRequestSigned,
  readRequest,
  readSaid,
  requestId,
  type Asking,
  type RequestDomain,
} from "../../../protocol/request.ts";
import type { AnswerRecord, AskedRecord } from "../../../protocol/request-record.ts";
import { Shape } from "../../../protocol/shape.ts";
import { LEAF_KINDS, purposeNames } from "../../../protocol/words.ts";
import type { Chain, ChainView } from "../../chain/view.ts";
import type { Committer } from "../../store/committer.ts";
import type { Database, Tx } from "../../store/database.ts";
import type { RecordEntry } from "../../store/entry.ts";
import { hasEnded } from "../end-of.ts";
import { stewardOf } from "../weigh.ts";
import { AddressLimit } from "./limits.ts";
import {
  countOpen,
  countRequests,
  findRequest,
  insertAnswer,
  insertRequest,
  listRequests,
  overdueRequests,
  type Concern,
  type KeptRequest,
  type RequestFilter,
} from "./rows.ts";
import { expiresOf, requireOpen, requireTimely, weighAnswer } from "./weigh-answer.ts";
import { requireAddress } from "./webhook-address.ts";

const HOUR_MS = 3_600_000;
const MOST_OPEN = 16;
const MOST_AN_HOUR = 60;
/** Of all readers together. */
const MOST_OPEN_IN_ALL = 10_000;
const EXPIRE_EVERY_MS = 2_000;
const EXPIRE_AT_ONCE = 100;
/** A request that was taken just before its deadline is in the database by then. */
const COMMITTED_WITHIN_MS = 60_000;
const COUNT_EVERY_MS = 10_000;

export interface RequestParts {
  readonly database: Database;
  readonly committer: Pick<Committer, "submit">;
  readonly chain: Pick<Chain, "fresh">;
  readonly stream: Hex;
  readonly domain: RequestDomain;
  /** The segments that a manifest on offer shows; undefined for one that is not. */
  readonly offers: (manifest: Hex) => Promise<bigint | undefined>;
  /** Whether the contract at an address takes a signature for its own (ERC-1271), by the chain as it is now. */
  readonly takesSignature: (wallet: Hex, digest: Hex, signature: Hex) => Promise<boolean>;
  /** Whether webhooks may go to addresses that the internet does not reach. */
  readonly privateWebhooks: boolean;
  /** Told when there may be something to post. */
  readonly answered: () => void;
  /** ms. */
  readonly now: () => number;
  readonly random: (size: number) => Uint8Array;
  readonly report: (error: unknown) => void;
}

/** What a reader is told when its request is durable; the same when it sends it again. */
export interface Acknowledged {
  readonly request: Hex;
  /** ms. */
  readonly expires: number;
  readonly leaf: Hex;
}

export interface Requests {
  /**
   * Takes a request@1 of anybody, from a network address. It is a leaf when this resolves. Whether a twin exists is not looked
   * at: one that nobody knows waits for its answer like any other. Throws UNUSABLE_REQUEST, REQUEST_SIGNATURE_INVALID,
   * REQUEST_UNFOUNDED, WEBHOOK_REFUSED, REQUESTS_TOO_MANY.
   */
  ask(body: unknown, from: string): Promise<Acknowledged>;
  /** One's own, and those on twins of devices whose steward one is; newest first. */
  list(who: Hex, filter: RequestFilter): Promise<KeptRequest[]>;
  /** Answers with a grant that the chain has. Throws NOT_FOUND, GRANT_UNKNOWN, GRANT_EXCEEDS_REQUEST, REQUEST_ANSWERED, REQUEST_EXPIRED. */
  approve(request: Hex, by: Hex, grant: Hex): Promise<KeptRequest>;
  /** Throws NOT_FOUND, REQUEST_ANSWERED, REQUEST_EXPIRED, UNUSABLE_REQUEST. */
  refuse(request: Hex, by: Hex, reason: string): Promise<KeptRequest>;
  /** Ends what nobody has answered in time. */
  expire(): Promise<void>;
  close(): Promise<void>;
}

/** Requests and their answers; every step is a leaf before anybody hears of it. */
export function createRequests(parts: RequestParts): Requests {
  const { database, committer, chain, stream, now, random } = parts;
  const limit = new AddressLimit(now);
  let expiring: Promise<void> = Promise.resolve();
  /** What expired up to here, ms, has been ended. */
  let looked = 0;
  /** Requests of a reader that are not committed yet. */
  const underWay = new Map<Hex, number>();
  let room = { left: 0, counted: -Infinity };

  /** Counts what is open, of everybody, seldom: in between it only becomes less by what is taken. */
  async function requireRoomForAll(tx: Tx): Promise<void> {
    if (room.left <= 0 && now() - room.counted > COUNT_EVERY_MS)
      room = { left: MOST_OPEN_IN_ALL - (await countOpen(tx)), counted: now() };
    if (room.left <= 0) throw new TwinwardError("OVERLOADED", { retryAfterSeconds: COUNT_EVERY_MS / 1000 });
    room.left -= 1;
  }

  const head = <S extends string>(request: Hex, reader: Hex, step: S) =>
    ({ format: "request@1", stream, at: now(), salt: toHex(random(16)), step, request, reader }) as const;

  async function answer(
    id: Hex,
    make: (kept: KeptRequest) => AnswerRecord,
    requireRight: (kept: KeptRequest) => void,
  ): Promise<KeptRequest> {
    await committer.submit(async (tx) => {
      const kept = await findRequest(tx, id);
      if (!kept) throw new TwinwardError("NOT_FOUND");
      requireRight(kept);
      requireOpen(kept, now());
      const record = make(kept);
      return {
        entries: [entryOf(record)],
        writes: (into, [placed]) => insertAnswer(into, placed?.leaf ?? id, record, kept.asked.webhook !== null),
        result: () => undefined,
      };
    });
    // The answer outlives us from here on; dying now, the app hears of it by its webhook or by asking again.
    parts.answered();
    const kept = await findRequest(database, id);
    if (!kept) throw new TwinwardError("DATA_UNUSABLE", { request: id });
    return kept;
  }

  /** What has come due since the last look; the first one looks at everything. */
  async function expireSome(): Promise<void> {
    const until = now();
    if (until < looked) looked = 0;
    await expireWithin(looked, until);
    looked = Math.max(0, until - COMMITTED_WITHIN_MS);
  }

  async function expireWithin(after: number, until: number): Promise<void> {
    for (let ended = EXPIRE_AT_ONCE; ended === EXPIRE_AT_ONCE;) {
      if ((await overdueRequests(database, after, until, 1)).length === 0) return;
      ended = await committer.submit(async (tx) => {
        const overdue = await overdueRequests(tx, after, until, EXPIRE_AT_ONCE);
        const records = overdue.map(({ request, asked }) => head(request, asked.reader, "expired"));
        return {
          entries: records.map((record) => entryOf(record)),
          writes: async (into, placed) => {
            for (const [i, record] of records.entries()) {
              const webhook = overdue[i]?.asked.webhook ?? null;
              await insertAnswer(into, placed[i]?.leaf ?? record.request, record, webhook !== null);
            }
          },
          result: () => records.length,
        };
      });
      if (ended > 0) parts.answered();
    }
  }

  const expire = (): Promise<void> => (expiring = expiring.catch(() => undefined).then(expireSome));
  const timer = setInterval(() => void expire().catch(parts.report), EXPIRE_EVERY_MS);
  timer.unref();

  return {
    async ask(body, from) {
      const wait = limit.take(from);
      if (wait > 0) throw tooMany(wait);
      const signed = readRequest(body);
      const { asked } = signed;
      const request = requestId(parts.domain, asked);
      const byKey = isRequestSigned(parts.domain, asked, signed.signature);
      if (!byKey && !(await parts.takesSignature(asked.reader, request, signed.signature)))
        throw new TwinwardError("REQUEST_SIGNATURE_INVALID");
      if (asked.webhook !== null) requireAddress(new URL(asked.webhook), parts.privateWebhooks);
      await requireOffered(asked, parts.offers);
      // Works of one commit do not see one another, so what is under way counts too.
      const before = underWay.get(asked.reader) ?? 0;
      underWay.set(asked.reader, before + 1);
      const taking = committer.submit(async (tx) => {
        const known = await findRequest(tx, request);
        if (known) return { entries: [], result: () => acknowledge(known) };
        requireTimely(asked, now());
        await requireRoom(tx, asked.reader, before, now());
        await requireRoomForAll(tx);
        const signer = byKey ? {} : ({ signer: "contract" } as const);
        const record: AskedRecord = { ...head(request, asked.reader, "asked"), asked, ...signer };
        const expires = expiresOf(asked);
        return {
          entries: [entryOf(record, signed.signature)],
          writes: (into, [placed]) => insertRequest(into, placed?.leaf ?? request, record, expires),
          result: ([placed]) => acknowledge({ request, expires, leaf: placed?.leaf ?? request }),
        };
      });
      return taking.finally(() => {
        const left = (underWay.get(asked.reader) ?? 1) - 1;
        if (left > 0) underWay.set(asked.reader, left);
        else underWay.delete(asked.reader);
      });
    },

    async list(who, filter) {
      return listRequests(database, concernOf(await chain.fresh(), who), filter);
    },

    async approve(id, by, grantId) {
      const view = await chain.fresh();
      const requireRight = requireSteward(view, by);
      return answer(
        id,
        ({ request, asked }) => {
          const grant = view.grant(grantId);
          const twin = grant && view.twin(grant.twin);
          if (!grant || !twin || hasEnded(view, grant) || stewardOf(view, twin.id) !== by)
            throw new TwinwardError("GRANT_UNKNOWN");
          const step = weighAnswer(request, asked, by, { ...grant, twin });
          const { from, until, segments, purposes } = grant;
          const granted = { segments: segments.toString(), purposes: purposeNames(purposes), from, until };
          const given = { by, twin: twin.id, device: twin.device, grant: grantId, granted };
          return { ...head(request, asked.reader, step), ...given };
        },
        requireRight,
      );
    },

    async refuse(id, by, reason) {
      const said = readSaid(new Shape("UNUSABLE_REQUEST", reason, "$.reason"));
      const requireRight = requireSteward(await chain.fresh(), by);
      const make = ({ request, asked }: KeptRequest): AnswerRecord =>
        ({ ...head(request, asked.reader, "refused"), by, reason: said }); // prettier-ignore
      return answer(id, make, requireRight);
    },

    expire,

    async close() {
      clearInterval(timer);
      await expiring.catch(() => undefined);
    },
  };
}

function entryOf(record: AskedRecord | AnswerRecord, signature?: Hex): RecordEntry {
  const { text: body, content } = buildRecord<RecordHead>(record);
  // A subject of its own: a sequence beside a twin would tell how many others have asked for it.
  const entry = { kind: "record", leafKind: LEAF_KINDS.request, subject: record.request, body, content } as const;
  return signature === undefined ? entry : { ...entry, signature: Buffer.from(signature.slice(2), "hex") };
}

const acknowledge = ({ request, expires, leaf }: Acknowledged): Acknowledged => ({ request, expires, leaf });

const tooMany = (waitMs: number) =>
  new TwinwardError("REQUESTS_TOO_MANY", { retryAfterSeconds: Math.ceil(waitMs / 1000) });

/** Manifests on offer are public, so that one may be told what is wrong; of twins nothing is said. */
async function requireOffered({ manifest, segments }: Asking, offers: RequestParts["offers"]): Promise<void> {
  if (manifest === null) return;
  const shown = await offers(manifest);
  if (shown === undefined) throw new TwinwardError("REQUEST_UNFOUNDED", { detail: "The manifest is not on offer." });
  if ((BigInt(segments) & ~shown) !== 0n)
    throw new TwinwardError("REQUEST_UNFOUNDED", { detail: "The manifest does not show all of these segments." });
}

async function requireRoom(tx: Tx, reader: Hex, before: number, nowMs: number): Promise<void> {
  const count = await countRequests(tx, reader, nowMs - HOUR_MS);
  if (count.open + before >= MOST_OPEN || count.since + before >= MOST_AN_HOUR) throw tooMany(HOUR_MS / 10);
}

/** What somebody may see: as a reader one's own; as a steward what names one's twins, or a manifest of theirs. */
function concernOf(view: ChainView, who: Hex): Concern {
  const mine = view.devices().filter(({ steward }) => steward === who);
  const twins = mine.flatMap(({ id }) => [...view.twinsOf(id)]);
  const manifests = new Set(twins.filter(isOnOffer).map(({ manifestHash }) => manifestHash));
  return { reader: who, twins: twins.map(({ id }) => id), manifests: [...manifests] };
}

const isOnOffer = ({ security, ended }: { readonly security: boolean; readonly ended: boolean }): boolean =>
  !security && !ended;

/** To everybody but a steward whom it concerns a request is not there; its reader too cannot answer it. */
function requireSteward(view: ChainView, by: Hex): (kept: KeptRequest) => void {
  const { twins, manifests } = concernOf(view, by);
  return ({ asked: { twin, manifest } }) => {
    const mine = twin === null ? manifest !== null && manifests.includes(manifest) : twins.includes(twin);
    if (!mine) throw new TwinwardError("NOT_FOUND");
  };
}
