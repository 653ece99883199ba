import { readAckProof, type AckProof } from "./ack.ts";
import type { Batch } from "./anchor.ts";
import { readBlock, type BlockReference } from "./anchors.ts";
import { fromUtf8, type Hex } from "./bytes.ts";
import { readContracts, type Contracts } from "./consortium.ts";
import { TwinwardError } from "./errors.ts";
import type { PublicKey } from "./es256.ts";
import { canonical, parseStrict } from "./json.ts";
import { checkRecord, type LeafRecord } from "./record.ts";
import { readSignature } from "./request.ts";
import { Shape } from "./shape.ts";

/** What was disclosed: a reading's SD-JWT with the permitted disclosures only, or a record. */
export type Disclosed =
  | { readonly reading: string }
  | {
      readonly record: LeafRecord;
      /** Of whoever signed what the record holds; of an asked request@1 and nothing else. */
      readonly signature?: Hex;
      /** Those of a release@1 that are disclosed, and of nothing else. */
      readonly values?: readonly string[];
    };

/** receipt@1: the offline proof that a leaf is in an anchored batch. docs/formats/receipt.md. */
export interface Receipt {
  readonly format: "receipt@1";
  readonly chain: { readonly chainId: number; readonly genesis: Hex; readonly contracts: Contracts };
  readonly disclosed: Disclosed;
  readonly leaf: {
    readonly kind: number;
    readonly subject: Hex;
    readonly sequence: number;
    readonly content: Hex;
    readonly hash: Hex;
  };
  /** Place of the leaf in its batch. */
  readonly index: number;
  readonly path: readonly Hex[];
  readonly batch: Batch;
  /** Place of the batch in the stream's log of this size. */
  readonly log: { readonly size: number; readonly path: readonly Hex[] };
  readonly anchor: { readonly transaction: Hex; readonly block: BlockReference };
  /** The device's key; present for a reading. `until` is null while the range was open. */
  readonly key?: PublicKey & {
    readonly device: Hex;
    readonly number: number;
    readonly from: number;
    readonly until: number | null;
  };
  /** The gateway's promise for this leaf. */
  readonly ack?: AckProof;
}

/** The one text of a receipt: its RFC 8785 form. */
export function writeReceipt(receipt: Receipt): string {
  return canonical(receipt);
}

/**
 * Reads a receipt's text, which must be its RFC 8785 form, perhaps with one line feed after it: so every byte of it
 * says something that is compared. Throws UNUSABLE_RECEIPT with the place.
 */
export function parseReceipt(input: string | Uint8Array): Receipt {
  const text = typeof input === "string" ? input : decode(input);
  const body = text.endsWith("\n") ? text.slice(0, -1) : text;
  let value: unknown;
  try {
    value = JSON.parse(body) as unknown;
    // Equal to its canonical form: then no member was there twice and no white space outside strings.
    if (canonical(value) !== body) throw new SyntaxError("not canonical");
  } catch (cause) {
    throw new TwinwardError("UNUSABLE_RECEIPT", place(body), cause);
  }
  return readReceipt(value);
}

function decode(bytes: Uint8Array): string {
  try {
    return fromUtf8(bytes);
  } catch (cause) {
    throw new TwinwardError("UNUSABLE_RECEIPT", { path: "$", detail: "Not UTF-8." }, cause);
  }
}

/** Where a text is not the RFC 8785 form of a JSON value. */
function place(text: string): { path: string; offset: number; detail: string } {
  try {
    const expected = canonical(parseStrict(text));
    let offset = 0;
    while (text[offset] === expected[offset] && offset < text.length) offset++;
    return { path: "$", offset, detail: "Not in its RFC 8785 form." };
  } catch (error) {
    if (!(error instanceof TwinwardError)) throw error;
    return error.facts as { path: string; offset: number; detail: string };
  }
}

/** Reads a receipt's value strictly. Throws UNUSABLE_RECEIPT with the place. */
export function readReceipt(value: unknown): Receipt {
  const found = new Shape("UNUSABLE_RECEIPT", value).members(
    ["format", "chain", "disclosed", "leaf", "index", "path", "batch", "log", "anchor"],
    ["key", "ack"],
  );
  const format = found.format.literal("receipt@1");
  const chain = found.chain.members(["chainId", "genesis", "contracts"]);
  const disclosed = readDisclosed(found.disclosed);
  if ("reading" in disclosed !== (found.key !== undefined)) {
    throw new Shape("UNUSABLE_RECEIPT", undefined, "$.key").fault("present with a reading, and only then");
  }
  const leaf = found.leaf.members(["kind", "subject", "sequence", "content", "hash"]);
  const batch = found.batch.members(["stream", "number", "root", "count", "firstLeaf"]);
  const log = found.log.members(["size", "path"]);
  const anchor = found.anchor.members(["transaction", "block"]);
  return {
    format,
    chain: {
      chainId: chain.chainId.integer(1),
      genesis: chain.genesis.hex(32),
      contracts: readContracts(chain.contracts),
    },
    disclosed,
    leaf: {
      kind: leaf.kind.integer(1, 255),
      subject: leaf.subject.hex(32),
      sequence: leaf.sequence.integer(1),
      content: leaf.content.hex(32),
      hash: leaf.hash.hex(32),
    },
    index: found.index.integer(),
    path: readPath(found.path),
    batch: {
      stream: batch.stream.hex(32),
      number: batch.number.integer(),
      root: batch.root.hex(32),
      count: batch.count.integer(1),
      firstLeaf: batch.firstLeaf.integer(),
    },
    log: { size: log.size.integer(1), path: readPath(log.path) },
    anchor: { transaction: anchor.transaction.hex(32), block: readBlock(anchor.block) },
    ...(found.key ? { key: readKey(found.key) } : {}),
    ...(found.ack ? { ack: readAckProof(found.ack) } : {}),
  };
}

function readDisclosed(shape: Shape): Disclosed {
  const found = shape.members([], ["reading", "record", "signature", "values"]);
  if (found.reading && !found.record && !found.signature && !found.values) return { reading: found.reading.text() };
  if (found.record && !found.reading) {
    const signature = found.signature && readSignature(found.signature);
    const record = checkRecord(found.record);
    if (found.values && record.format !== "release@1") throw found.values.fault("only a release has values");
    return {
      record,
      ...(signature === undefined ? {} : { signature }),
      ...(found.values ? { values: found.values.list((value) => value.text(), 64) } : {}),
    };
  }
  throw shape.fault("neither a reading nor a record, or both");
}

function readKey(shape: Shape): NonNullable<Receipt["key"]> {
  const found = shape.members(["device", "number", "x", "y", "from", "until"]);
  return {
    device: found.device.hex(32),
    number: found.number.integer(1),
    x: found.x.hex(32),
    y: found.y.hex(32),
    from: found.from.integer(1),
    until: found.until.orNull((until) => until.integer(1)),
  };
}

function readPath(shape: Shape): Hex[] {
  return shape.list((node) => node.hex(32), 64);
}
