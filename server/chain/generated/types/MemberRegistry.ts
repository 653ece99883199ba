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

export declare namespace IMemberRegistry {
  export type MemberStruct = {
    name: string;
    endpoint: string;
    signer: AddressLike;
    commandX: BytesLike;
    commandY: BytesLike;
  };

  export type MemberStructOutput = [
    name: string,
    endpoint: string,
    signer: string,
    commandX: string,
    commandY: string
  ] & {
    name: string;
    endpoint: string;
    signer: string;
    commandX: string;
    commandY: string;
  };

  export type GatewayGroupStruct = {
    group: AddressLike;
    member: BigNumberish;
    x: BytesLike;
    y: BytesLike;
    senders: AddressLike[];
  };

  export type GatewayGroupStructOutput = [
    group: string,
    member: bigint,
    x: string,
    y: string,
    senders: string[]
  ] & {
    group: string;
    member: bigint;
    x: string;
    y: string;
    senders: string[];
  };

  export type OracleKeyStruct = { member: BigNumberish; key: AddressLike };

  export type OracleKeyStructOutput = [member: bigint, key: string] & {
    member: bigint;
    key: string;
  };
}

export interface MemberRegistryInterface extends Interface {
  getFunction(
    nameOrSignature:
      | "faultBound"
      | "gatewayKey"
      | "isOracle"
      | "isSender"
      | "member"
      | "memberQuorum"
      | "members"
      | "oracleSetDigest"
      | "oracles"
      | "oraclesAt"
      | "requireQuorum"
  ): FunctionFragment;

  getEvent(
    nameOrSignatureOrTopic: "GatewayGroupAdded" | "MemberAdded" | "OracleAdded"
  ): EventFragment;

  encodeFunctionData(
    functionFragment: "faultBound",
    values?: undefined
  ): string;
  encodeFunctionData(
    functionFragment: "gatewayKey",
    values: [AddressLike]
  ): string;
  encodeFunctionData(
    functionFragment: "isOracle",
    values: [AddressLike]
  ): string;
  encodeFunctionData(
    functionFragment: "isSender",
    values: [AddressLike, AddressLike]
  ): string;
  encodeFunctionData(
    functionFragment: "member",
    values: [BigNumberish]
  ): string;
  encodeFunctionData(
    functionFragment: "memberQuorum",
    values?: undefined
  ): string;
  encodeFunctionData(functionFragment: "members", values?: undefined): string;
  encodeFunctionData(
    functionFragment: "oracleSetDigest",
    values?: undefined
  ): string;
  encodeFunctionData(functionFragment: "oracles", values?: undefined): string;
  encodeFunctionData(
    functionFragment: "oraclesAt",
    values: [BigNumberish]
  ): string;
  encodeFunctionData(
    functionFragment: "requireQuorum",
    values: [BytesLike, BigNumberish, [BytesLike, BytesLike][]]
  ): string;

  decodeFunctionResult(functionFragment: "faultBound", data: BytesLike): Result;
  decodeFunctionResult(functionFragment: "gatewayKey", data: BytesLike): Result;
  decodeFunctionResult(functionFragment: "isOracle", data: BytesLike): Result;
  decodeFunctionResult(functionFragment: "isSender", data: BytesLike): Result;
  decodeFunctionResult(functionFragment: "member", data: BytesLike): Result;
  decodeFunctionResult(
    functionFragment: "memberQuorum",
    data: BytesLike
  ): Result;
  decodeFunctionResult(functionFragment: "members", data: BytesLike): Result;
  decodeFunctionResult(
    functionFragment: "oracleSetDigest",
    data: BytesLike
  ): Result;
  decodeFunctionResult(functionFragment: "oracles", data: BytesLike): Result;
  decodeFunctionResult(functionFragment: "oraclesAt", data: BytesLike): Result;
  decodeFunctionResult(
    functionFragment: "requireQuorum",
    data: BytesLike
  ): Result;
}

