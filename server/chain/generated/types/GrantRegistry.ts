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

export declare namespace IGrantRegistry {
  export type AskStruct = {
    action: BigNumberish;
    device: BytesLike;
    twin: BytesLike;
    grant: BytesLike;
    reader: AddressLike;
    purpose: BigNumberish;
    segments: BigNumberish;
  };

  export type AskStructOutput = [
    action: bigint,
    device: string,
    twin: string,
    grant: string,
    reader: string,
    purpose: bigint,
    segments: bigint
  ] & {
    action: bigint;
    device: string;
    twin: string;
    grant: string;
    reader: string;
    purpose: bigint;
    segments: bigint;
  };

  export type SourceStruct = {
    grantor: AddressLike;
    parent: BytesLike;
    nonce: BigNumberish;
  };

  export type SourceStructOutput = [
    grantor: string,
    parent: string,
    nonce: bigint
  ] & { grantor: string; parent: string; nonce: bigint };

  export type GrantStruct = {
    twin: BytesLike;
    reader: AddressLike;
    from: BigNumberish;
    until: BigNumberish;
    segments: BigNumberish;
    purposes: BigNumberish;
    depth: BigNumberish;
  };

  export type GrantStructOutput = [
    twin: string,
    reader: string,
    from: bigint,
    until: bigint,
    segments: bigint,
    purposes: bigint,
    depth: bigint
  ] & {
    twin: string;
    reader: string;
    from: bigint;
    until: bigint;
    segments: bigint;
    purposes: bigint;
    depth: bigint;
  };
}

export interface GrantRegistryInterface extends Interface {
  getFunction(
    nameOrSignature:
      | "canRead"
      | "delegate"
      | "deviceRegistry"
      | "explain"
      | "grant"
      | "grantOf"
      | "memberRegistry"
      | "nonceUsed"
      | "revoke"
      | "twinRegistry"
  ): FunctionFragment;

  getEvent(
    nameOrSignatureOrTopic: "Delegated" | "Granted" | "Revoked"
  ): EventFragment;

  encodeFunctionData(
    functionFragment: "canRead",
    values: [IGrantRegistry.AskStruct, IGrantRegistry.SourceStruct[]]
  ): string;
  encodeFunctionData(
    functionFragment: "delegate",
    values: [
      BytesLike,
      IGrantRegistry.GrantStruct,
      BigNumberish,
      IGrantRegistry.SourceStruct
    ]
  ): string;
  encodeFunctionData(
    functionFragment: "deviceRegistry",
    values?: undefined
  ): string;
  encodeFunctionData(
    functionFragment: "explain",
    values: [IGrantRegistry.AskStruct, IGrantRegistry.SourceStruct[]]
  ): string;
  encodeFunctionData(
    functionFragment: "grant",
    values: [BytesLike, IGrantRegistry.GrantStruct, BigNumberish]
  ): string;
  encodeFunctionData(functionFragment: "grantOf", values: [BytesLike]): string;
  encodeFunctionData(
    functionFragment: "memberRegistry",
    values?: undefined
  ): string;
  encodeFunctionData(
    functionFragment: "nonceUsed",
    values: [AddressLike, BigNumberish]
  ): string;
  encodeFunctionData(
    functionFragment: "revoke",
    values: [BytesLike, AddressLike, IGrantRegistry.SourceStruct]
  ): string;
  encodeFunctionData(
    functionFragment: "twinRegistry",
    values?: undefined
  ): string;

  decodeFunctionResult(functionFragment: "canRead", data: BytesLike): Result;
  decodeFunctionResult(functionFragment: "delegate", data: BytesLike): Result;
  decodeFunctionResult(
    functionFragment: "deviceRegistry",
    data: BytesLike
  ): Result;
  decodeFunctionResult(functionFragment: "explain", data: BytesLike): Result;
  decodeFunctionResult(functionFragment: "grant", data: BytesLike): Result;
  decodeFunctionResult(functionFragment: "grantOf", data: BytesLike): Result;
  decodeFunctionResult(
    functionFragment: "memberRegistry",
    data: BytesLike
  ): Result;
  decodeFunctionResult(functionFragment: "nonceUsed", data: BytesLike): Result;
  decodeFunctionResult(functionFragment: "revoke", data: BytesLike): Result;
  decodeFunctionResult(
    functionFragment: "twinRegistry",
    data: BytesLike
  ): Result;
}

