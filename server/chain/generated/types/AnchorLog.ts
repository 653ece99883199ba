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

export declare namespace IAnchorLog {
  export type AckStruct = {
    first: BigNumberish;
    count: BigNumberish;
    root: BytesLike;
    acceptedAt: BigNumberish;
    anchorBy: BigNumberish;
    r: BytesLike;
    s: BytesLike;
  };

  export type AckStructOutput = [
    first: bigint,
    count: bigint,
    root: string,
    acceptedAt: bigint,
    anchorBy: bigint,
    r: string,
    s: string
  ] & {
    first: bigint;
    count: bigint;
    root: string;
    acceptedAt: bigint;
    anchorBy: bigint;
    r: string;
    s: string;
  };

  export type PlaceStruct = {
    leaf: BytesLike;
    index: BigNumberish;
    path: BytesLike[];
  };

  export type PlaceStructOutput = [
    leaf: string,
    index: bigint,
    path: string[]
  ] & { leaf: string; index: bigint; path: string[] };

  export type BatchStruct = {
    number: BigNumberish;
    root: BytesLike;
    count: BigNumberish;
    firstLeaf: BigNumberish;
    path: BytesLike[];
  };

  export type BatchStructOutput = [
    number: bigint,
    root: string,
    count: bigint,
    firstLeaf: bigint,
    path: string[]
  ] & {
    number: bigint;
    root: string;
    count: bigint;
    firstLeaf: bigint;
    path: string[];
  };
}

export interface AnchorLogInterface extends Interface {
  getFunction(
    nameOrSignature:
      | "KEY_GRACE"
      | "PERIOD"
      | "RESUME_GRACE"
      | "ackDigest"
      | "anchor"
      | "challengeContradicted"
      | "challengeLate"
      | "challengeMisplaced"
      | "challengeOverdue"
      | "eip712Domain"
      | "fence"
      | "fenceDigest"
      | "frontier"
      | "logRoot"
      | "memberRegistry"
      | "openStream"
      | "openSuccessor"
      | "reachedBefore"
      | "resume"
      | "resumeDigest"
      | "standing"
      | "stream"
      | "streamCount"
      | "streamId"
      | "verifyBatch"
      | "verifyLeaf"
  ): FunctionFragment;

  getEvent(
    nameOrSignatureOrTopic:
      | "Anchored"
      | "EIP712DomainChanged"
      | "Fenced"
      | "Resumed"
      | "StreamOpened"
      | "Succeeded"
      | "Suspended"
  ): EventFragment;

