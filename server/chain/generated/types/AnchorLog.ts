// Generated from contracts/ by scripts/generate.ts; do not edit.
/* tslint:disable */
/* eslint-disable */
import type {
  BaseContract,
  BigNumberish,
  BytesLike,
  FunctionFragment,
  Result,
  Interface,
  EventFragment,
  AddressLike,
  ContractRunner,
  ContractMethod,
  Listener,
} from "ethers";
import type {
  TypedContractEvent,
  TypedDeferredTopicFilter,
  TypedEventLog,
  TypedLogDescription,
  TypedListener,
  TypedContractMethod,
} from "./common.ts";

export interface AnchorLogInterface extends Interface {
  getFunction(
    nameOrSignature:
      | "anchor"
      | "frontier"
      | "logRoot"
      | "memberRegistry"
      | "openStream"
      | "stream"
      | "streamCount"
      | "streamId"
      | "verifyBatch"
      | "verifyLeaf"
  ): FunctionFragment;

  getEvent(nameOrSignatureOrTopic: "Anchored" | "StreamOpened"): EventFragment;

  encodeFunctionData(
    functionFragment: "anchor",
    values: [BytesLike, BigNumberish, BytesLike, BigNumberish]
  ): string;
  encodeFunctionData(functionFragment: "frontier", values: [BytesLike]): string;
  encodeFunctionData(functionFragment: "logRoot", values: [BytesLike]): string;
  encodeFunctionData(
    functionFragment: "memberRegistry",
    values?: undefined
  ): string;
  encodeFunctionData(
    functionFragment: "openStream",
    values: [AddressLike]
  ): string;
  encodeFunctionData(functionFragment: "stream", values: [BytesLike]): string;
  encodeFunctionData(
    functionFragment: "streamCount",
    values: [AddressLike]
  ): string;
  encodeFunctionData(
    functionFragment: "streamId",
    values: [AddressLike, BigNumberish]
  ): string;
  encodeFunctionData(
    functionFragment: "verifyBatch",
    values: [
      BytesLike,
      BigNumberish,
      BytesLike,
      BigNumberish,
      BigNumberish,
      BigNumberish,
      BytesLike[]
    ]
  ): string;
  encodeFunctionData(
    functionFragment: "verifyLeaf",
    values: [BytesLike, BigNumberish, BigNumberish, BytesLike[], BytesLike]
  ): string;

  decodeFunctionResult(functionFragment: "anchor", data: BytesLike): Result;
  decodeFunctionResult(functionFragment: "frontier", data: BytesLike): Result;
  decodeFunctionResult(functionFragment: "logRoot", data: BytesLike): Result;
  decodeFunctionResult(
    functionFragment: "memberRegistry",
    data: BytesLike
  ): Result;
  decodeFunctionResult(functionFragment: "openStream", data: BytesLike): Result;
  decodeFunctionResult(functionFragment: "stream", data: BytesLike): Result;
  decodeFunctionResult(
    functionFragment: "streamCount",
    data: BytesLike
  ): Result;
  decodeFunctionResult(functionFragment: "streamId", data: BytesLike): Result;
  decodeFunctionResult(
    functionFragment: "verifyBatch",
    data: BytesLike
  ): Result;
  decodeFunctionResult(functionFragment: "verifyLeaf", data: BytesLike): Result;
}

export namespace AnchoredEvent {
  export type InputTuple = [
    stream: BytesLike,
    number: BigNumberish,
    root: BytesLike,
    count: BigNumberish,
    firstLeaf: BigNumberish
  ];
  export type OutputTuple = [
    stream: string,
    number: bigint,
    root: string,
    count: bigint,
    firstLeaf: bigint
  ];
  export interface OutputObject {
    stream: string;
    number: bigint;
    root: string;
    count: bigint;
    firstLeaf: bigint;
  }
  export type Event = TypedContractEvent<InputTuple, OutputTuple, OutputObject>;
  export type Filter = TypedDeferredTopicFilter<Event>;
  export type Log = TypedEventLog<Event>;
  export type LogDescription = TypedLogDescription<Event>;
}

export namespace StreamOpenedEvent {
  export type InputTuple = [
    stream: BytesLike,
    group: AddressLike,
    n: BigNumberish
  ];
  export type OutputTuple = [stream: string, group: string, n: bigint];
  export interface OutputObject {
    stream: string;
    group: string;
    n: bigint;
  }
  export type Event = TypedContractEvent<InputTuple, OutputTuple, OutputObject>;
  export type Filter = TypedDeferredTopicFilter<Event>;
  export type Log = TypedEventLog<Event>;
  export type LogDescription = TypedLogDescription<Event>;
}

export interface AnchorLog extends BaseContract {
  connect(runner?: ContractRunner | null): AnchorLog;
  waitForDeployment(): Promise<this>;

  interface: AnchorLogInterface;

  queryFilter<TCEvent extends TypedContractEvent>(
    event: TCEvent,
    fromBlockOrBlockhash?: string | number | undefined,
    toBlock?: string | number | undefined
  ): Promise<Array<TypedEventLog<TCEvent>>>;
  queryFilter<TCEvent extends TypedContractEvent>(
    filter: TypedDeferredTopicFilter<TCEvent>,
    fromBlockOrBlockhash?: string | number | undefined,
    toBlock?: string | number | undefined
  ): Promise<Array<TypedEventLog<TCEvent>>>;

  on<TCEvent extends TypedContractEvent>(
    event: TCEvent,
    listener: TypedListener<TCEvent>
  ): Promise<this>;
  on<TCEvent extends TypedContractEvent>(
    filter: TypedDeferredTopicFilter<TCEvent>,
    listener: TypedListener<TCEvent>
  ): Promise<this>;