export namespace DelegatedEvent {
  export type InputTuple = [grant: BytesLike, parent: BytesLike];
  export type OutputTuple = [grant: string, parent: string];
  export interface OutputObject {
    grant: string;
    parent: string;
  }
  export type Event = TypedContractEvent<InputTuple, OutputTuple, OutputObject>;
  export type Filter = TypedDeferredTopicFilter<Event>;
  export type Log = TypedEventLog<Event>;
  export type LogDescription = TypedLogDescription<Event>;
}

export namespace GrantedEvent {
  export type InputTuple = [
    grant: BytesLike,
    twin: BytesLike,
    reader: AddressLike,
    grantor: AddressLike,
    nonce: BigNumberish,
    terms: BigNumberish
  ];
  export type OutputTuple = [
    grant: string,
    twin: string,
    reader: string,
    grantor: string,
    nonce: bigint,
    terms: bigint
  ];
  export interface OutputObject {
    grant: string;
    twin: string;
    reader: string;
    grantor: string;
    nonce: bigint;
    terms: bigint;
  }
  export type Event = TypedContractEvent<InputTuple, OutputTuple, OutputObject>;
  export type Filter = TypedDeferredTopicFilter<Event>;
  export type Log = TypedEventLog<Event>;
  export type LogDescription = TypedLogDescription<Event>;
}

export namespace RevokedEvent {
  export type InputTuple = [grant: BytesLike, by: AddressLike];
  export type OutputTuple = [grant: string, by: string];
  export interface OutputObject {
    grant: string;
    by: string;
  }
  export type Event = TypedContractEvent<InputTuple, OutputTuple, OutputObject>;
  export type Filter = TypedDeferredTopicFilter<Event>;
  export type Log = TypedEventLog<Event>;
  export type LogDescription = TypedLogDescription<Event>;
}

export interface GrantRegistry extends BaseContract {
  connect(runner?: ContractRunner | null): GrantRegistry;
  waitForDeployment(): Promise<this>;

  interface: GrantRegistryInterface;

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

  canRead: TypedContractMethod<
    [ask: IGrantRegistry.AskStruct, chain: IGrantRegistry.SourceStruct[]],
    [boolean],
    "view"
  >;

  delegate: TypedContractMethod<
    [
      device: BytesLike,
      given: IGrantRegistry.GrantStruct,
      nonce: BigNumberish,
      source: IGrantRegistry.SourceStruct
    ],
    [string],
    "nonpayable"
  >;

  deviceRegistry: TypedContractMethod<[], [string], "view">;

  explain: TypedContractMethod<
    [ask: IGrantRegistry.AskStruct, chain: IGrantRegistry.SourceStruct[]],
    [bigint],
    "view"
  >;

  grant: TypedContractMethod<
    [device: BytesLike, given: IGrantRegistry.GrantStruct, nonce: BigNumberish],
    [string],
    "nonpayable"
  >;

  grantOf: TypedContractMethod<
    [id: BytesLike],
    [[bigint, bigint, bigint, bigint, bigint, bigint, bigint]],
    "view"
  >;

  memberRegistry: TypedContractMethod<[], [string], "view">;

  nonceUsed: TypedContractMethod<
    [grantor: AddressLike, nonce: BigNumberish],
    [boolean],
    "view"
  >;

  revoke: TypedContractMethod<
    [twin: BytesLike, reader: AddressLike, source: IGrantRegistry.SourceStruct],
    [void],
    "nonpayable"
  >;

  twinRegistry: TypedContractMethod<[], [string], "view">;