export namespace GatewayGroupAddedEvent {
  export type InputTuple = [
    group: AddressLike,
    member: BigNumberish,
    x: BytesLike,
    y: BytesLike,
    senders: AddressLike[]
  ];
  export type OutputTuple = [
    group: string,
    member: bigint,
    x: string,
    y: string,
    senders: string[]
  ];
  export interface OutputObject {
    group: string;
    member: bigint;
    x: string;
    y: string;
    senders: string[];
  }
  export type Event = TypedContractEvent<InputTuple, OutputTuple, OutputObject>;
  export type Filter = TypedDeferredTopicFilter<Event>;
  export type Log = TypedEventLog<Event>;
  export type LogDescription = TypedLogDescription<Event>;
}

export namespace MemberAddedEvent {
  export type InputTuple = [
    member: BigNumberish,
    name: string,
    endpoint: string,
    signer: AddressLike,
    commandX: BytesLike,
    commandY: BytesLike
  ];
  export type OutputTuple = [
    member: bigint,
    name: string,
    endpoint: string,
    signer: string,
    commandX: string,
    commandY: string
  ];
  export interface OutputObject {
    member: bigint;
    name: string;
    endpoint: string;
    signer: string;
    commandX: string;
    commandY: string;
  }
  export type Event = TypedContractEvent<InputTuple, OutputTuple, OutputObject>;
  export type Filter = TypedDeferredTopicFilter<Event>;
  export type Log = TypedEventLog<Event>;
  export type LogDescription = TypedLogDescription<Event>;
}

export namespace OracleAddedEvent {
  export type InputTuple = [
    key: AddressLike,
    member: BigNumberish,
    bit: BigNumberish
  ];
  export type OutputTuple = [key: string, member: bigint, bit: bigint];
  export interface OutputObject {
    key: string;
    member: bigint;
    bit: bigint;
  }
  export type Event = TypedContractEvent<InputTuple, OutputTuple, OutputObject>;
  export type Filter = TypedDeferredTopicFilter<Event>;
  export type Log = TypedEventLog<Event>;
  export type LogDescription = TypedLogDescription<Event>;
}

export interface MemberRegistry extends BaseContract {
  connect(runner?: ContractRunner | null): MemberRegistry;
  waitForDeployment(): Promise<this>;

  interface: MemberRegistryInterface;

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

  faultBound: TypedContractMethod<[], [bigint], "view">;

  gatewayKey: TypedContractMethod<
    [group: AddressLike],
    [
      [string, string, bigint, bigint] & {
        x: string;
        y: string;
        memberIndex: bigint;
        since: bigint;
      }
    ],
    "view"
  >;

  isOracle: TypedContractMethod<[key: AddressLike], [boolean], "view">;

  isSender: TypedContractMethod<
    [group: AddressLike, sender: AddressLike],
    [boolean],
    "view"
  >;

  member: TypedContractMethod<
    [index: BigNumberish],
    [IMemberRegistry.MemberStructOutput],
    "view"
  >;

  memberQuorum: TypedContractMethod<[], [bigint], "view">;

  members: TypedContractMethod<
    [],
    [IMemberRegistry.MemberStructOutput[]],
    "view"
  >;

  oracleSetDigest: TypedContractMethod<[], [string], "view">;

  oracles: TypedContractMethod<[], [string[]], "view">;

  oraclesAt: TypedContractMethod<[bits: BigNumberish], [string[]], "view">;

  requireQuorum: TypedContractMethod<
    [
      digest: BytesLike,
      signers: BigNumberish,
      signatures: [BytesLike, BytesLike][]
    ],
    [void],
    "view"
  >;

  getFunction<T extends ContractMethod = ContractMethod>(
    key: string | FunctionFragment
  ): T;

