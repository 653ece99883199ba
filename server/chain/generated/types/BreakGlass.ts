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

export declare namespace IBreakGlass {
  export type ClaimStruct = {
    twin: BytesLike;
    until: BigNumberish;
    reason: BytesLike;
  };

  export type ClaimStructOutput = [
    twin: string,
    until: bigint,
    reason: string
  ] & { twin: string; until: bigint; reason: string };

  export type SecondStruct = {
    holder: AddressLike;
    deadline: BigNumberish;
    signature: BytesLike;
  };

  export type SecondStructOutput = [
    holder: string,
    deadline: bigint,
    signature: string
  ] & { holder: string; deadline: bigint; signature: string };

  export type OpeningStruct = {
    twin: BytesLike;
    opener: AddressLike;
    openedAt: BigNumberish;
    until: BigNumberish;
    ended: boolean;
    second: AddressLike;
    member: BigNumberish;
    reviewedAt: BigNumberish;
    justified: boolean;
    n: BigNumberish;
    before: BigNumberish;
    next: BigNumberish;
  };

  export type OpeningStructOutput = [
    twin: string,
    opener: string,
    openedAt: bigint,
    until: bigint,
    ended: boolean,
    second: string,
    member: bigint,
    reviewedAt: bigint,
    justified: boolean,
    n: bigint,
    before: bigint,
    next: bigint
  ] & {
    twin: string;
    opener: string;
    openedAt: bigint;
    until: bigint;
    ended: boolean;
    second: string;
    member: bigint;
    reviewedAt: bigint;
    justified: boolean;
    n: bigint;
    before: bigint;
    next: bigint;
  };
}

export interface BreakGlassInterface extends Interface {
  getFunction(
    nameOrSignature:
      | "MOST_SECONDS"
      | "REVIEW_SECONDS"
      | "deviceRegistry"
      | "eip712Domain"
      | "emergencyTwin"
      | "end"
      | "memberRegistry"
      | "nameEmergencyTwin"
      | "nonceOf"
      | "oldestUnreviewed"
      | "open"
      | "openingOf"
      | "operators"
      | "relayOpen"
      | "review"
      | "standing"
      | "twinRegistry"
  ): FunctionFragment;

  getEvent(
    nameOrSignatureOrTopic:
      | "BreakGlassEnded"
      | "BreakGlassOpened"
      | "BreakGlassReviewed"
      | "EIP712DomainChanged"
      | "EmergencyTwinNamed"
  ): EventFragment;

  encodeFunctionData(
    functionFragment: "MOST_SECONDS",
    values?: undefined
  ): string;
  encodeFunctionData(
    functionFragment: "REVIEW_SECONDS",
    values?: undefined
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
    functionFragment: "emergencyTwin",
    values: [BytesLike]
  ): string;
  encodeFunctionData(functionFragment: "end", values: [BytesLike]): string;
  encodeFunctionData(
    functionFragment: "memberRegistry",
    values?: undefined
  ): string;
  encodeFunctionData(
    functionFragment: "nameEmergencyTwin",
    values: [BytesLike, BytesLike, BigNumberish]
  ): string;
  encodeFunctionData(
    functionFragment: "nonceOf",
    values: [AddressLike]
  ): string;
  encodeFunctionData(
    functionFragment: "oldestUnreviewed",
    values: [BigNumberish]
  ): string;
  encodeFunctionData(
    functionFragment: "open",
    values: [IBreakGlass.ClaimStruct, IBreakGlass.SecondStruct]
  ): string;
  encodeFunctionData(
    functionFragment: "openingOf",
    values: [BytesLike]
  ): string;
  encodeFunctionData(functionFragment: "operators", values?: undefined): string;
  encodeFunctionData(
    functionFragment: "relayOpen",
    values: [
      IBreakGlass.ClaimStruct,
      AddressLike,
      BigNumberish,
      BytesLike,
      IBreakGlass.SecondStruct
    ]
  ): string;
  encodeFunctionData(
    functionFragment: "review",
    values: [BytesLike, boolean, BytesLike]
  ): string;
  encodeFunctionData(functionFragment: "standing", values: [BytesLike]): string;
  encodeFunctionData(
    functionFragment: "twinRegistry",
    values?: undefined
  ): string;

