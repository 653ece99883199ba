import type { Hex } from "../../protocol/bytes.ts";
import { parseConsortium, type Consortium } from "../../protocol/consortium.ts";
import type { DeviceModel } from "../../protocol/device-model.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import type { SignedFinding } from "../../protocol/finding.ts";
import type { Manifest } from "../../protocol/manifest.ts";
import type { SignedAct } from "../../protocol/signed-acts.ts";
import type { Purpose } from "../../protocol/words.ts";
import type {
  AcknowledgedRequest,
  AnchorPage,
  Catalogue,
  CheckedReading,
  DecisionPage,
  Explained,
  HistoryPage,
  HistoryReading,
  ListedDevice,
  ListedRequest,
  ListedTwin,
  ListedVerdict,
  PostedReading,
  OpeningCase,
  OpeningPage,
  OpeningState,
  ReaderPage,
  RecordKind,
  RecordPage,
  RelayedAct,
  RequestPage,
  TwinDescription,
  TwinPicture,
  TwinState,
} from "./answers.ts";
import { signRequest, type Wish } from "./asking.ts";
import { toError } from "./problem.ts";
import { followTwin, type StreamEvent } from "./stream.ts";
import { signInMessage, type SignIn } from "./sign-in.ts";

export interface ConnectOptions {
  /** Where the server is, e.g. http://127.0.0.1:8080. */
  readonly url: string;
  /** Who reads; public paths need nobody. */
  readonly signer?: SignIn;
  /** The only twins that the session shall be good for, as the signed message says; all where left out. */
  readonly twins?: readonly Hex[];
  /** ms; the machine's clock where left out. */
  readonly now?: () => number;
  /** An answer that takes longer (ms) counts as none. */
  readonly timeoutMs?: number;
}

/** Which grant and purpose to read under; what is left out the server completes where only one thing is possible. */
export interface Reading {
  readonly purpose?: Purpose;
  readonly grant?: Hex;
  /** Names of the device model. */
  readonly segments?: readonly string[];
}

/** Which stretch: times in ms ([since, until)); sequences and batch numbers with both ends inclusive. */
export interface HistoryAsk extends Reading {
  readonly since?: number;
  readonly until?: number;
  readonly fromSequence?: number;
  readonly toSequence?: number;
  readonly fromBatch?: number;
  readonly toBatch?: number;
  readonly limit?: number;
  readonly receipts?: boolean;
}

export interface PictureAsk extends Reading {
  readonly since?: number;
  readonly until?: number;
  readonly fromSequence?: number;
  /** Of each segment, 500 where left out. */
  readonly points?: number;
}

/** Where a live stream begins: a time in ms, a sequence, or the id of an event that was got; the present without any. */
export interface StreamAsk extends Reading {
  readonly since?: number;
  readonly fromSequence?: number;
  readonly after?: number;
  readonly signal?: AbortSignal;
}

export interface Session {
  readonly token: string;
  readonly address: Hex;
  /** Seconds. */
  readonly until: number;
}