  once<TCEvent extends TypedContractEvent>(
    event: TCEvent,
    listener: TypedListener<TCEvent>
  ): Promise<this>;
  once<TCEvent extends TypedContractEvent>(
    filter: TypedDeferredTopicFilter<TCEvent>,
    listener: TypedListener<TCEvent>
  ): Promise<this>;

  listeners<TCEvent extends TypedContractEvent>(
    event: TCEvent
  ): Promise<Array<TypedListener<TCEvent>>>;
  listeners(eventName?: string): Promise<Array<Listener>>;
  removeAllListeners<TCEvent extends TypedContractEvent>(
    event?: TCEvent
  ): Promise<this>;

  anchor: TypedContractMethod<
    [id: BytesLike, number: BigNumberish, root: BytesLike, count: BigNumberish],
    [void],
    "nonpayable"
  >;

  frontier: TypedContractMethod<[id: BytesLike], [string[]], "view">;

  logRoot: TypedContractMethod<[id: BytesLike], [string], "view">;

  memberRegistry: TypedContractMethod<[], [string], "view">;

  openStream: TypedContractMethod<[group: AddressLike], [string], "nonpayable">;

  stream: TypedContractMethod<
    [id: BytesLike],
    [
      [string, bigint, bigint] & {
        group: string;
        size: bigint;
        nextLeaf: bigint;
      }
    ],
    "view"
  >;

  streamCount: TypedContractMethod<[group: AddressLike], [bigint], "view">;

  streamId: TypedContractMethod<
    [group: AddressLike, n: BigNumberish],
    [string],
    "view"
  >;

  verifyBatch: TypedContractMethod<
    [
      id: BytesLike,
      number: BigNumberish,
      root: BytesLike,
      count: BigNumberish,
      firstLeaf: BigNumberish,
      size: BigNumberish,
      path: BytesLike[]
    ],
    [boolean],
    "view"
  >;

  verifyLeaf: TypedContractMethod<
    [
      leaf: BytesLike,
      index: BigNumberish,
      count: BigNumberish,
      path: BytesLike[],
      root: BytesLike
    ],
    [boolean],
    "view"
  >;

  getFunction<T extends ContractMethod = ContractMethod>(
    key: string | FunctionFragment
  ): T;

  getFunction(
    nameOrSignature: "anchor"
  ): TypedContractMethod<
    [id: BytesLike, number: BigNumberish, root: BytesLike, count: BigNumberish],
    [void],
    "nonpayable"
  >;
  getFunction(
    nameOrSignature: "frontier"
  ): TypedContractMethod<[id: BytesLike], [string[]], "view">;
  getFunction(
    nameOrSignature: "logRoot"
  ): TypedContractMethod<[id: BytesLike], [string], "view">;
  getFunction(
    nameOrSignature: "memberRegistry"
  ): TypedContractMethod<[], [string], "view">;
  getFunction(
    nameOrSignature: "openStream"
  ): TypedContractMethod<[group: AddressLike], [string], "nonpayable">;
  getFunction(
    nameOrSignature: "stream"
  ): TypedContractMethod<
    [id: BytesLike],
    [
      [string, bigint, bigint] & {
        group: string;
        size: bigint;
        nextLeaf: bigint;
      }
    ],
    "view"
  >;
  getFunction(
    nameOrSignature: "streamCount"
  ): TypedContractMethod<[group: AddressLike], [bigint], "view">;
  getFunction(
    nameOrSignature: "streamId"
  ): TypedContractMethod<
    [group: AddressLike, n: BigNumberish],
    [string],
    "view"
  >;
  getFunction(
    nameOrSignature: "verifyBatch"
  ): TypedContractMethod<
    [
      id: BytesLike,
      number: BigNumberish,
      root: BytesLike,
      count: BigNumberish,
      firstLeaf: BigNumberish,
      size: BigNumberish,
      path: BytesLike[]
    ],
    [boolean],
    "view"
  >;
  getFunction(
    nameOrSignature: "verifyLeaf"
  ): TypedContractMethod<
    [
      leaf: BytesLike,
      index: BigNumberish,
      count: BigNumberish,
      path: BytesLike[],
      root: BytesLike
    ],
    [boolean],
    "view"
  >;

  getEvent(
    key: "Anchored"
  ): TypedContractEvent<
    AnchoredEvent.InputTuple,
    AnchoredEvent.OutputTuple,
    AnchoredEvent.OutputObject
  >;
  getEvent(
    key: "StreamOpened"
  ): TypedContractEvent<
    StreamOpenedEvent.InputTuple,
    StreamOpenedEvent.OutputTuple,
    StreamOpenedEvent.OutputObject
  >;

  filters: {
    "Anchored(bytes32,uint64,bytes32,uint64,uint64)": TypedContractEvent<
      AnchoredEvent.InputTuple,
      AnchoredEvent.OutputTuple,
      AnchoredEvent.OutputObject
    >;
    Anchored: TypedContractEvent<
      AnchoredEvent.InputTuple,
      AnchoredEvent.OutputTuple,
      AnchoredEvent.OutputObject
    >;

    "StreamOpened(bytes32,address,uint64)": TypedContractEvent<
      StreamOpenedEvent.InputTuple,
      StreamOpenedEvent.OutputTuple,
      StreamOpenedEvent.OutputObject
    >;
    StreamOpened: TypedContractEvent<
      StreamOpenedEvent.InputTuple,
      StreamOpenedEvent.OutputTuple,
      StreamOpenedEvent.OutputObject
    >;
  };
}