  decodeFunctionResult(
    functionFragment: "MOST_SECONDS",
    data: BytesLike
  ): Result;
  decodeFunctionResult(
    functionFragment: "REVIEW_SECONDS",
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
    functionFragment: "emergencyTwin",
    data: BytesLike
  ): Result;
  decodeFunctionResult(functionFragment: "end", data: BytesLike): Result;
  decodeFunctionResult(
    functionFragment: "memberRegistry",
    data: BytesLike
  ): Result;
  decodeFunctionResult(
    functionFragment: "nameEmergencyTwin",
    data: BytesLike
  ): Result;
  decodeFunctionResult(functionFragment: "nonceOf", data: BytesLike): Result;
  decodeFunctionResult(
    functionFragment: "oldestUnreviewed",
    data: BytesLike
  ): Result;
  decodeFunctionResult(functionFragment: "open", data: BytesLike): Result;
  decodeFunctionResult(functionFragment: "openingOf", data: BytesLike): Result;
  decodeFunctionResult(functionFragment: "operators", data: BytesLike): Result;
  decodeFunctionResult(functionFragment: "relayOpen", data: BytesLike): Result;
  decodeFunctionResult(functionFragment: "review", data: BytesLike): Result;
  decodeFunctionResult(functionFragment: "standing", data: BytesLike): Result;
  decodeFunctionResult(
    functionFragment: "twinRegistry",
    data: BytesLike
  ): Result;
}

export namespace BreakGlassEndedEvent {
  export type InputTuple = [opening: BytesLike, by: AddressLike];
  export type OutputTuple = [opening: string, by: string];
  export interface OutputObject {
    opening: string;
    by: string;
  }
  export type Event = TypedContractEvent<InputTuple, OutputTuple, OutputObject>;
  export type Filter = TypedDeferredTopicFilter<Event>;
  export type Log = TypedEventLog<Event>;
  export type LogDescription = TypedLogDescription<Event>;
}

export namespace BreakGlassOpenedEvent {
  export type InputTuple = [
    opening: BytesLike,
    twin: BytesLike,
    opener: AddressLike,
    member: BigNumberish,
    until: BigNumberish,
    reviewBy: BigNumberish,
    reason: BytesLike,
    second: AddressLike,
    caseId: BytesLike
  ];
  export type OutputTuple = [
    opening: string,
    twin: string,
    opener: string,
    member: bigint,
    until: bigint,
    reviewBy: bigint,
    reason: string,
    second: string,
    caseId: string
  ];
  export interface OutputObject {
    opening: string;
    twin: string;
    opener: string;
    member: bigint;
    until: bigint;
    reviewBy: bigint;
    reason: string;
    second: string;
    caseId: string;
  }
  export type Event = TypedContractEvent<InputTuple, OutputTuple, OutputObject>;
  export type Filter = TypedDeferredTopicFilter<Event>;
  export type Log = TypedEventLog<Event>;
  export type LogDescription = TypedLogDescription<Event>;
}

export namespace BreakGlassReviewedEvent {
  export type InputTuple = [
    opening: BytesLike,
    reviewer: AddressLike,
    justified: boolean,
    note: BytesLike
  ];
  export type OutputTuple = [
    opening: string,
    reviewer: string,
    justified: boolean,
    note: string
  ];
  export interface OutputObject {
    opening: string;
    reviewer: string;
    justified: boolean;
    note: string;
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

export namespace EmergencyTwinNamedEvent {
  export type InputTuple = [
    assignment: BytesLike,
    twin: BytesLike,
    member: BigNumberish
  ];
  export type OutputTuple = [assignment: string, twin: string, member: bigint];
  export interface OutputObject {
    assignment: string;
    twin: string;
    member: bigint;
  }
  export type Event = TypedContractEvent<InputTuple, OutputTuple, OutputObject>;
  export type Filter = TypedDeferredTopicFilter<Event>;
  export type Log = TypedEventLog<Event>;
  export type LogDescription = TypedLogDescription<Event>;
}

export interface BreakGlass extends BaseContract {
  connect(runner?: ContractRunner | null): BreakGlass;
  waitForDeployment(): Promise<this>;

