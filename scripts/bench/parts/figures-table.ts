import { quantile } from "./quantile.ts";

/** What `bench figures` measured, as docs/performance/figures.json keeps it. */
export interface MeasuredFigures {
  readonly machine: string;
  readonly day: string;
  /** Share of the cores that others kept busy meanwhile. */
  readonly others: number;
  readonly startSeconds: number;
  readonly verdictSeconds: number;
  readonly decidedSeconds: number;
  readonly ingest: readonly IngestFigures[];
  readonly anchor: {
    readonly leaves: number;
    readonly sealMs: number;
    readonly proofsPerSecond: number;
    readonly bare?: number;
  };
  readonly read: readonly ReadFigures[];
  /** Not in a run of before there was such a bench. */
  readonly decide?: DecideFigures;
}

export interface DecideFigures {
  /** `ratio`: to bare ES256 verifications of one core. */
  readonly rule: { readonly perSecond: number; readonly ratio: number };
  /** `ratio`: to answers of the same server that decide nothing. */
  readonly door: readonly {
    readonly database: string;
    readonly perSecond: number;
    readonly ratio: number;
    readonly latency: { readonly p50: number; readonly p99: number };
  }[];
}

export interface IngestFigures {
  readonly database: string;
  readonly readings: number;
  readonly perSecond: number;
  readonly ratio: number;
  readonly cpuRatio: number;
  readonly growth: number;
  readonly bytesPerReading: number;
  /** Of the server's process, bytes. Like `bare` and p99.9 not in a run of before it was kept. */
  readonly memory?: { readonly now: number; readonly most: number };
  readonly bare?: number;
  readonly latency: Latency;
}

export interface ReadFigures {
  readonly database: string;
  readonly perRead: number;
  /** ES256 signatures that the machine verified a second before and after. */
  readonly bare?: number;
  readonly plain: Latency;
  readonly receipts: Latency;
  readonly verify: { readonly p50: number };
}

/** ms. */
interface Latency {
  readonly p50: number;
  readonly p99: number;
  readonly p999?: number;
}

/** Gas by name, from test/contracts/gas/snapshot.json. */
export type Gas = Readonly<Record<string, number>>;

/** ES256 signatures that the machine on which the figures to reach were set verifies in a second, its cores doing nothing else. */
export const REFERENCE_BARE = 41_700;

/** A time with the rate of the run that it is of; without one, of the ingest beside it. */
interface Timed {
  readonly ms: number;
  readonly bare: number | undefined;
}

/** What, as measured, as it would be at the reference's speed (what is computing, not waiting), what is to be reached. */
type Row = readonly [what: string, measured: string, scaled: string, reach: string];