  getFunction<T extends ContractMethod = ContractMethod>(
    key: string | FunctionFragment
  ): T;

  getFunction(
    nameOrSignature: "canRead"
  ): TypedContractMethod<
    [ask: IGrantRegistry.AskStruct, chain: IGrantRegistry.SourceStruct[]],
    [boolean],
    "view"
  >;
  getFunction(
    nameOrSignature: "delegate"
  ): TypedContractMethod<
    [
      device: BytesLike,
      given: IGrantRegistry.GrantStruct,
      nonce: BigNumberish,
      source: IGrantRegistry.SourceStruct
    ],
    [string],
    "nonpayable"
  >;
  getFunction(
    nameOrSignature: "deviceRegistry"
  ): TypedContractMethod<[], [string], "view">;
  getFunction(
    nameOrSignature: "explain"
  ): TypedContractMethod<
    [ask: IGrantRegistry.AskStruct, chain: IGrantRegistry.SourceStruct[]],
    [bigint],
    "view"
  >;
  getFunction(
    nameOrSignature: "grant"
  ): TypedContractMethod<
    [device: BytesLike, given: IGrantRegistry.GrantStruct, nonce: BigNumberish],
    [string],
    "nonpayable"
  >;
  getFunction(
    nameOrSignature: "grantOf"
  ): TypedContractMethod<
    [id: BytesLike],
    [[bigint, bigint, bigint, bigint, bigint, bigint, bigint]],
    "view"
  >;
  getFunction(
    nameOrSignature: "memberRegistry"
  ): TypedContractMethod<[], [string], "view">;
  getFunction(
    nameOrSignature: "nonceUsed"
  ): TypedContractMethod<
    [grantor: AddressLike, nonce: BigNumberish],
    [boolean],
    "view"
  >;
  getFunction(
    nameOrSignature: "revoke"
  ): TypedContractMethod<
    [twin: BytesLike, reader: AddressLike, source: IGrantRegistry.SourceStruct],
    [void],
    "nonpayable"
  >;
  getFunction(
    nameOrSignature: "twinRegistry"
  ): TypedContractMethod<[], [string], "view">;

  getEvent(
    key: "Delegated"
  ): TypedContractEvent<
    DelegatedEvent.InputTuple,
    DelegatedEvent.OutputTuple,
    DelegatedEvent.OutputObject
  >;
  getEvent(
    key: "Granted"
  ): TypedContractEvent<
    GrantedEvent.InputTuple,
    GrantedEvent.OutputTuple,
    GrantedEvent.OutputObject
  >;
  getEvent(
    key: "Revoked"
  ): TypedContractEvent<
    RevokedEvent.InputTuple,
    RevokedEvent.OutputTuple,
    RevokedEvent.OutputObject
  >;

  filters: {
    "Delegated(bytes32,bytes32)": TypedContractEvent<
      DelegatedEvent.InputTuple,
      DelegatedEvent.OutputTuple,
      DelegatedEvent.OutputObject
    >;
    Delegated: TypedContractEvent<
      DelegatedEvent.InputTuple,
      DelegatedEvent.OutputTuple,
      DelegatedEvent.OutputObject
    >;

    "Granted(bytes32,bytes32,address,address,uint256,uint256)": TypedContractEvent<
      GrantedEvent.InputTuple,
      GrantedEvent.OutputTuple,
      GrantedEvent.OutputObject
    >;
    Granted: TypedContractEvent<
      GrantedEvent.InputTuple,
      GrantedEvent.OutputTuple,
      GrantedEvent.OutputObject
    >;

    "Revoked(bytes32,address)": TypedContractEvent<
      RevokedEvent.InputTuple,
      RevokedEvent.OutputTuple,
      RevokedEvent.OutputObject
    >;
    Revoked: TypedContractEvent<
      RevokedEvent.InputTuple,
      RevokedEvent.OutputTuple,
      RevokedEvent.OutputObject
    >;
  };
}