  interface: BreakGlassInterface;

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

  MOST_SECONDS: TypedContractMethod<[], [bigint], "view">;

  REVIEW_SECONDS: TypedContractMethod<[], [bigint], "view">;

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

  emergencyTwin: TypedContractMethod<
    [assignment: BytesLike],
    [[string, bigint] & { twin: string; member: bigint }],
    "view"
  >;

  end: TypedContractMethod<[id: BytesLike], [void], "nonpayable">;

  memberRegistry: TypedContractMethod<[], [string], "view">;

  nameEmergencyTwin: TypedContractMethod<
    [assignment: BytesLike, twin: BytesLike, member: BigNumberish],
    [void],
    "nonpayable"
  >;

  nonceOf: TypedContractMethod<[opener: AddressLike], [bigint], "view">;

  oldestUnreviewed: TypedContractMethod<
    [member: BigNumberish],
    [[string, bigint] & { opening: string; due: bigint }],
    "view"
  >;

  open: TypedContractMethod<
    [claim: IBreakGlass.ClaimStruct, second: IBreakGlass.SecondStruct],
    [string],
    "nonpayable"
  >;

  openingOf: TypedContractMethod<
    [id: BytesLike],
    [IBreakGlass.OpeningStructOutput],
    "view"
  >;

  operators: TypedContractMethod<[], [string], "view">;

  relayOpen: TypedContractMethod<
    [
      claim: IBreakGlass.ClaimStruct,
      opener: AddressLike,
      deadline: BigNumberish,
      signature: BytesLike,
      second: IBreakGlass.SecondStruct
    ],
    [string],
    "nonpayable"
  >;

  review: TypedContractMethod<
    [id: BytesLike, justified: boolean, note: BytesLike],
    [void],
    "nonpayable"
  >;

  standing: TypedContractMethod<
    [id: BytesLike],
    [[string, string, bigint, boolean]],
    "view"
  >;

  twinRegistry: TypedContractMethod<[], [string], "view">;

  getFunction<T extends ContractMethod = ContractMethod>(
    key: string | FunctionFragment
  ): T;

  getFunction(
    nameOrSignature: "MOST_SECONDS"
  ): TypedContractMethod<[], [bigint], "view">;
  getFunction(
    nameOrSignature: "REVIEW_SECONDS"
  ): TypedContractMethod<[], [bigint], "view">;
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
    nameOrSignature: "emergencyTwin"
  ): TypedContractMethod<
    [assignment: BytesLike],
    [[string, bigint] & { twin: string; member: bigint }],
    "view"
  >;
  getFunction(
    nameOrSignature: "end"
  ): TypedContractMethod<[id: BytesLike], [void], "nonpayable">;
  getFunction(
    nameOrSignature: "memberRegistry"
  ): TypedContractMethod<[], [string], "view">;
  getFunction(
    nameOrSignature: "nameEmergencyTwin"
  ): TypedContractMethod<
    [assignment: BytesLike, twin: BytesLike, member: BigNumberish],
    [void],
    "nonpayable"
  >;
  getFunction(
    nameOrSignature: "nonceOf"
  ): TypedContractMethod<[opener: AddressLike], [bigint], "view">;
  getFunction(
    nameOrSignature: "oldestUnreviewed"
  ): TypedContractMethod<
    [member: BigNumberish],
    [[string, bigint] & { opening: string; due: bigint }],
    "view"
  >;
  getFunction(
    nameOrSignature: "open"
  ): TypedContractMethod<
    [claim: IBreakGlass.ClaimStruct, second: IBreakGlass.SecondStruct],
    [string],
    "nonpayable"
  >;
  getFunction(
    nameOrSignature: "openingOf"
  ): TypedContractMethod<
    [id: BytesLike],
    [IBreakGlass.OpeningStructOutput],
    "view"
  >;
  getFunction(
    nameOrSignature: "operators"
  ): TypedContractMethod<[], [string], "view">;
  getFunction(
    nameOrSignature: "relayOpen"
  ): TypedContractMethod<
    [
      claim: IBreakGlass.ClaimStruct,
      opener: AddressLike,
      deadline: BigNumberish,
      signature: BytesLike,
      second: IBreakGlass.SecondStruct
    ],
    [string],
    "nonpayable"
  >;
  getFunction(
    nameOrSignature: "review"
  ): TypedContractMethod<
    [id: BytesLike, justified: boolean, note: BytesLike],
    [void],
    "nonpayable"
  >;
  getFunction(
    nameOrSignature: "standing"
  ): TypedContractMethod<
    [id: BytesLike],
    [[string, string, bigint, boolean]],
    "view"
  >;
  getFunction(
    nameOrSignature: "twinRegistry"
  ): TypedContractMethod<[], [string], "view">;