/** A server's front door. Every method throws TwinwardError with the server's code; SERVER_UNREACHABLE when none answers. */
export interface Client {
  /** Signs in now; readers' methods do it by themselves when they need to. */
  login(): Promise<Session>;
  consortium(): Promise<Consortium>;
  devices(): Promise<{ readonly at: number; readonly devices: readonly ListedDevice[] }>;
  twins(): Promise<readonly ListedTwin[]>;
  /** One page of a twin's history. */
  history(twin: Hex, ask?: HistoryAsk): Promise<HistoryPage>;
  /** All pages of the stretch, at least one; each rests on a decision of its own. */
  pages(twin: Hex, ask?: HistoryAsk): AsyncGenerator<HistoryPage>;
  /** All readings of the stretch, page after page; each page rests on a decision of its own. */
  readings(twin: Hex, ask?: HistoryAsk): AsyncGenerator<HistoryReading>;
  /**
   * A twin as it comes: readings, or releases of a derived one, from the present on, or from where `ask` says. Goes on by itself
   * when the connection breaks, after the last event; ends with `ask.signal`, or throws the code with which the server ended it.
   */
  stream(twin: Hex, ask?: StreamAsk): AsyncGenerator<StreamEvent>;
  /** export@1, as its bytes come: all of a stretch, with what proves it. Its last line says whether that is all. */
  export(
    twin: Hex,
    ask?: Reading & { readonly since?: number; readonly until?: number },
  ): Promise<ReadableStream<Uint8Array>>;
  description(twin: Hex, ask?: Reading): Promise<TwinDescription>;
  /** What a stretch of a raw twin looks like: about `points` samples of each segment. */
  picture(twin: Hex, ask?: PictureAsk): Promise<TwinPicture>;
  /** The newest values, with how old, late and complete they are. */
  state(twin: Hex, ask?: Reading): Promise<TwinState>;
  /** receipt@1 as its one text, ready to be kept and verified. */
  receipt(leaf: Hex, ask?: Omit<Reading, "segments"> & { readonly twin?: Hex }): Promise<string>;
  /** Who asked to see a twin, newest first, as far as it concerns you; to look is recorded as well. */
  decisions(twin: Hex, ask?: { readonly before?: number; readonly limit?: number }): Promise<DecisionPage>;
  /** What was recorded of a twin (consents, exports, releases, erasures, decisions), newest first, as far as it concerns you. */
  records(
    twin: Hex,
    kind: RecordKind,
    ask?: { readonly before?: number; readonly limit?: number },
  ): Promise<RecordPage>;
  /** Who can see a twin, and why, as far as it concerns you. */
  readers(twin: Hex, ask?: { readonly after?: number; readonly limit?: number }): Promise<ReaderPage>;
  /** What was opened in an emergency, what waits for its review, and what you may open. */
  openings(ask?: {
    readonly state?: OpeningState;
    readonly after?: number;
    readonly limit?: number;
  }): Promise<OpeningPage>;
  /** The case of one opening; to look is recorded as well. */
  opening(id: Hex, ask?: { readonly before?: number; readonly limit?: number }): Promise<OpeningCase>;
  explain(ask: Reading & { readonly twin: Hex; readonly reader?: Hex; readonly action?: string }): Promise<Explained>;
  /** What may be asked for; it needs nobody. */
  catalogue(): Promise<Catalogue>;
  /** Signs a request with the signer's key, which nobody need know, and sends it. */
  request(wish: Wish): Promise<AcknowledgedRequest>;
  /** One's own, and as a steward those on one's devices; newest first. */
  requests(ask?: RequestQuery): Promise<RequestPage>;
  /** Waits until a request has ended, ten minutes without `withinMs`; as it is then, which may still be open. */
  answer(request: Hex, patience?: { readonly withinMs?: number; readonly everyMs?: number }): Promise<ListedRequest>;
  /** As the steward: with a grant on chain whose nonce is the request. */
  approveRequest(request: Hex, grant: Hex): Promise<ListedRequest>;
  refuseRequest(request: Hex, reason: string): Promise<ListedRequest>;
  /** Has the server send what somebody signed (`signAct`) to the chain; it is mined when this resolves. */
  relay(act: SignedAct): Promise<RelayedAct>;
  /** Signed readings (SD-JWT); results in the same order. */
  postReadings(readings: readonly string[]): Promise<readonly PostedReading[]>;
  /** What is wrong with a reading; the server stores nothing of it. */
  checkReading(reading: string): Promise<CheckedReading>;
  postDocument(document: DeviceModel | Manifest): Promise<{ readonly hash: Hex; readonly kind: string }>;
  document(hash: Hex): Promise<unknown>;
  anchors(ask?: { readonly stream?: Hex; readonly before?: number; readonly limit?: number }): Promise<AnchorPage>;
  verdicts(ask?: { readonly device?: Hex; readonly limit?: number }): Promise<readonly ListedVerdict[]>;
  /** For oracles; for a steward where it names the `device`. */
  findings(ask?: FindingQuery): Promise<readonly SignedFinding[]>;
  postFinding(finding: SignedFinding): Promise<void>;
}

export interface RequestQuery {
  readonly request?: Hex;
  readonly state?: ListedRequest["state"];
  readonly before?: number;
  readonly limit?: number;
}

export interface FindingQuery {
  readonly digest?: Hex;
  readonly device?: Hex;
  readonly format?: "finding@1" | "clear@1";
  readonly round?: number;
  readonly since?: number;
  readonly limit?: number;
}

/** What to ask for the page after one; a derived twin's pages go on by time. */
function after(ask: HistoryAsk, { next, nextSince }: HistoryPage): HistoryAsk | undefined {
  if (nextSince !== undefined && nextSince !== null) return { ...ask, since: nextSince };
  return next === null ? undefined : { ...ask, fromSequence: next };
}

/** A token is renewed this long (seconds) before it ends. */
const RENEW_BEFORE = 30;
const JSON_BODY = { "content-type": "application/json" };
const ANSWERED_WITHIN_MS = 600_000;
/** A server's clock may be off by this much before a sign-in is dated by it, ms; it takes no more than a minute. */
const CLOCK_SKEW = 30_000;

