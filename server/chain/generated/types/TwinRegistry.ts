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

export interface TwinRegistryInterface extends Interface {
  getFunction(
    nameOrSignature:
      | "assignment"
      | "beginAssignment"
      | "createSecurityTwin"
      | "createTwin"
      | "cuts"
      | "deviceOf"
      | "deviceRegistry"
      | "endAssignment"
      | "memberRegistry"
      | "openAssignment"
      | "raiseEpoch"
      | "securityTwin"
      | "twin"
  ): FunctionFragment;

  getEvent(
    nameOrSignatureOrTopic:
      | "AssignmentBegan"
      | "AssignmentEnded"
      | "EpochRaised"
      | "TwinCreated"
  ): EventFragment;

  encodeFunctionData(
    functionFragment: "assignment",
    values: [BytesLike]
  ): string;
  encodeFunctionData(
    functionFragment: "beginAssignment",
    values: [BytesLike, BigNumberish]
  ): string;
  encodeFunctionData(
    functionFragment: "createSecurityTwin",
    values: [BytesLike, BytesLike, BigNumberish]
  ): string;
  encodeFunctionData(
    functionFragment: "createTwin",
    values: [BytesLike, BytesLike, BigNumberish, BigNumberish]
  ): string;
  encodeFunctionData(
    functionFragment: "cuts",
    values: [BytesLike, BytesLike]
  ): string;
  encodeFunctionData(functionFragment: "deviceOf", values: [BytesLike]): string;
  encodeFunctionData(
    functionFragment: "deviceRegistry",
    values?: undefined
  ): string;
  encodeFunctionData(
    functionFragment: "endAssignment",
    values: [BytesLike, BigNumberish]
  ): string;
  encodeFunctionData(
    functionFragment: "memberRegistry",
    values?: undefined
  ): string;
  encodeFunctionData(
    functionFragment: "openAssignment",
    values: [BytesLike]
  ): string;
  encodeFunctionData(
    functionFragment: "raiseEpoch",
    values: [BytesLike]
  ): string;
  encodeFunctionData(
    functionFragment: "securityTwin",
    values: [BytesLike]
  ): string;
  encodeFunctionData(functionFragment: "twin", values: [BytesLike]): string;

  decodeFunctionResult(functionFragment: "assignment", data: BytesLike): Result;
  decodeFunctionResult(
    functionFragment: "beginAssignment",
    data: BytesLike
  ): Result;
  decodeFunctionResult(
    functionFragment: "createSecurityTwin",
    data: BytesLike
  ): Result;
  decodeFunctionResult(functionFragment: "createTwin", data: BytesLike): Result;
  decodeFunctionResult(functionFragment: "cuts", data: BytesLike): Result;
  decodeFunctionResult(functionFragment: "deviceOf", data: BytesLike): Result;
  decodeFunctionResult(
    functionFragment: "deviceRegistry",
    data: BytesLike
  ): Result;
  decodeFunctionResult(
    functionFragment: "endAssignment",
    data: BytesLike
  ): Result;
  decodeFunctionResult(
    functionFragment: "memberRegistry",
    data: BytesLike
  ): Result;
  decodeFunctionResult(
    functionFragment: "openAssignment",
    data: BytesLike
  ): Result;
  decodeFunctionResult(functionFragment: "raiseEpoch", data: BytesLike): Result;
  decodeFunctionResult(
    functionFragment: "securityTwin",
    data: BytesLike
  ): Result;
  decodeFunctionResult(functionFragment: "twin", data: BytesLike): Result;
}

export namespace AssignmentBeganEvent {
  export type InputTuple = [
    assignment: BytesLike,
    device: BytesLike,
    n: BigNumberish,
    fromSequence: BigNumberish
  ];
  export type OutputTuple = [
    assignment: string,
    device: string,
    n: bigint,
    fromSequence: bigint
  ];
  export interface OutputObject {
    assignment: string;
    device: string;
    n: bigint;
    fromSequence: bigint;
  }
  export type Event = TypedContractEvent<InputTuple, OutputTuple, OutputObject>;
  export type Filter = TypedDeferredTopicFilter<Event>;
  export type Log = TypedEventLog<Event>;
  export type LogDescription = TypedLogDescription<Event>;
}