  getFunction(
    nameOrSignature: "faultBound"
  ): TypedContractMethod<[], [bigint], "view">;
  getFunction(
    nameOrSignature: "gatewayKey"
  ): TypedContractMethod<
    [group: AddressLike],
    [
      [string, string, bigint, bigint] & {
        x: string;
        y: string;
        memberIndex: bigint;
        since: bigint;
      }
    ],
    "view"
  >;
  getFunction(
    nameOrSignature: "isOracle"
  ): TypedContractMethod<[key: AddressLike], [boolean], "view">;
  getFunction(
    nameOrSignature: "isSender"
  ): TypedContractMethod<
    [group: AddressLike, sender: AddressLike],
    [boolean],
    "view"
  >;
  getFunction(
    nameOrSignature: "member"
  ): TypedContractMethod<
    [index: BigNumberish],
    [IMemberRegistry.MemberStructOutput],
    "view"
  >;
  getFunction(
    nameOrSignature: "memberQuorum"
  ): TypedContractMethod<[], [bigint], "view">;
  getFunction(
    nameOrSignature: "members"
  ): TypedContractMethod<[], [IMemberRegistry.MemberStructOutput[]], "view">;
  getFunction(
    nameOrSignature: "oracleSetDigest"
  ): TypedContractMethod<[], [string], "view">;
  getFunction(
    nameOrSignature: "oracles"
  ): TypedContractMethod<[], [string[]], "view">;
  getFunction(
    nameOrSignature: "oraclesAt"
  ): TypedContractMethod<[bits: BigNumberish], [string[]], "view">;
  getFunction(
    nameOrSignature: "requireQuorum"
  ): TypedContractMethod<
    [
      digest: BytesLike,
      signers: BigNumberish,
      signatures: [BytesLike, BytesLike][]
    ],
    [void],
    "view"
  >;

  getEvent(
    key: "GatewayGroupAdded"
  ): TypedContractEvent<
    GatewayGroupAddedEvent.InputTuple,
    GatewayGroupAddedEvent.OutputTuple,
    GatewayGroupAddedEvent.OutputObject
  >;
  getEvent(
    key: "MemberAdded"
  ): TypedContractEvent<
    MemberAddedEvent.InputTuple,
    MemberAddedEvent.OutputTuple,
    MemberAddedEvent.OutputObject
  >;
  getEvent(
    key: "OracleAdded"
  ): TypedContractEvent<
    OracleAddedEvent.InputTuple,
    OracleAddedEvent.OutputTuple,
    OracleAddedEvent.OutputObject
  >;

  filters: {
    "GatewayGroupAdded(address,uint16,bytes32,bytes32,address[])": TypedContractEvent<
      GatewayGroupAddedEvent.InputTuple,
      GatewayGroupAddedEvent.OutputTuple,
      GatewayGroupAddedEvent.OutputObject
    >;
    GatewayGroupAdded: TypedContractEvent<
      GatewayGroupAddedEvent.InputTuple,
      GatewayGroupAddedEvent.OutputTuple,
      GatewayGroupAddedEvent.OutputObject
    >;

    "MemberAdded(uint16,string,string,address,bytes32,bytes32)": TypedContractEvent<
      MemberAddedEvent.InputTuple,
      MemberAddedEvent.OutputTuple,
      MemberAddedEvent.OutputObject
    >;
    MemberAdded: TypedContractEvent<
      MemberAddedEvent.InputTuple,
      MemberAddedEvent.OutputTuple,
      MemberAddedEvent.OutputObject
    >;

    "OracleAdded(address,uint16,uint8)": TypedContractEvent<
      OracleAddedEvent.InputTuple,
      OracleAddedEvent.OutputTuple,
      OracleAddedEvent.OutputObject
    >;
    OracleAdded: TypedContractEvent<
      OracleAddedEvent.InputTuple,
      OracleAddedEvent.OutputTuple,
      OracleAddedEvent.OutputObject
    >;
  };
}