/** Opens nothing yet: the first method asks the server. Runs in Node and in a browser. */
export function connect(options: ConnectOptions): Client {
  // What lies below the server's own address, also where a proxy gives it a path.
  const base = new URL(options.url.endsWith("/") ? options.url : `${options.url}/`);
  const now = options.now ?? Date.now;
  let session: Promise<Session> | undefined;

  const patience = options.timeoutMs ?? 30_000;

  async function send(path: string, init: RequestInit = {}, signal = AbortSignal.timeout(patience)): Promise<Response> {
    let response: Response;
    try {
      response = await fetch(new URL(`.${path}`, base), { ...init, signal, redirect: "error" });
    } catch (cause) {
      throw new TwinwardError("SERVER_UNREACHABLE", { detail: whyNot(base.origin, cause) }, cause);
    }
    if (!response.ok) throw await toError(response);
    return response;
  }

  const get = async <T>(path: string, asked: object = {}): Promise<T> =>
    (await (await send(path + toQuery(asked))).json()) as T;

  const post = async (path: string, body: unknown): Promise<Response> =>
    send(path, { method: "POST", headers: JSON_BODY, body: JSON.stringify(body) });

  async function login(): Promise<Session> {
    const { signer } = options;
    if (!signer) throw new TwinwardError("SESSION_REQUIRED", { detail: "Connect with a signer." });
    const asked = await get<{ nonce: string; chainId: number; at?: number }>("/v1/session/nonce");
    const { nonce, chainId } = asked;
    // The server judges the message by its own clock, and the nonce alone makes it count once: where the clocks differ, its time.
    const at = asked.at !== undefined && Math.abs(asked.at - now()) > CLOCK_SKEW ? asked.at : now();
    const message = signInMessage({
      address: await signer.getAddress(),
      url: base,
      chainId,
      nonce,
      at,
      ...(options.twins && { twins: options.twins }),
    });
    const answer = await post("/v1/session/login", { message, signature: await signer.signMessage(message) });
    return (await answer.json()) as Session;
  }

  async function current(): Promise<Session> {
    const held = await session?.catch(() => undefined);
    if (held && held.until - RENEW_BEFORE > now() / 1000) return held;
    return (session = login());
  }

  /** As somebody signed in. A token that the server no longer knows is renewed once. */
  async function sendAs(
    target: string,
    body?: object,
    more?: { after?: string; signal: AbortSignal },
  ): Promise<Response> {
    const init = body && { method: "POST", body: JSON.stringify(body) };
    const named = { ...(body && JSON_BODY), ...(more?.after !== undefined && { "last-event-id": more.after }) };
    const once = async (): Promise<Response> => {
      const headers = { ...named, authorization: `Bearer ${(await current()).token}` };
      return send(target, { ...init, headers }, more?.signal);
    };
    try {
      return await once();
    } catch (error) {
      if (!(error instanceof TwinwardError) || error.code !== "SESSION_INVALID") throw error;
      session = undefined;
      return once();
    }
  }

  const read = (path: string, asked: object = {}): Promise<Response> => sendAs(path + toQuery(asked));

  const tell = async <T>(path: string, body: object): Promise<T> => (await (await sendAs(path, body)).json()) as T;

  /** Until it has begun a stream may take as long as any answer; then as long as it lasts. */
  async function openStream(target: string, after: number | undefined, stop?: AbortSignal): Promise<Response> {
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), patience);
    try {
      const signal = AbortSignal.any([...(stop ? [stop] : []), late.signal]);
      return await sendAs(target, undefined, { signal, ...(after !== undefined && { after: String(after) }) });
    } finally {
      clearTimeout(timer);
    }
  }

  const readJson = async <T>(path: string, asked: object = {}): Promise<T> =>
    (await (await read(path, asked)).json()) as T;

  let tellsEverybody = true;

  /** What some servers tell everybody, and others only whoever has signed in. */
  async function getOpen<T>(path: string, asked: object = {}): Promise<T> {
    try {
      if (tellsEverybody) return await get<T>(path, asked);
    } catch (error) {
      if (!options.signer || !(error instanceof TwinwardError) || error.code !== "SESSION_REQUIRED") throw error;
      tellsEverybody = false;
    }
    return readJson<T>(path, asked);
  }

  const history = (twin: Hex, ask: HistoryAsk = {}): Promise<HistoryPage> => readJson(`/v1/twins/${twin}/history`, ask);

  async function* pages(twin: Hex, ask: HistoryAsk = {}): AsyncGenerator<HistoryPage> {
    let following: HistoryAsk | undefined = ask;
    while (following) {
      const page: HistoryPage = await history(twin, following);
      yield page;
      following = after(ask, page);
    }
  }

  const consortium = async (): Promise<Consortium> => parseConsortium(await (await send("/v1/consortium")).text());
  const catalogue = (): Promise<Catalogue> => get("/v1/catalogue");
  const requests = (ask: RequestQuery = {}): Promise<RequestPage> => readJson("/v1/requests", ask);

  async function waitForAnswer(request: Hex, withinMs: number, everyMs: number): Promise<ListedRequest> {
    for (const until = now() + withinMs; ;) {
      const [found] = (await requests({ request })).requests;
      if (!found) throw new TwinwardError("NOT_FOUND");
      if (found.state !== "open" || now() >= until) return found;
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
  }

  return {
    login: () => (session = login()),
    consortium,
    devices: () => getOpen("/v1/devices"),
    twins: async () => (await readJson<{ twins: ListedTwin[] }>("/v1/twins")).twins,
    history,
    pages,
    async *readings(twin, ask) {
      for await (const page of pages(twin, ask)) yield* page.readings;
    },
    stream(twin, { after, signal, ...ask } = {}) {
      const target = `/v1/twins/${twin}/stream${toQuery(ask)}`;
      return followTwin((last, stop) => openStream(target, last, stop), after, signal);
    },
    async export(twin, ask = {}) {
      const response = await openStream(`/v1/twins/${twin}/export${toQuery(ask)}`, undefined);
      if (!response.body) throw new TwinwardError("INTERNAL", { detail: "The server sent nothing." });
      return response.body;
    },
    picture: (twin, ask) => readJson(`/v1/twins/${twin}/picture`, ask),
    state: (twin, ask) => readJson(`/v1/twins/${twin}/state`, ask),
    description: (twin, ask) => readJson(`/v1/twins/${twin}/description`, ask),
    receipt: async (leaf, ask) => (await read(`/v1/receipts/${leaf}`, ask)).text(),
    decisions: (twin, ask) => readJson("/v1/decisions", { twin, ...ask }),
    openings: (ask) => readJson("/v1/break-glass", ask),
    opening: (id, ask) => readJson(`/v1/break-glass/${id}`, ask),
    records: (twin, kind, ask) => readJson("/v1/records", { twin, kind, ...ask }),
    readers: (twin, ask) => readJson(`/v1/twins/${twin}/readers`, ask),
    explain: (ask) => readJson("/v1/decisions/explain", ask),
    catalogue,
    async request(wish) {
      const { signer } = options;
      if (!signer) throw new TwinwardError("SESSION_REQUIRED", { detail: "Connect with a signer." });
      const facts = { consortium: await consortium(), catalogue, now: now() };
      return (await (await post("/v1/requests", await signRequest(wish, signer, facts))).json()) as AcknowledgedRequest;
    },
    requests,
    answer: (request, { withinMs = ANSWERED_WITHIN_MS, everyMs = 1_000 } = {}) =>
      waitForAnswer(request, withinMs, everyMs),
    approveRequest: (request, grant) => tell(`/v1/requests/${request}/approve`, { grant }),
    refuseRequest: (request, reason) => tell(`/v1/requests/${request}/refuse`, { reason }),
    relay: (act) => tell(act.format === "consent@1" ? "/v1/consents" : "/v1/grants", act),
    async postReadings(readings) {
      return ((await (await post("/v1/readings", { readings })).json()) as { results: PostedReading[] }).results;
    },
    checkReading: async (reading) => (await (await post("/v1/readings/check", { reading })).json()) as CheckedReading,
    postDocument: async (document) =>
      (await (await post("/v1/documents", document)).json()) as { hash: Hex; kind: string },
    document: (hash) => get(`/v1/documents/${hash}`),
    anchors: (ask) => get("/v1/anchors", ask),
    verdicts: async (ask) => (await getOpen<{ verdicts: ListedVerdict[] }>("/v1/verdicts", ask)).verdicts,
    findings: async (ask) => (await readJson<{ findings: SignedFinding[] }>("/v1/verdicts/findings", ask)).findings,
    async postFinding(finding) {
      await post("/v1/verdicts/findings", finding);
    },
  };
}

/** What was asked as a query string; lists with commas, as the server reads segments. */
function toQuery(asked: object): string {
  const members = Object.entries(asked).filter(([, value]) => value !== undefined) as [string, unknown][];
  if (members.length === 0) return "";
  return `?${new URLSearchParams(members.map(([name, value]) => [name, String(value)])).toString()}`;
}

/** Why nobody answered, as far as it can be told: a certificate that nobody knows looks like a server that is not there. */
function whyNot(origin: string, error: unknown): string {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const code = "code" in cause ? String(cause.code) : "";
    if (/CERT|SELF_SIGNED|UNABLE_TO_(?:GET_ISSUER|VERIFY)/.test(code))
      return `${origin} shows a certificate that is not believed (${code}). Node believes the authorities in the file that NODE_EXTRA_CA_CERTS names.`;
  }
  return `${origin} does not answer.`;
}
