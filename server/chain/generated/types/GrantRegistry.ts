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
    twin: BytesLike;
    grant: BytesLike;
    reader: AddressLike;
    purpose: BigNumberish;
    segments: BigNumberish;
  };

  export type AskStructOutput = [
    action: bigint,
    twin: string,
    grant: string,
    reader: string,
    purpose: bigint,
    segments: bigint
  ] & {
    action: bigint;
    twin: string;
    grant: string;
    reader: string;
    purpose: bigint;
    segments: bigint;
  };

  export type GrantStruct = {
    twin: BytesLike;
    reader: AddressLike;
    from: BigNumberish;
    until: BigNumberish;
    segments: BigNumberish;
    purposes: BigNumberish;
  };

  export type GrantStructOutput = [
    twin: string,
    reader: string,
    from: bigint,
    until: bigint,
    segments: bigint,
    purposes: bigint
  ] & {
    twin: string;
    reader: string;
    from: bigint;
    until: bigint;
    segments: bigint;
    purposes: bigint;
  };
}

export interface GrantRegistryInterface extends Interface {
  getFunction(
    nameOrSignature:
      | "canRead"
      | "deviceRegistry"
      | "explain"
      | "grant"
      | "grantOf"
      | "memberRegistry"
      | "nonceUsed"
      | "revoke"
      | "twinRegistry"
  ): FunctionFragment;

  getEvent(nameOrSignatureOrTopic: "Granted" | "Revoked"): EventFragment;

  encodeFunctionData(
    functionFragment: "canRead",
    values: [IGrantRegistry.AskStruct]
  ): string;
  encodeFunctionData(
    functionFragment: "deviceRegistry",
    values?: undefined
  ): string;
  encodeFunctionData(
    functionFragment: "explain",
    values: [IGrantRegistry.AskStruct]
  ): string;
  encodeFunctionData(
    functionFragment: "grant",
    values: [IGrantRegistry.GrantStruct, BigNumberish]
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
  encodeFunctionData(functionFragment: "revoke", values: [BytesLike]): string;
  encodeFunctionData(
    functionFragment: "twinRegistry",
    values?: undefined
  ): string;

  decodeFunctionResult(functionFragment: "canRead", data: BytesLike): Result;
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

export namespace GrantedEvent {
  export type InputTuple = [
    grant: BytesLike,
    twin: BytesLike,
    reader: AddressLike,
    grantor: AddressLike,
    from: BigNumberish,
    until: BigNumberish,
    segments: BigNumberish,
    purposes: BigNumberish
  ];
  export type OutputTuple = [
    grant: string,
    twin: string,
    reader: string,
    grantor: string,
    from: bigint,
    until: bigint,
    segments: bigint,
    purposes: bigint
  ];
  export interface OutputObject {
    grant: string;
    twin: string;
    reader: string;
    grantor: string;
    from: bigint;
    until: bigint;
    segments: bigint;
    purposes: bigint;
  }
  export type Event = TypedContractEvent<InputTuple, OutputTuple, OutputObject>;
  export type Filter = TypedDeferredTopicFilter<Event>;
  export type Log = TypedEventLog<Event>;
  export type LogDescription = TypedLogDescription<Event>;
}

export namespace RevokedEvent {
  export type InputTuple = [grant: BytesLike, twin: BytesLike, by: AddressLike];
  export type OutputTuple = [grant: string, twin: string, by: string];
  export interface OutputObject {
    grant: string;
    twin: string;
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
    [ask: IGrantRegistry.AskStruct],
    [boolean],
    "view"
  >;

  deviceRegistry: TypedContractMethod<[], [string], "view">;

  explain: TypedContractMethod<
    [ask: IGrantRegistry.AskStruct],
    [bigint],
    "view"
  >;

  grant: TypedContractMethod<
    [given: IGrantRegistry.GrantStruct, nonce: BigNumberish],
    [string],
    "nonpayable"
  >;

  grantOf: TypedContractMethod<
    [id: BytesLike],
    [
      [IGrantRegistry.GrantStructOutput, string, bigint] & {
        given: IGrantRegistry.GrantStructOutput;
        grantor: string;
        revokedAt: bigint;
      }
    ],
    "view"
  >;

  memberRegistry: TypedContractMethod<[], [string], "view">;

  nonceUsed: TypedContractMethod<
    [grantor: AddressLike, nonce: BigNumberish],
    [boolean],
    "view"
  >;

  revoke: TypedContractMethod<[id: BytesLike], [void], "nonpayable">;

  twinRegistry: TypedContractMethod<[], [string], "view">;

  getFunction<T extends ContractMethod = ContractMethod>(
    key: string | FunctionFragment
  ): T;

  getFunction(
    nameOrSignature: "canRead"
  ): TypedContractMethod<[ask: IGrantRegistry.AskStruct], [boolean], "view">;
  getFunction(
    nameOrSignature: "deviceRegistry"
  ): TypedContractMethod<[], [string], "view">;
  getFunction(
    nameOrSignature: "explain"
  ): TypedContractMethod<[ask: IGrantRegistry.AskStruct], [bigint], "view">;
  getFunction(
    nameOrSignature: "grant"
  ): TypedContractMethod<
    [given: IGrantRegistry.GrantStruct, nonce: BigNumberish],
    [string],
    "nonpayable"
  >;
  getFunction(
    nameOrSignature: "grantOf"
  ): TypedContractMethod<
    [id: BytesLike],
    [
      [IGrantRegistry.GrantStructOutput, string, bigint] & {
        given: IGrantRegistry.GrantStructOutput;
        grantor: string;
        revokedAt: bigint;
      }
    ],
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
  ): TypedContractMethod<[id: BytesLike], [void], "nonpayable">;
  getFunction(
    nameOrSignature: "twinRegistry"
  ): TypedContractMethod<[], [string], "view">;

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
    "Granted(bytes32,bytes32,address,address,uint40,uint40,uint64,uint8)": TypedContractEvent<
      GrantedEvent.InputTuple,
      GrantedEvent.OutputTuple,
      GrantedEvent.OutputObject
    >;
    Granted: TypedContractEvent<
      GrantedEvent.InputTuple,
      GrantedEvent.OutputTuple,
      GrantedEvent.OutputObject
    >;

    "Revoked(bytes32,bytes32,address)": TypedContractEvent<
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