export namespace AssignmentEndedEvent {
  export type InputTuple = [
    assignment: BytesLike,
    device: BytesLike,
    endSequence: BigNumberish
  ];
  export type OutputTuple = [
    assignment: string,
    device: string,
    endSequence: bigint
  ];
  export interface OutputObject {
    assignment: string;
    device: string;
    endSequence: bigint;
  }
  export type Event = TypedContractEvent<InputTuple, OutputTuple, OutputObject>;
  export type Filter = TypedDeferredTopicFilter<Event>;
  export type Log = TypedEventLog<Event>;
  export type LogDescription = TypedLogDescription<Event>;
}

export namespace EpochRaisedEvent {
  export type InputTuple = [twin: BytesLike, epoch: BigNumberish];
  export type OutputTuple = [twin: string, epoch: bigint];
  export interface OutputObject {
    twin: string;
    epoch: bigint;
  }
  export type Event = TypedContractEvent<InputTuple, OutputTuple, OutputObject>;
  export type Filter = TypedDeferredTopicFilter<Event>;
  export type Log = TypedEventLog<Event>;
  export type LogDescription = TypedLogDescription<Event>;
}

export namespace TwinCreatedEvent {
  export type InputTuple = [
    twin: BytesLike,
    device: BytesLike,
    assignment: BytesLike,
    manifestHash: BytesLike,
    segments: BigNumberish,
    commands: BigNumberish,
    security: boolean
  ];
  export type OutputTuple = [
    twin: string,
    device: string,
    assignment: string,
    manifestHash: string,
    segments: bigint,
    commands: bigint,
    security: boolean
  ];
  export interface OutputObject {
    twin: string;
    device: string;
    assignment: string;
    manifestHash: string;
    segments: bigint;
    commands: bigint;
    security: boolean;
  }
  export type Event = TypedContractEvent<InputTuple, OutputTuple, OutputObject>;
  export type Filter = TypedDeferredTopicFilter<Event>;
  export type Log = TypedEventLog<Event>;
  export type LogDescription = TypedLogDescription<Event>;
}

export interface TwinRegistry extends BaseContract {
  connect(runner?: ContractRunner | null): TwinRegistry;
  waitForDeployment(): Promise<this>;

  interface: TwinRegistryInterface;

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

  assignment: TypedContractMethod<
    [id: BytesLike],
    [[string, bigint, bigint, bigint]],
    "view"
  >;

  beginAssignment: TypedContractMethod<
    [device: BytesLike, fromSequence: BigNumberish],
    [string],
    "nonpayable"
  >;

  createSecurityTwin: TypedContractMethod<
    [device: BytesLike, manifestHash: BytesLike, segments: BigNumberish],
    [string],
    "nonpayable"
  >;

  createTwin: TypedContractMethod<
    [
      assignmentId: BytesLike,
      manifestHash: BytesLike,
      segments: BigNumberish,
      commands: BigNumberish
    ],
    [string],
    "nonpayable"
  >;

  cuts: TypedContractMethod<
    [device: BytesLike, twin: BytesLike],
    [bigint],
    "view"
  >;

  deviceOf: TypedContractMethod<[id: BytesLike], [string], "view">;

  deviceRegistry: TypedContractMethod<[], [string], "view">;

  endAssignment: TypedContractMethod<
    [id: BytesLike, endSequence: BigNumberish],
    [void],
    "nonpayable"
  >;

  memberRegistry: TypedContractMethod<[], [string], "view">;

  openAssignment: TypedContractMethod<[device: BytesLike], [string], "view">;

  raiseEpoch: TypedContractMethod<[id: BytesLike], [bigint], "nonpayable">;

  securityTwin: TypedContractMethod<[device: BytesLike], [string], "view">;

  twin: TypedContractMethod<
    [id: BytesLike],
    [[string, string, string, bigint, bigint, boolean, boolean]],
    "view"
  >;

  getFunction<T extends ContractMethod = ContractMethod>(
    key: string | FunctionFragment
  ): T;

