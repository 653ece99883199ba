import { create, toBinary } from "@bufbuild/protobuf";
import {
  AttributeProto_AttributeType as Kind,
  AttributeProtoSchema,
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  TensorProto_DataType as DataType,
  TensorProtoSchema,
  TensorShapeProto_DimensionSchema,
  TensorShapeProtoSchema,
  TypeProto_TensorSchema,
  TypeProtoSchema,
  ValueInfoProtoSchema,
  type AttributeProto,
  type NodeProto,
  type TensorProto,
  type ValueInfoProto,
} from "onnx-buf";
import { sizeOf, type Shape } from "../graph/shape.ts";

export type Attribute = number | string | readonly number[];

/** ONNX 1.15 (IR 9, operators 18), and ONNX Runtime's own operators, which it has beside them. */
const IR_VERSION = 9n;
const OPERATORS = [
  { domain: "", version: 18n },
  { domain: "com.microsoft", version: 1n },
];

/** An ONNX model as it grows: tensors have names, nodes are in the order in which they run. Float32 throughout. */
export class OnnxModel {
  readonly #nodes: NodeProto[] = [];
  readonly #constants = new Map<string, TensorProto>();
  readonly #inputs: ValueInfoProto[] = [];
  readonly #outputs: ValueInfoProto[] = [];

  input(name: string, shape: Shape): void {
    this.#inputs.push(valueOf(name, shape));
  }

  output(name: string, shape: Shape): void {
    this.#outputs.push(valueOf(name, shape));
  }

  node(
    operator: string,
    of: readonly string[],
    outputs: readonly string[],
    attributes: Record<string, Attribute> = {},
  ) {
    const [name = "", domain = ""] = operator.split("@");
    this.#nodes.push(
      create(NodeProtoSchema, {
        opType: name,
        domain,
        name: `${name} ${this.#nodes.length}`,
        input: [...of],
        output: [...outputs],
        attribute: Object.entries(attributes).map(([key, value]) => attributeOf(key, value)),
      }),
    );
  }

  /** A tensor that is part of the model. */
  constant(name: string, values: ArrayLike<number>, shape: Shape): string {
    const filled = new Float32Array(sizeOf(shape));
    if (values.length === 1) filled.fill(values[0] ?? 0);
    else filled.set(values);
    return this.#keep(name, DataType.FLOAT, new Uint8Array(filled.buffer), shape);
  }

  /** A list of whole numbers, as ONNX takes shapes, axes and places. */
  integers(values: readonly number[]): string {
    const bytes = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
    return this.#keep(`int64 ${values.join(",")}`, DataType.INT64, bytes, [values.length]);
  }

  toBytes(): Uint8Array {
    const graph = create(GraphProtoSchema, {
      name: "graph",
      node: this.#nodes,
      initializer: [...this.#constants.values()],
      input: this.#inputs,
      output: this.#outputs,
    });
    const opsetImport = OPERATORS.map((operators) => create(OperatorSetIdProtoSchema, operators));
    return toBinary(ModelProtoSchema, create(ModelProtoSchema, { irVersion: IR_VERSION, opsetImport, graph }));
  }

  #keep(name: string, dataType: DataType, rawData: Uint8Array<ArrayBuffer>, shape: Shape): string {
    if (!this.#constants.has(name))
      this.#constants.set(name, create(TensorProtoSchema, { name, dataType, rawData, dims: shape.map(BigInt) }));
    return name;
  }
}

function attributeOf(name: string, value: Attribute): AttributeProto {
  if (typeof value === "string")
    return create(AttributeProtoSchema, { name, type: Kind.STRING, s: new TextEncoder().encode(value) });
  if (typeof value === "number") return create(AttributeProtoSchema, { name, type: Kind.INT, i: BigInt(value) });
  return create(AttributeProtoSchema, { name, type: Kind.INTS, ints: value.map(BigInt) });
}

function valueOf(name: string, shape: Shape): ValueInfoProto {
  const dim = shape.map((extent) =>
    create(TensorShapeProto_DimensionSchema, { value: { case: "dimValue", value: BigInt(extent) } }),
  );
  const tensor = create(TypeProto_TensorSchema, {
    elemType: DataType.FLOAT,
    shape: create(TensorShapeProtoSchema, { dim }),
  });
  return create(ValueInfoProtoSchema, {
    name,
    type: create(TypeProtoSchema, { value: { case: "tensorType", value: tensor } }),
  });
}