/** The table of README.md, with what is to be reached beside what was measured. */
export function figuresTable(figures: MeasuredFigures, gas: Gas): string {
  const { ingest, read, anchor } = figures;
  // Of both databases' runs, a ratio is to what the cores of this machine verify.
  const rates = ingest.map(({ perSecond, ratio }) => perSecond / ratio);
  const bare = quantile(rates, 0.5);
  const both = <T>(of: readonly T[], show: (one: T) => string | number): string => of.map(show).join("; ");
  const short = (value: number): number => Number(value.toPrecision(3));
  // A machine that others use is not as fast in each of the benches: what one took is held against its own rate.
  const scaled = (value: number, own = bare): number => short((value * own) / REFERENCE_BARE);
  const time = (what: string, values: readonly Timed[], reach: string): Row => [
    what,
    `${values.map(({ ms }) => ms).join("; ")} ms`,
    values.map(({ ms, bare }) => scaled(ms, bare)).join("; "),
    reach,
  ];
  const [stored] = ingest;
  const names = both(ingest, ({ database }) => (database === "pglite" ? "embedded" : "PostgreSQL"));
  const costs = (...of: string[]): string => of.map((name) => grouped(gas[name] ?? NaN)).join("; ");
  const row = (what: string, measured: string, reach = ""): Row => [what, measured, "", reach];
  const rows: Row[] = [
    row("start without data to the first anchored reading", `${figures.startSeconds} s`, "≤ 20 s"),
    row("falsified heart rate → quarantine on chain, by 2 of 4 oracles", `${figures.verdictSeconds} s`),
    row("… from the second false reading, which decides it", `${figures.decidedSeconds} s`, "≤ 3 s"),
    row(
      `accepted readings ÷ bare ES256 verifications, by CPU: ${names}`,
      both(ingest, (one) => one.cpuRatio),
      "≥ 0.25",
    ),
    row(
      "… by the clock, load generator included",
      both(ingest, (one) => one.ratio),
    ),
    row(
      "… readings accepted a second",
      both(ingest, (one) => grouped(one.perSecond)),
    ),
    row(
      `… the last fifth of ${grouped(stored?.readings ?? 0)} ÷ the first, by CPU`,
      both(ingest, (one) => one.growth),
      "flat",
    ),
    time(
      "ack at half that load: p50",
      ingest.map(({ latency, bare }) => ({ ms: latency.p50, bare })),
      "",
    ),
    time(
      "… p99",
      ingest.map(({ latency, bare }) => ({ ms: latency.p99, bare })),
      "≤ 50 ms",
    ),
    ...tails(ingest).map((values) => time("… p99.9", values, "")),
    ...memories(ingest).map((cells) => row("memory of the server at the end; at most", cells)),
    row(
      "on disk per reading of 8 segments × 10 samples, indexes included",
      `${both(ingest, ({ bytesPerReading }) => grouped(bytesPerReading))} bytes`,
    ),
    time(
      `a read of ${read[0]?.perRead ?? 0} readings, nothing cached, p50`,
      read.map(({ plain, bare }) => ({ ms: plain.p50, bare })),
      "≤ 15 ms",
    ),
    time(
      "… with a receipt for each",
      read.map(({ receipts, bare }) => ({ ms: receipts.p50, bare })),
      "≤ 60 ms",
    ),
    time(
      "a receipt verified by the SDK",
      read.map(({ verify, bare }) => ({ ms: verify.p50, bare })),
      "≤ 0.3 ms",
    ),
    ...decisionRows(figures.decide).map(([what, measured]) => row(what, measured)),
    time(`sealing ${grouped(anchor.leaves)} leaves`, [{ ms: anchor.sealMs, bare: anchor.bare }], "≤ 150 ms"),
    [
      "inclusion proofs a second",
      grouped(anchor.proofsPerSecond),
      grouped(short((anchor.proofsPerSecond * REFERENCE_BARE) / (anchor.bare ?? bare))),
      "≥ 50 000",
    ],
    row(
      "gas: anchor, mean of 1 024; worst",
      costs("anchor mean of 1024", "anchor worst of 1024"),
      "≤ 45 000; ≤ 110 000",
    ),
    row("gas: grant; revoke", costs("grant", "revoke"), "≤ 66 000; ≤ 30 000"),
    row(
      "gas: grant by signature; each of 50 in a batch",
      costs("relayGrant", "relayGrants, each of 50"),
      "≤ 78 000; ≤ 34 000",
    ),
    row(
      "gas: `canRead`, execution: direct; 3 links",
      costs("canRead, execution", "canRead through 3 links, execution"),
      "≤ 20 000; ≤ 32 000",
    ),
    row(
      "gas: quarantine by 3 of 7 with its effect; the device's first",
      costs("quarantine by 3 of 7, with its effect", "quarantine by 3 of 7, the device's first"),
      "≤ 90 000",
    ),
  ];
  return [
    `Measured by \`npx twinward bench figures --write\` on ${figures.day} (${figures.machine}; others kept ${Math.round(100 * figures.others)} % of the cores busy); gas by \`npm test -- gas\`.`,
    `*Scaled*: the same at the speed of the machine on which the figures to reach were set. It verifies ${grouped(REFERENCE_BARE)} bare ES256 signatures a second, this one ${grouped(Math.round(bare / 100) * 100)}.`,
    "",
    "| what | measured | scaled | to reach |",
    "|---|---|---|---|",
    ...rows.map((cells) => `| ${cells.join(" | ")} |`),
  ].join("\n");
}

/** The p99.9 of each, where all have one. */
function tails(ingest: readonly IngestFigures[]): Timed[][] {
  const values = ingest.flatMap(({ latency, bare }) =>
    latency.p999 === undefined ? [] : [{ ms: latency.p999, bare }],
  );
  return values.length === ingest.length ? [values] : [];
}

function memories(ingest: readonly IngestFigures[]): string[] {
  const megabytes = (bytes: number): number => Math.round(bytes / 1_048_576);
  const told = ingest.flatMap(({ memory }) => (memory ? [`${megabytes(memory.now)} / ${megabytes(memory.most)}`] : []));
  return told.length === ingest.length ? [`${told.join("; ")} MB`] : [];
}

function decisionRows(decide: DecideFigures | undefined): [string, string][] {
  if (!decide) return [];
  const both = (show: (one: DecideFigures["door"][number]) => string | number): string =>
    decide.door.map(show).join("; ");
  return [
    ["decisions a second: the rule alone, one thread", grouped(decide.rule.perSecond)],
    ["… through the door, a durable leaf each", both((one) => grouped(one.perSecond))],
    ["… ÷ the same server's answers that decide nothing", both((one) => one.ratio)],
    ["… p50; p99", `${both(({ latency }) => `${latency.p50} / ${latency.p99}`)} ms`],
  ];
}

const MARKS = ["<!-- figures: written by bench figures --write -->", "<!-- end of figures -->"] as const;

/** A page with another table between its marks. Throws where it has none. */
export function withTable(page: string, table: string): string {
  const [begin, end] = MARKS.map((mark) => page.indexOf(mark)) as [number, number];
  if (begin < 0 || end < begin) throw new Error(`the page has no "${MARKS[0]}" and "${MARKS[1]}"`);
  return `${page.slice(0, begin)}${MARKS[0]}\n\n${table}\n\n${page.slice(end)}`;
}

function grouped(value: number): string {
  return value.toString().replace(/\B(?=(\d{3})+(?!\d))/g, " ");
}