  getFunction(
    nameOrSignature: "assignment"
  ): TypedContractMethod<
    [id: BytesLike],
    [[string, bigint, bigint, bigint]],
    "view"
  >;
  getFunction(
    nameOrSignature: "beginAssignment"
  ): TypedContractMethod<
    [device: BytesLike, fromSequence: BigNumberish],
    [string],
    "nonpayable"
  >;
  getFunction(
    nameOrSignature: "createSecurityTwin"
  ): TypedContractMethod<
    [device: BytesLike, manifestHash: BytesLike, segments: BigNumberish],
    [string],
    "nonpayable"
  >;
  getFunction(
    nameOrSignature: "createTwin"
  ): TypedContractMethod<
    [
      assignmentId: BytesLike,
      manifestHash: BytesLike,
      segments: BigNumberish,
      commands: BigNumberish
    ],
    [string],
    "nonpayable"
  >;
  getFunction(
    nameOrSignature: "cuts"
  ): TypedContractMethod<
    [device: BytesLike, twin: BytesLike],
    [bigint],
    "view"
  >;
  getFunction(
    nameOrSignature: "deviceOf"
  ): TypedContractMethod<[id: BytesLike], [string], "view">;
  getFunction(
    nameOrSignature: "deviceRegistry"
  ): TypedContractMethod<[], [string], "view">;
  getFunction(
    nameOrSignature: "endAssignment"
  ): TypedContractMethod<
    [id: BytesLike, endSequence: BigNumberish],
    [void],
    "nonpayable"
  >;
  getFunction(
    nameOrSignature: "memberRegistry"
  ): TypedContractMethod<[], [string], "view">;
  getFunction(
    nameOrSignature: "openAssignment"
  ): TypedContractMethod<[device: BytesLike], [string], "view">;
  getFunction(
    nameOrSignature: "raiseEpoch"
  ): TypedContractMethod<[id: BytesLike], [bigint], "nonpayable">;
  getFunction(
    nameOrSignature: "securityTwin"
  ): TypedContractMethod<[device: BytesLike], [string], "view">;
  getFunction(
    nameOrSignature: "twin"
  ): TypedContractMethod<
    [id: BytesLike],
    [[string, string, string, bigint, bigint, boolean, boolean]],
    "view"
  >;

  getEvent(
    key: "AssignmentBegan"
  ): TypedContractEvent<
    AssignmentBeganEvent.InputTuple,
    AssignmentBeganEvent.OutputTuple,
    AssignmentBeganEvent.OutputObject
  >;
  getEvent(
    key: "AssignmentEnded"
  ): TypedContractEvent<
    AssignmentEndedEvent.InputTuple,
    AssignmentEndedEvent.OutputTuple,
    AssignmentEndedEvent.OutputObject
  >;
  getEvent(
    key: "EpochRaised"
  ): TypedContractEvent<
    EpochRaisedEvent.InputTuple,
    EpochRaisedEvent.OutputTuple,
    EpochRaisedEvent.OutputObject
  >;
  getEvent(
    key: "TwinCreated"
  ): TypedContractEvent<
    TwinCreatedEvent.InputTuple,
    TwinCreatedEvent.OutputTuple,
    TwinCreatedEvent.OutputObject
  >;

  filters: {
    "AssignmentBegan(bytes32,bytes32,uint64,uint64)": TypedContractEvent<
      AssignmentBeganEvent.InputTuple,
      AssignmentBeganEvent.OutputTuple,
      AssignmentBeganEvent.OutputObject
    >;
    AssignmentBegan: TypedContractEvent<
      AssignmentBeganEvent.InputTuple,
      AssignmentBeganEvent.OutputTuple,
      AssignmentBeganEvent.OutputObject
    >;

    "AssignmentEnded(bytes32,bytes32,uint64)": TypedContractEvent<
      AssignmentEndedEvent.InputTuple,
      AssignmentEndedEvent.OutputTuple,
      AssignmentEndedEvent.OutputObject
    >;
    AssignmentEnded: TypedContractEvent<
      AssignmentEndedEvent.InputTuple,
      AssignmentEndedEvent.OutputTuple,
      AssignmentEndedEvent.OutputObject
    >;

    "EpochRaised(bytes32,uint32)": TypedContractEvent<
      EpochRaisedEvent.InputTuple,
      EpochRaisedEvent.OutputTuple,
      EpochRaisedEvent.OutputObject
    >;
    EpochRaised: TypedContractEvent<
      EpochRaisedEvent.InputTuple,
      EpochRaisedEvent.OutputTuple,
      EpochRaisedEvent.OutputObject
    >;

    "TwinCreated(bytes32,bytes32,bytes32,bytes32,uint64,uint64,bool)": TypedContractEvent<
      TwinCreatedEvent.InputTuple,
      TwinCreatedEvent.OutputTuple,
      TwinCreatedEvent.OutputObject
    >;
    TwinCreated: TypedContractEvent<
      TwinCreatedEvent.InputTuple,
      TwinCreatedEvent.OutputTuple,
      TwinCreatedEvent.OutputObject
    >;
  };
}
