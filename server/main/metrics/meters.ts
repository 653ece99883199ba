import { oneInFlight } from "../../api/in-flight.ts";

/**
 * Counters, histograms and gauges in the text format of Prometheus (version 0.0.4), as far as we use it. Labels are closed
 * sets of words: routes, codes, doors. Nothing that a device said and no id is ever a label.
 */
export type Labels = Readonly<Record<string, string>>;

interface Meter {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "histogram" | "gauge";
  /** Lines without the headers. Rejects where what is measured cannot be asked. */
  lines(): Promise<string[]>;
}

export interface Counter {
  add(labels?: Labels, by?: number): void;
}

export interface Histogram {
  /** In the unit of the name. */
  observe(value: number, labels?: Labels): void;
}

/** Label sets of one meter at most: beyond it a mistake would fill memory, so what is new is not counted. */
const MOST_SERIES = 1_000;
/** How long one gauge may take to be read. */
const READ_WITHIN_MS = 2_000;

export class Meters {
  readonly #meters: Meter[] = [];

  counter(name: string, help: string): Counter {
    const values = new Map<string, number>();
    this.#meters.push({
      name,
      help,
      type: "counter",
      lines: async () => [...values].map(([labels, value]) => `${name}${labels} ${value}`),
    });
    return {
      add: (labels = {}, by = 1) => {
        const key = textOf(labels);
        if (!values.has(key) && values.size >= MOST_SERIES) return;
        values.set(key, (values.get(key) ?? 0) + by);
      },
    };
  }

  /** `bounds`: upper bounds of the buckets, ascending. */
  histogram(name: string, help: string, bounds: readonly number[]): Histogram {
    interface Series {
      readonly labels: Labels;
      readonly counts: number[];
      count: number;
      sum: number;
    }
    const all = new Map<string, Series>();
    const linesOf = ({ labels, counts, count, sum }: Series): string[] => [
      ...bounds.map((bound, i) => `${name}_bucket${textOf({ ...labels, le: String(bound) })} ${counts[i] ?? 0}`),
      `${name}_bucket${textOf({ ...labels, le: "+Inf" })} ${count}`,
      `${name}_sum${textOf(labels)} ${sum}`,
      `${name}_count${textOf(labels)} ${count}`,
    ];
    this.#meters.push({ name, help, type: "histogram", lines: async () => [...all.values()].flatMap(linesOf) });
    return {
      observe: (value, labels = {}) => {
        const key = textOf(labels);
        const series = all.get(key) ?? { labels, counts: bounds.map(() => 0), count: 0, sum: 0 };
        if (!all.has(key)) {
          if (all.size >= MOST_SERIES) return;
          all.set(key, series);
        }
        bounds.forEach((bound, i) => {
          if (value <= bound) series.counts[i] = (series.counts[i] ?? 0) + 1;
        });
        series.count += 1;
        series.sum += value;
      },
    };
  }

  /** Asked at each scrape; a plain number, or one for each set of labels. */
  gauge(
    name: string,
    help: string,
    read: () => Promise<number | readonly (readonly [Labels, number])[]>,
    type: "gauge" | "counter" = "gauge",
  ): void {
    const lines = async (): Promise<string[]> => {
      const found = await read();
      const samples = typeof found === "number" ? [[{}, found] as const] : found;
      return samples.map(([labels, value]) => `${name}${textOf(labels)} ${value}`);
    };
    this.#meters.push({ name, help, type, lines: oneInFlight(lines) });
  }

  /** Everything, as it is now. What cannot be read in time is left out, and counted. */
  async text(): Promise<string> {
    let unread = 0;
    const blocks = await Promise.all(
      this.#meters.map(async (meter) => {
        const { name, help, type } = meter;
        try {
          return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...(await within(meter.lines(), READ_WITHIN_MS))];
        } catch {
          unread += 1;
          return [];
        }
      }),
    );
    const name = "twinward_metrics_unread";
    const own = [
      `# HELP ${name} Metrics that could not be read just now.`,
      `# TYPE ${name} gauge`,
      `${name} ${unread}`,
    ];
    return `${[...blocks.flat(), ...own].join("\n")}\n`;
  }
}

function textOf(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

const escaped = (value: string): string =>
  value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');

async function within<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("not read in time")), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