  encodeFunctionData(functionFragment: "KEY_GRACE", values?: undefined): string;
  encodeFunctionData(functionFragment: "PERIOD", values?: undefined): string;
  encodeFunctionData(
    functionFragment: "RESUME_GRACE",
    values?: undefined
  ): string;
  encodeFunctionData(
    functionFragment: "ackDigest",
    values: [BytesLike, IAnchorLog.AckStruct]
  ): string;
  encodeFunctionData(
    functionFragment: "anchor",
    values: [BytesLike, BigNumberish, BytesLike, BigNumberish]
  ): string;
  encodeFunctionData(
    functionFragment: "challengeContradicted",
    values: [
      BytesLike,
      IAnchorLog.AckStruct,
      IAnchorLog.PlaceStruct,
      IAnchorLog.AckStruct,
      IAnchorLog.PlaceStruct
    ]
  ): string;
  encodeFunctionData(
    functionFragment: "challengeLate",
    values: [BytesLike, IAnchorLog.AckStruct, BigNumberish]
  ): string;
  encodeFunctionData(
    functionFragment: "challengeMisplaced",
    values: [
      BytesLike,
      IAnchorLog.AckStruct,
      IAnchorLog.PlaceStruct,
      IAnchorLog.BatchStruct,
      IAnchorLog.PlaceStruct
    ]
  ): string;
  encodeFunctionData(
    functionFragment: "challengeOverdue",
    values: [BytesLike, IAnchorLog.AckStruct]
  ): string;
  encodeFunctionData(
    functionFragment: "eip712Domain",
    values?: undefined
  ): string;
  encodeFunctionData(
    functionFragment: "fence",
    values: [BytesLike, BytesLike, BigNumberish, [BytesLike, BytesLike][]]
  ): string;
  encodeFunctionData(
    functionFragment: "fenceDigest",
    values: [BytesLike, BytesLike]
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
  encodeFunctionData(
    functionFragment: "openSuccessor",
    values: [BytesLike]
  ): string;
  encodeFunctionData(
    functionFragment: "reachedBefore",
    values: [BytesLike, BigNumberish]
  ): string;
  encodeFunctionData(
    functionFragment: "resume",
    values: [
      BytesLike,
      BigNumberish,
      BytesLike,
      BigNumberish,
      [BytesLike, BytesLike][]
    ]
  ): string;
  encodeFunctionData(
    functionFragment: "resumeDigest",
    values: [BytesLike, BigNumberish, BytesLike]
  ): string;
  encodeFunctionData(functionFragment: "standing", values: [BytesLike]): string;
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

  decodeFunctionResult(functionFragment: "KEY_GRACE", data: BytesLike): Result;
  decodeFunctionResult(functionFragment: "PERIOD", data: BytesLike): Result;
  decodeFunctionResult(
    functionFragment: "RESUME_GRACE",
    data: BytesLike
  ): Result;
  decodeFunctionResult(functionFragment: "ackDigest", data: BytesLike): Result;
  decodeFunctionResult(functionFragment: "anchor", data: BytesLike): Result;
  decodeFunctionResult(
    functionFragment: "challengeContradicted",
    data: BytesLike
  ): Result;
  decodeFunctionResult(
    functionFragment: "challengeLate",
    data: BytesLike
  ): Result;
  decodeFunctionResult(
    functionFragment: "challengeMisplaced",
    data: BytesLike
  ): Result;
  decodeFunctionResult(
    functionFragment: "challengeOverdue",
    data: BytesLike
  ): Result;
  decodeFunctionResult(
    functionFragment: "eip712Domain",
    data: BytesLike
  ): Result;
  decodeFunctionResult(functionFragment: "fence", data: BytesLike): Result;
  decodeFunctionResult(
    functionFragment: "fenceDigest",
    data: BytesLike
  ): Result;
  decodeFunctionResult(functionFragment: "frontier", data: BytesLike): Result;
  decodeFunctionResult(functionFragment: "logRoot", data: BytesLike): Result;
  decodeFunctionResult(
    functionFragment: "memberRegistry",
    data: BytesLike
  ): Result;
  decodeFunctionResult(functionFragment: "openStream", data: BytesLike): Result;
  decodeFunctionResult(
    functionFragment: "openSuccessor",
    data: BytesLike
  ): Result;
  decodeFunctionResult(
    functionFragment: "reachedBefore",
    data: BytesLike
  ): Result;
  decodeFunctionResult(functionFragment: "resume", data: BytesLike): Result;
  decodeFunctionResult(
    functionFragment: "resumeDigest",
    data: BytesLike
  ): Result;
  decodeFunctionResult(functionFragment: "standing", data: BytesLike): Result;
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

export namespace EIP712DomainChangedEvent {
  export type InputTuple = [];
  export type OutputTuple = [];
  export interface OutputObject {}
  export type Event = TypedContractEvent<InputTuple, OutputTuple, OutputObject>;
  export type Filter = TypedDeferredTopicFilter<Event>;
  export type Log = TypedEventLog<Event>;
  export type LogDescription = TypedLogDescription<Event>;
}

export namespace FencedEvent {
  export type InputTuple = [
    stream: BytesLike,
    size: BigNumberish,
    nextLeaf: BigNumberish,
    logRoot: BytesLike,
    reason: BytesLike,
    signers: BigNumberish
  ];
  export type OutputTuple = [
    stream: string,
    size: bigint,
    nextLeaf: bigint,
    logRoot: string,
    reason: string,
    signers: bigint
  ];
  export interface OutputObject {
    stream: string;
    size: bigint;
    nextLeaf: bigint;
    logRoot: string;
    reason: string;
    signers: bigint;
  }
  export type Event = TypedContractEvent<InputTuple, OutputTuple, OutputObject>;
  export type Filter = TypedDeferredTopicFilter<Event>;
  export type Log = TypedEventLog<Event>;
  export type LogDescription = TypedLogDescription<Event>;
}

export namespace ResumedEvent {
  export type InputTuple = [
    stream: BytesLike,
    suspension: BigNumberish,
    reason: BytesLike,
    signers: BigNumberish
  ];
  export type OutputTuple = [
    stream: string,
    suspension: bigint,
    reason: string,
    signers: bigint
  ];
  export interface OutputObject {
    stream: string;
    suspension: bigint;
    reason: string;
    signers: bigint;
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

export namespace SucceededEvent {
  export type InputTuple = [
    stream: BytesLike,
    successor: BytesLike,
    end: BytesLike
  ];
  export type OutputTuple = [stream: string, successor: string, end: string];
  export interface OutputObject {
    stream: string;
    successor: string;
    end: string;
  }
  export type Event = TypedContractEvent<InputTuple, OutputTuple, OutputObject>;
  export type Filter = TypedDeferredTopicFilter<Event>;
  export type Log = TypedEventLog<Event>;
  export type LogDescription = TypedLogDescription<Event>;
}

export namespace SuspendedEvent {
  export type InputTuple = [
    stream: BytesLike,
    suspension: BigNumberish,
    breach: BigNumberish,
    ack: BytesLike,
    by: AddressLike
  ];
  export type OutputTuple = [
    stream: string,
    suspension: bigint,
    breach: bigint,
    ack: string,
    by: string
  ];
  export interface OutputObject {
    stream: string;
    suspension: bigint;
    breach: bigint;
    ack: string;
    by: string;
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

  KEY_GRACE: TypedContractMethod<[], [bigint], "view">;

  PERIOD: TypedContractMethod<[], [bigint], "view">;

  RESUME_GRACE: TypedContractMethod<[], [bigint], "view">;

  ackDigest: TypedContractMethod<
    [id: BytesLike, ack: IAnchorLog.AckStruct],
    [string],
    "view"
  >;

  anchor: TypedContractMethod<
    [id: BytesLike, number: BigNumberish, root: BytesLike, count: BigNumberish],
    [void],
    "nonpayable"
  >;

  challengeContradicted: TypedContractMethod<
    [
      id: BytesLike,
      ack: IAnchorLog.AckStruct,
      promised: IAnchorLog.PlaceStruct,
      otherAck: IAnchorLog.AckStruct,
      other: IAnchorLog.PlaceStruct
    ],
    [void],
    "nonpayable"
  >;

  challengeLate: TypedContractMethod<
    [id: BytesLike, ack: IAnchorLog.AckStruct, period: BigNumberish],
    [void],
    "nonpayable"
  >;

  challengeMisplaced: TypedContractMethod<
    [
      id: BytesLike,
      ack: IAnchorLog.AckStruct,
      promised: IAnchorLog.PlaceStruct,
      batch: IAnchorLog.BatchStruct,
      anchored: IAnchorLog.PlaceStruct
    ],
    [void],
    "nonpayable"
  >;

  challengeOverdue: TypedContractMethod<
    [id: BytesLike, ack: IAnchorLog.AckStruct],
    [void],
    "nonpayable"
  >;

  eip712Domain: TypedContractMethod<
    [],
    [
      [string, string, string, bigint, string, string, bigint[]] & {
        fields: string;
        name: string;
        version: string;
        chainId: bigint;
        verifyingContract: string;
        salt: string;
        extensions: bigint[];
      }
    ],
    "view"
  >;

  fence: TypedContractMethod<
    [
      id: BytesLike,
      reason: BytesLike,
      signers: BigNumberish,
      signatures: [BytesLike, BytesLike][]
    ],
    [void],
    "nonpayable"
  >;

  fenceDigest: TypedContractMethod<
    [id: BytesLike, reason: BytesLike],
    [string],
    "view"
  >;

  frontier: TypedContractMethod<[id: BytesLike], [string[]], "view">;

  logRoot: TypedContractMethod<[id: BytesLike], [string], "view">;

  memberRegistry: TypedContractMethod<[], [string], "view">;

  openStream: TypedContractMethod<[group: AddressLike], [string], "nonpayable">;

  openSuccessor: TypedContractMethod<[id: BytesLike], [string], "nonpayable">;

  reachedBefore: TypedContractMethod<
    [id: BytesLike, period: BigNumberish],
    [[boolean, bigint] & { known: boolean; leaves: bigint }],
    "view"
  >;

  resume: TypedContractMethod<
    [
      id: BytesLike,
      suspension: BigNumberish,
      reason: BytesLike,
      signers: BigNumberish,
      signatures: [BytesLike, BytesLike][]
    ],
    [void],
    "nonpayable"
  >;

  resumeDigest: TypedContractMethod<
    [id: BytesLike, suspension: BigNumberish, reason: BytesLike],
    [string],
    "view"
  >;

  standing: TypedContractMethod<
    [id: BytesLike],
    [[bigint, bigint, bigint, string]],
    "view"
  >;

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
    nameOrSignature: "KEY_GRACE"
  ): TypedContractMethod<[], [bigint], "view">;
  getFunction(
    nameOrSignature: "PERIOD"
  ): TypedContractMethod<[], [bigint], "view">;
  getFunction(
    nameOrSignature: "RESUME_GRACE"
  ): TypedContractMethod<[], [bigint], "view">;
  getFunction(
    nameOrSignature: "ackDigest"
  ): TypedContractMethod<
    [id: BytesLike, ack: IAnchorLog.AckStruct],
    [string],
    "view"
  >;
  getFunction(
    nameOrSignature: "anchor"
  ): TypedContractMethod<
    [id: BytesLike, number: BigNumberish, root: BytesLike, count: BigNumberish],
    [void],
    "nonpayable"
  >;
  getFunction(
    nameOrSignature: "challengeContradicted"
  ): TypedContractMethod<
    [
      id: BytesLike,
      ack: IAnchorLog.AckStruct,
      promised: IAnchorLog.PlaceStruct,
      otherAck: IAnchorLog.AckStruct,
      other: IAnchorLog.PlaceStruct
    ],
    [void],
    "nonpayable"
  >;
  getFunction(
    nameOrSignature: "challengeLate"
  ): TypedContractMethod<
    [id: BytesLike, ack: IAnchorLog.AckStruct, period: BigNumberish],
    [void],
    "nonpayable"
  >;
  getFunction(
    nameOrSignature: "challengeMisplaced"
  ): TypedContractMethod<
    [
      id: BytesLike,
      ack: IAnchorLog.AckStruct,
      promised: IAnchorLog.PlaceStruct,
      batch: IAnchorLog.BatchStruct,
      anchored: IAnchorLog.PlaceStruct
    ],
    [void],
    "nonpayable"
  >;
  getFunction(
    nameOrSignature: "challengeOverdue"
  ): TypedContractMethod<
    [id: BytesLike, ack: IAnchorLog.AckStruct],
    [void],
    "nonpayable"
  >;
  getFunction(
    nameOrSignature: "eip712Domain"
  ): TypedContractMethod<
    [],
    [
      [string, string, string, bigint, string, string, bigint[]] & {
        fields: string;
        name: string;
        version: string;
        chainId: bigint;
        verifyingContract: string;
        salt: string;
        extensions: bigint[];
      }
    ],
    "view"
  >;
  getFunction(
    nameOrSignature: "fence"
  ): TypedContractMethod<
    [
      id: BytesLike,
      reason: BytesLike,
      signers: BigNumberish,
      signatures: [BytesLike, BytesLike][]
    ],
    [void],
    "nonpayable"
  >;
  getFunction(
    nameOrSignature: "fenceDigest"
  ): TypedContractMethod<[id: BytesLike, reason: BytesLike], [string], "view">;
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
    nameOrSignature: "openSuccessor"
  ): TypedContractMethod<[id: BytesLike], [string], "nonpayable">;
  getFunction(
    nameOrSignature: "reachedBefore"
  ): TypedContractMethod<
    [id: BytesLike, period: BigNumberish],
    [[boolean, bigint] & { known: boolean; leaves: bigint }],
    "view"
  >;
  getFunction(
    nameOrSignature: "resume"
  ): TypedContractMethod<
    [
      id: BytesLike,
      suspension: BigNumberish,
      reason: BytesLike,
      signers: BigNumberish,
      signatures: [BytesLike, BytesLike][]
    ],
    [void],
    "nonpayable"
  >;
  getFunction(
    nameOrSignature: "resumeDigest"
  ): TypedContractMethod<
    [id: BytesLike, suspension: BigNumberish, reason: BytesLike],
    [string],
    "view"
  >;
  getFunction(
    nameOrSignature: "standing"
  ): TypedContractMethod<
    [id: BytesLike],
    [[bigint, bigint, bigint, string]],
    "view"
  >;
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
    key: "EIP712DomainChanged"
  ): TypedContractEvent<
    EIP712DomainChangedEvent.InputTuple,
    EIP712DomainChangedEvent.OutputTuple,
    EIP712DomainChangedEvent.OutputObject
  >;
  getEvent(
    key: "Fenced"
  ): TypedContractEvent<
    FencedEvent.InputTuple,
    FencedEvent.OutputTuple,
    FencedEvent.OutputObject
  >;
  getEvent(
    key: "Resumed"
  ): TypedContractEvent<
    ResumedEvent.InputTuple,
    ResumedEvent.OutputTuple,
    ResumedEvent.OutputObject
  >;
  getEvent(
    key: "StreamOpened"
  ): TypedContractEvent<
    StreamOpenedEvent.InputTuple,
    StreamOpenedEvent.OutputTuple,
    StreamOpenedEvent.OutputObject
  >;
  getEvent(
    key: "Succeeded"
  ): TypedContractEvent<
    SucceededEvent.InputTuple,
    SucceededEvent.OutputTuple,
    SucceededEvent.OutputObject
  >;
  getEvent(
    key: "Suspended"
  ): TypedContractEvent<
    SuspendedEvent.InputTuple,
    SuspendedEvent.OutputTuple,
    SuspendedEvent.OutputObject
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

    "EIP712DomainChanged()": TypedContractEvent<
      EIP712DomainChangedEvent.InputTuple,
      EIP712DomainChangedEvent.OutputTuple,
      EIP712DomainChangedEvent.OutputObject
    >;
    EIP712DomainChanged: TypedContractEvent<
      EIP712DomainChangedEvent.InputTuple,
      EIP712DomainChangedEvent.OutputTuple,
      EIP712DomainChangedEvent.OutputObject
    >;

    "Fenced(bytes32,uint64,uint64,bytes32,bytes32,uint256)": TypedContractEvent<
      FencedEvent.InputTuple,
      FencedEvent.OutputTuple,
      FencedEvent.OutputObject
    >;
    Fenced: TypedContractEvent<
      FencedEvent.InputTuple,
      FencedEvent.OutputTuple,
      FencedEvent.OutputObject
    >;

    "Resumed(bytes32,uint32,bytes32,uint256)": TypedContractEvent<
      ResumedEvent.InputTuple,
      ResumedEvent.OutputTuple,
      ResumedEvent.OutputObject
    >;
    Resumed: TypedContractEvent<
      ResumedEvent.InputTuple,
      ResumedEvent.OutputTuple,
      ResumedEvent.OutputObject
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

    "Succeeded(bytes32,bytes32,bytes32)": TypedContractEvent<
      SucceededEvent.InputTuple,
      SucceededEvent.OutputTuple,
      SucceededEvent.OutputObject
    >;
    Succeeded: TypedContractEvent<
      SucceededEvent.InputTuple,
      SucceededEvent.OutputTuple,
      SucceededEvent.OutputObject
    >;

    "Suspended(bytes32,uint32,uint8,bytes32,address)": TypedContractEvent<
      SuspendedEvent.InputTuple,
      SuspendedEvent.OutputTuple,
      SuspendedEvent.OutputObject
    >;
    Suspended: TypedContractEvent<
      SuspendedEvent.InputTuple,
      SuspendedEvent.OutputTuple,
      SuspendedEvent.OutputObject
    >;
  };
}