  getEvent(
    key: "BreakGlassEnded"
  ): TypedContractEvent<
    BreakGlassEndedEvent.InputTuple,
    BreakGlassEndedEvent.OutputTuple,
    BreakGlassEndedEvent.OutputObject
  >;
  getEvent(
    key: "BreakGlassOpened"
  ): TypedContractEvent<
    BreakGlassOpenedEvent.InputTuple,
    BreakGlassOpenedEvent.OutputTuple,
    BreakGlassOpenedEvent.OutputObject
  >;
  getEvent(
    key: "BreakGlassReviewed"
  ): TypedContractEvent<
    BreakGlassReviewedEvent.InputTuple,
    BreakGlassReviewedEvent.OutputTuple,
    BreakGlassReviewedEvent.OutputObject
  >;
  getEvent(
    key: "EIP712DomainChanged"
  ): TypedContractEvent<
    EIP712DomainChangedEvent.InputTuple,
    EIP712DomainChangedEvent.OutputTuple,
    EIP712DomainChangedEvent.OutputObject
  >;
  getEvent(
    key: "EmergencyTwinNamed"
  ): TypedContractEvent<
    EmergencyTwinNamedEvent.InputTuple,
    EmergencyTwinNamedEvent.OutputTuple,
    EmergencyTwinNamedEvent.OutputObject
  >;

  filters: {
    "BreakGlassEnded(bytes32,address)": TypedContractEvent<
      BreakGlassEndedEvent.InputTuple,
      BreakGlassEndedEvent.OutputTuple,
      BreakGlassEndedEvent.OutputObject
    >;
    BreakGlassEnded: TypedContractEvent<
      BreakGlassEndedEvent.InputTuple,
      BreakGlassEndedEvent.OutputTuple,
      BreakGlassEndedEvent.OutputObject
    >;

    "BreakGlassOpened(bytes32,bytes32,address,uint16,uint40,uint40,bytes32,address,bytes32)": TypedContractEvent<
      BreakGlassOpenedEvent.InputTuple,
      BreakGlassOpenedEvent.OutputTuple,
      BreakGlassOpenedEvent.OutputObject
    >;
    BreakGlassOpened: TypedContractEvent<
      BreakGlassOpenedEvent.InputTuple,
      BreakGlassOpenedEvent.OutputTuple,
      BreakGlassOpenedEvent.OutputObject
    >;

    "BreakGlassReviewed(bytes32,address,bool,bytes32)": TypedContractEvent<
      BreakGlassReviewedEvent.InputTuple,
      BreakGlassReviewedEvent.OutputTuple,
      BreakGlassReviewedEvent.OutputObject
    >;
    BreakGlassReviewed: TypedContractEvent<
      BreakGlassReviewedEvent.InputTuple,
      BreakGlassReviewedEvent.OutputTuple,
      BreakGlassReviewedEvent.OutputObject
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

    "EmergencyTwinNamed(bytes32,bytes32,uint16)": TypedContractEvent<
      EmergencyTwinNamedEvent.InputTuple,
      EmergencyTwinNamedEvent.OutputTuple,
      EmergencyTwinNamedEvent.OutputObject
    >;
    EmergencyTwinNamed: TypedContractEvent<
      EmergencyTwinNamedEvent.InputTuple,
      EmergencyTwinNamedEvent.OutputTuple,
      EmergencyTwinNamedEvent.OutputObject
    >;
  };
}
