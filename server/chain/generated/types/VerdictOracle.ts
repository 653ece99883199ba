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

export declare namespace IVerdictOracle {
  export type VerdictStruct = {
    oracleSet: BytesLike;
    stream: BytesLike;
    round: BigNumberish;
    firstBatch: BigNumberish;
    lastBatch: BigNumberish;
    device: BytesLike;
    firstSequence: BigNumberish;
    lastSequence: BigNumberish;
    kind: BigNumberish;
    severity: BigNumberish;
    model: BytesLike;
    leavesRoot: BytesLike;
  };

  export type VerdictStructOutput = [
    oracleSet: string,
    stream: string,
    round: bigint,
    firstBatch: bigint,
    lastBatch: bigint,
    device: string,
    firstSequence: bigint,
    lastSequence: bigint,
    kind: bigint,
    severity: bigint,
    model: string,
    leavesRoot: string
  ] & {
    oracleSet: string;
    stream: string;
    round: bigint;
    firstBatch: bigint;
    lastBatch: bigint;
    device: string;
    firstSequence: bigint;
    lastSequence: bigint;
    kind: bigint;
    severity: bigint;
    model: string;
    leavesRoot: string;
  };
}

export interface VerdictOracleInterface extends Interface {
  getFunction(
    nameOrSignature:
      | "BATCHES_PER_ROUND"
      | "allClear"
      | "allClearDigest"
      | "anchorLog"
      | "clearedRoot"
      | "deviceRegistry"
      | "eip712Domain"
      | "latestVerdict"
      | "memberRegistry"
      | "transmit"
      | "verdictDigest"
  ): FunctionFragment;

  getEvent(
    nameOrSignatureOrTopic:
      | "EIP712DomainChanged"
      | "RoundCleared"
      | "VerdictReached"
  ): EventFragment;

  encodeFunctionData(
    functionFragment: "BATCHES_PER_ROUND",
    values?: undefined
  ): string;
  encodeFunctionData(
    functionFragment: "allClear",
    values: [
      BytesLike,
      BigNumberish,
      BytesLike,
      BigNumberish,
      [BytesLike, BytesLike][]
    ]
  ): string;
  encodeFunctionData(
    functionFragment: "allClearDigest",
    values: [BytesLike, BigNumberish, BytesLike]
  ): string;
  encodeFunctionData(functionFragment: "anchorLog", values?: undefined): string;
  encodeFunctionData(
    functionFragment: "clearedRoot",
    values: [BytesLike, BigNumberish]
  ): string;
  encodeFunctionData(
    functionFragment: "deviceRegistry",
    values?: undefined
  ): string;
  encodeFunctionData(
    functionFragment: "eip712Domain",
    values?: undefined
  ): string;
  encodeFunctionData(
    functionFragment: "latestVerdict",
    values: [BytesLike]
  ): string;
  encodeFunctionData(
    functionFragment: "memberRegistry",
    values?: undefined
  ): string;
  encodeFunctionData(
    functionFragment: "transmit",
    values: [
      IVerdictOracle.VerdictStruct,
      BigNumberish,
      [BytesLike, BytesLike][]
    ]
  ): string;
  encodeFunctionData(
    functionFragment: "verdictDigest",
    values: [IVerdictOracle.VerdictStruct]
  ): string;

  decodeFunctionResult(
    functionFragment: "BATCHES_PER_ROUND",
    data: BytesLike
  ): Result;
  decodeFunctionResult(functionFragment: "allClear", data: BytesLike): Result;
  decodeFunctionResult(
    functionFragment: "allClearDigest",
    data: BytesLike
  ): Result;
  decodeFunctionResult(functionFragment: "anchorLog", data: BytesLike): Result;
  decodeFunctionResult(
    functionFragment: "clearedRoot",
    data: BytesLike
  ): Result;
  decodeFunctionResult(
    functionFragment: "deviceRegistry",
    data: BytesLike
  ): Result;
  decodeFunctionResult(
    functionFragment: "eip712Domain",
    data: BytesLike
  ): Result;
  decodeFunctionResult(
    functionFragment: "latestVerdict",
    data: BytesLike
  ): Result;
  decodeFunctionResult(
    functionFragment: "memberRegistry",
    data: BytesLike
  ): Result;
  decodeFunctionResult(functionFragment: "transmit", data: BytesLike): Result;
  decodeFunctionResult(
    functionFragment: "verdictDigest",
    data: BytesLike
  ): Result;
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

export namespace RoundClearedEvent {
  export type InputTuple = [
    stream: BytesLike,
    round: BigNumberish,
    root: BytesLike,
    signers: BigNumberish
  ];
  export type OutputTuple = [
    stream: string,
    round: bigint,
    root: string,
    signers: bigint
  ];
  export interface OutputObject {
    stream: string;
    round: bigint;
    root: string;
    signers: bigint;
  }
  export type Event = TypedContractEvent<InputTuple, OutputTuple, OutputObject>;
  export type Filter = TypedDeferredTopicFilter<Event>;
  export type Log = TypedEventLog<Event>;
  export type LogDescription = TypedLogDescription<Event>;
}

export namespace VerdictReachedEvent {
  export type InputTuple = [
    digest: BytesLike,
    device: BytesLike,
    round: BigNumberish,
    verdict: IVerdictOracle.VerdictStruct,
    signers: BigNumberish
  ];
  export type OutputTuple = [
    digest: string,
    device: string,
    round: bigint,
    verdict: IVerdictOracle.VerdictStructOutput,
    signers: bigint
  ];
  export interface OutputObject {
    digest: string;
    device: string;
    round: bigint;
    verdict: IVerdictOracle.VerdictStructOutput;
    signers: bigint;
  }
  export type Event = TypedContractEvent<InputTuple, OutputTuple, OutputObject>;
  export type Filter = TypedDeferredTopicFilter<Event>;
  export type Log = TypedEventLog<Event>;
  export type LogDescription = TypedLogDescription<Event>;
}

export interface VerdictOracle extends BaseContract {
  connect(runner?: ContractRunner | null): VerdictOracle;
  waitForDeployment(): Promise<this>;

  interface: VerdictOracleInterface;

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

  BATCHES_PER_ROUND: TypedContractMethod<[], [bigint], "view">;

  allClear: TypedContractMethod<
    [
      stream: BytesLike,
      round: BigNumberish,
      root: BytesLike,
      signers: BigNumberish,
      signatures: [BytesLike, BytesLike][]
    ],
    [void],
    "nonpayable"
  >;

  allClearDigest: TypedContractMethod<
    [stream: BytesLike, round: BigNumberish, root: BytesLike],
    [string],
    "view"
  >;

  anchorLog: TypedContractMethod<[], [string], "view">;

  clearedRoot: TypedContractMethod<
    [stream: BytesLike, round: BigNumberish],
    [string],
    "view"
  >;

  deviceRegistry: TypedContractMethod<[], [string], "view">;

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

  latestVerdict: TypedContractMethod<
    [device: BytesLike],
    [
      [string, bigint, bigint, bigint, bigint] & {
        tag: string;
        round: bigint;
        kind: bigint;
        severity: bigint;
        reachedAt: bigint;
      }
    ],
    "view"
  >;

  memberRegistry: TypedContractMethod<[], [string], "view">;

  transmit: TypedContractMethod<
    [
      v: IVerdictOracle.VerdictStruct,
      signers: BigNumberish,
      signatures: [BytesLike, BytesLike][]
    ],
    [void],
    "nonpayable"
  >;

  verdictDigest: TypedContractMethod<
    [v: IVerdictOracle.VerdictStruct],
    [string],
    "view"
  >;

  getFunction<T extends ContractMethod = ContractMethod>(
    key: string | FunctionFragment
  ): T;

  getFunction(
    nameOrSignature: "BATCHES_PER_ROUND"
  ): TypedContractMethod<[], [bigint], "view">;
  getFunction(
    nameOrSignature: "allClear"
  ): TypedContractMethod<
    [
      stream: BytesLike,
      round: BigNumberish,
      root: BytesLike,
      signers: BigNumberish,
      signatures: [BytesLike, BytesLike][]
    ],
    [void],
    "nonpayable"
  >;
  getFunction(
    nameOrSignature: "allClearDigest"
  ): TypedContractMethod<
    [stream: BytesLike, round: BigNumberish, root: BytesLike],
    [string],
    "view"
  >;
  getFunction(
    nameOrSignature: "anchorLog"
  ): TypedContractMethod<[], [string], "view">;
  getFunction(
    nameOrSignature: "clearedRoot"
  ): TypedContractMethod<
    [stream: BytesLike, round: BigNumberish],
    [string],
    "view"
  >;
  getFunction(
    nameOrSignature: "deviceRegistry"
  ): TypedContractMethod<[], [string], "view">;
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
    nameOrSignature: "latestVerdict"
  ): TypedContractMethod<
    [device: BytesLike],
    [
      [string, bigint, bigint, bigint, bigint] & {
        tag: string;
        round: bigint;
        kind: bigint;
        severity: bigint;
        reachedAt: bigint;
      }
    ],
    "view"
  >;
  getFunction(
    nameOrSignature: "memberRegistry"
  ): TypedContractMethod<[], [string], "view">;
  getFunction(
    nameOrSignature: "transmit"
  ): TypedContractMethod<
    [
      v: IVerdictOracle.VerdictStruct,
      signers: BigNumberish,
      signatures: [BytesLike, BytesLike][]
    ],
    [void],
    "nonpayable"
  >;
  getFunction(
    nameOrSignature: "verdictDigest"
  ): TypedContractMethod<[v: IVerdictOracle.VerdictStruct], [string], "view">;

  getEvent(
    key: "EIP712DomainChanged"
  ): TypedContractEvent<
    EIP712DomainChangedEvent.InputTuple,
    EIP712DomainChangedEvent.OutputTuple,
    EIP712DomainChangedEvent.OutputObject
  >;
  getEvent(
    key: "RoundCleared"
  ): TypedContractEvent<
    RoundClearedEvent.InputTuple,
    RoundClearedEvent.OutputTuple,
    RoundClearedEvent.OutputObject
  >;
  getEvent(
    key: "VerdictReached"
  ): TypedContractEvent<
    VerdictReachedEvent.InputTuple,
    VerdictReachedEvent.OutputTuple,
    VerdictReachedEvent.OutputObject
  >;

  filters: {
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

    "RoundCleared(bytes32,uint64,bytes32,uint32)": TypedContractEvent<
      RoundClearedEvent.InputTuple,
      RoundClearedEvent.OutputTuple,
      RoundClearedEvent.OutputObject
    >;
    RoundCleared: TypedContractEvent<
      RoundClearedEvent.InputTuple,
      RoundClearedEvent.OutputTuple,
      RoundClearedEvent.OutputObject
    >;

    "VerdictReached(bytes32,bytes32,uint64,tuple,uint32)": TypedContractEvent<
      VerdictReachedEvent.InputTuple,
      VerdictReachedEvent.OutputTuple,
      VerdictReachedEvent.OutputObject
    >;
    VerdictReached: TypedContractEvent<
      VerdictReachedEvent.InputTuple,
      VerdictReachedEvent.OutputTuple,
      VerdictReachedEvent.OutputObject
    >;
  };
}
