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
      | "addGroup"
      | "addMember"
      | "carryOut"
      | "changeCount"
      | "changeDigest"
      | "changeGatewayKey"
      | "changeMember"
      | "changeSenders"
      | "closeGroup"
      | "eip712Domain"
      | "faultBound"
      | "gatewayKey"
      | "gatewayKeyAt"
      | "isOracle"
      | "isSender"
      | "member"
      | "memberQuorum"
      | "members"
      | "oracleSet"
      | "oracleSetDigest"
      | "oracles"
      | "oraclesAt"
      | "presentMembers"
      | "removeMember"
      | "replaceOracles"
      | "requireQuorum"
      | "termOf"
  ): FunctionFragment;

  getEvent(
    nameOrSignatureOrTopic:
      | "ChangeCarriedOut"
      | "EIP712DomainChanged"
      | "GatewayGroupAdded"
      | "GatewayGroupClosed"
      | "GatewayKeyChanged"
      | "MemberAdded"
      | "MemberChanged"
      | "MemberRemoved"
      | "OracleAdded"
      | "OracleSetReplaced"
      | "SendersChanged"
  ): EventFragment;

  encodeFunctionData(
    functionFragment: "addGroup",
    values: [IMemberRegistry.GatewayGroupStruct]
  ): string;
  encodeFunctionData(
    functionFragment: "addMember",
    values: [IMemberRegistry.MemberStruct]
  ): string;
  encodeFunctionData(
    functionFragment: "carryOut",
    values: [
      BigNumberish,
      BigNumberish,
      BytesLike[],
      BigNumberish,
      [BytesLike, BytesLike][]
    ]
  ): string;
  encodeFunctionData(
    functionFragment: "changeCount",
    values?: undefined
  ): string;
  encodeFunctionData(
    functionFragment: "changeDigest",
    values: [BigNumberish, BigNumberish, BytesLike[]]
  ): string;
  encodeFunctionData(
    functionFragment: "changeGatewayKey",
    values: [AddressLike, BytesLike, BytesLike, BigNumberish]
  ): string;
  encodeFunctionData(
    functionFragment: "changeMember",
    values: [BigNumberish, IMemberRegistry.MemberStruct]
  ): string;
  encodeFunctionData(
    functionFragment: "changeSenders",
    values: [AddressLike, AddressLike[]]
  ): string;
  encodeFunctionData(
    functionFragment: "closeGroup",
    values: [AddressLike]
  ): string;
  encodeFunctionData(
    functionFragment: "eip712Domain",
    values?: undefined
  ): string;
  encodeFunctionData(
    functionFragment: "faultBound",
    values?: undefined
  ): string;
  encodeFunctionData(
    functionFragment: "gatewayKey",
    values: [AddressLike]
  ): string;
  encodeFunctionData(
    functionFragment: "gatewayKeyAt",
    values: [AddressLike, BigNumberish]
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
  encodeFunctionData(functionFragment: "oracleSet", values?: undefined): string;
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
    functionFragment: "presentMembers",
    values?: undefined
  ): string;
  encodeFunctionData(
    functionFragment: "removeMember",
    values: [BigNumberish]
  ): string;
  encodeFunctionData(
    functionFragment: "replaceOracles",
    values: [IMemberRegistry.OracleKeyStruct[], BigNumberish]
  ): string;
  encodeFunctionData(
    functionFragment: "requireQuorum",
    values: [BytesLike, BigNumberish, [BytesLike, BytesLike][]]
  ): string;
  encodeFunctionData(
    functionFragment: "termOf",
    values: [BigNumberish]
  ): string;

  decodeFunctionResult(functionFragment: "addGroup", data: BytesLike): Result;
  decodeFunctionResult(functionFragment: "addMember", data: BytesLike): Result;
  decodeFunctionResult(functionFragment: "carryOut", data: BytesLike): Result;
  decodeFunctionResult(
    functionFragment: "changeCount",
    data: BytesLike
  ): Result;
  decodeFunctionResult(
    functionFragment: "changeDigest",
    data: BytesLike
  ): Result;
  decodeFunctionResult(
    functionFragment: "changeGatewayKey",
    data: BytesLike
  ): Result;
  decodeFunctionResult(
    functionFragment: "changeMember",
    data: BytesLike
  ): Result;
  decodeFunctionResult(
    functionFragment: "changeSenders",
    data: BytesLike
  ): Result;
  decodeFunctionResult(functionFragment: "closeGroup", data: BytesLike): Result;
  decodeFunctionResult(
    functionFragment: "eip712Domain",
    data: BytesLike
  ): Result;
  decodeFunctionResult(functionFragment: "faultBound", data: BytesLike): Result;
  decodeFunctionResult(functionFragment: "gatewayKey", data: BytesLike): Result;
  decodeFunctionResult(
    functionFragment: "gatewayKeyAt",
    data: BytesLike
  ): Result;
  decodeFunctionResult(functionFragment: "isOracle", data: BytesLike): Result;
  decodeFunctionResult(functionFragment: "isSender", data: BytesLike): Result;
  decodeFunctionResult(functionFragment: "member", data: BytesLike): Result;
  decodeFunctionResult(
    functionFragment: "memberQuorum",
    data: BytesLike
  ): Result;
  decodeFunctionResult(functionFragment: "members", data: BytesLike): Result;
  decodeFunctionResult(functionFragment: "oracleSet", data: BytesLike): Result;
  decodeFunctionResult(
    functionFragment: "oracleSetDigest",
    data: BytesLike
  ): Result;
  decodeFunctionResult(functionFragment: "oracles", data: BytesLike): Result;
  decodeFunctionResult(functionFragment: "oraclesAt", data: BytesLike): Result;
  decodeFunctionResult(
    functionFragment: "presentMembers",
    data: BytesLike
  ): Result;
  decodeFunctionResult(
    functionFragment: "removeMember",
    data: BytesLike
  ): Result;
  decodeFunctionResult(
    functionFragment: "replaceOracles",
    data: BytesLike
  ): Result;
  decodeFunctionResult(
    functionFragment: "requireQuorum",
    data: BytesLike
  ): Result;
  decodeFunctionResult(functionFragment: "termOf", data: BytesLike): Result;
}

export namespace ChangeCarriedOutEvent {
  export type InputTuple = [
    number: BigNumberish,
    digest: BytesLike,
    signers: BigNumberish
  ];
  export type OutputTuple = [number: bigint, digest: string, signers: bigint];
  export interface OutputObject {
    number: bigint;
    digest: string;
    signers: bigint;
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

export namespace GatewayGroupClosedEvent {
  export type InputTuple = [group: AddressLike];
  export type OutputTuple = [group: string];
  export interface OutputObject {
    group: string;
  }
  export type Event = TypedContractEvent<InputTuple, OutputTuple, OutputObject>;
  export type Filter = TypedDeferredTopicFilter<Event>;
  export type Log = TypedEventLog<Event>;
  export type LogDescription = TypedLogDescription<Event>;
}

export namespace GatewayKeyChangedEvent {
  export type InputTuple = [
    group: AddressLike,
    x: BytesLike,
    y: BytesLike,
    since: BigNumberish
  ];
  export type OutputTuple = [
    group: string,
    x: string,
    y: string,
    since: bigint
  ];
  export interface OutputObject {
    group: string;
    x: string;
    y: string;
    since: bigint;
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

export namespace MemberChangedEvent {
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

export namespace MemberRemovedEvent {
  export type InputTuple = [member: BigNumberish];
  export type OutputTuple = [member: bigint];
  export interface OutputObject {
    member: bigint;
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

export namespace OracleSetReplacedEvent {
  export type InputTuple = [oracleSet: BytesLike, faultBound: BigNumberish];
  export type OutputTuple = [oracleSet: string, faultBound: bigint];
  export interface OutputObject {
    oracleSet: string;
    faultBound: bigint;
  }
  export type Event = TypedContractEvent<InputTuple, OutputTuple, OutputObject>;
  export type Filter = TypedDeferredTopicFilter<Event>;
  export type Log = TypedEventLog<Event>;
  export type LogDescription = TypedLogDescription<Event>;
}

export namespace SendersChangedEvent {
  export type InputTuple = [group: AddressLike, senders: AddressLike[]];
  export type OutputTuple = [group: string, senders: string[]];
  export interface OutputObject {
    group: string;
    senders: string[];
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

  addGroup: TypedContractMethod<
    [added: IMemberRegistry.GatewayGroupStruct],
    [void],
    "nonpayable"
  >;

  addMember: TypedContractMethod<
    [added: IMemberRegistry.MemberStruct],
    [void],
    "nonpayable"
  >;

  carryOut: TypedContractMethod<
    [
      number: BigNumberish,
      deadline: BigNumberish,
      calls: BytesLike[],
      signers: BigNumberish,
      signatures: [BytesLike, BytesLike][]
    ],
    [void],
    "nonpayable"
  >;

  changeCount: TypedContractMethod<[], [bigint], "view">;

  changeDigest: TypedContractMethod<
    [number: BigNumberish, deadline: BigNumberish, calls: BytesLike[]],
    [string],
    "view"
  >;

  changeGatewayKey: TypedContractMethod<
    [group: AddressLike, x: BytesLike, y: BytesLike, since: BigNumberish],
    [void],
    "nonpayable"
  >;

  changeMember: TypedContractMethod<
    [index: BigNumberish, next: IMemberRegistry.MemberStruct],
    [void],
    "nonpayable"
  >;

  changeSenders: TypedContractMethod<
    [group: AddressLike, senders: AddressLike[]],
    [void],
    "nonpayable"
  >;

  closeGroup: TypedContractMethod<[group: AddressLike], [void], "nonpayable">;

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

  gatewayKeyAt: TypedContractMethod<
    [group: AddressLike, time: BigNumberish],
    [[string, string, bigint] & { x: string; y: string; until: bigint }],
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

  oracleSet: TypedContractMethod<[], [string], "view">;

  oracleSetDigest: TypedContractMethod<[], [string], "view">;

  oracles: TypedContractMethod<[], [string[]], "view">;

  oraclesAt: TypedContractMethod<[bits: BigNumberish], [string[]], "view">;

  presentMembers: TypedContractMethod<[], [bigint], "view">;

  removeMember: TypedContractMethod<
    [index: BigNumberish],
    [void],
    "nonpayable"
  >;

  replaceOracles: TypedContractMethod<
    [oracleKeys: IMemberRegistry.OracleKeyStruct[], faultBound_: BigNumberish],
    [void],
    "nonpayable"
  >;

  requireQuorum: TypedContractMethod<
    [
      digest: BytesLike,
      signers: BigNumberish,
      signatures: [BytesLike, BytesLike][]
    ],
    [void],
    "view"
  >;

  termOf: TypedContractMethod<
    [index: BigNumberish],
    [[bigint, bigint] & { since: bigint; until: bigint }],
    "view"
  >;

  getFunction<T extends ContractMethod = ContractMethod>(
    key: string | FunctionFragment
  ): T;

  getFunction(
    nameOrSignature: "addGroup"
  ): TypedContractMethod<
    [added: IMemberRegistry.GatewayGroupStruct],
    [void],
    "nonpayable"
  >;
  getFunction(
    nameOrSignature: "addMember"
  ): TypedContractMethod<
    [added: IMemberRegistry.MemberStruct],
    [void],
    "nonpayable"
  >;
  getFunction(
    nameOrSignature: "carryOut"
  ): TypedContractMethod<
    [
      number: BigNumberish,
      deadline: BigNumberish,
      calls: BytesLike[],
      signers: BigNumberish,
      signatures: [BytesLike, BytesLike][]
    ],
    [void],
    "nonpayable"
  >;
  getFunction(
    nameOrSignature: "changeCount"
  ): TypedContractMethod<[], [bigint], "view">;
  getFunction(
    nameOrSignature: "changeDigest"
  ): TypedContractMethod<
    [number: BigNumberish, deadline: BigNumberish, calls: BytesLike[]],
    [string],
    "view"
  >;
  getFunction(
    nameOrSignature: "changeGatewayKey"
  ): TypedContractMethod<
    [group: AddressLike, x: BytesLike, y: BytesLike, since: BigNumberish],
    [void],
    "nonpayable"
  >;
  getFunction(
    nameOrSignature: "changeMember"
  ): TypedContractMethod<
    [index: BigNumberish, next: IMemberRegistry.MemberStruct],
    [void],
    "nonpayable"
  >;
  getFunction(
    nameOrSignature: "changeSenders"
  ): TypedContractMethod<
    [group: AddressLike, senders: AddressLike[]],
    [void],
    "nonpayable"
  >;
  getFunction(
    nameOrSignature: "closeGroup"
  ): TypedContractMethod<[group: AddressLike], [void], "nonpayable">;
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
    nameOrSignature: "gatewayKeyAt"
  ): TypedContractMethod<
    [group: AddressLike, time: BigNumberish],
    [[string, string, bigint] & { x: string; y: string; until: bigint }],
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
    nameOrSignature: "oracleSet"
  ): TypedContractMethod<[], [string], "view">;
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
    nameOrSignature: "presentMembers"
  ): TypedContractMethod<[], [bigint], "view">;
  getFunction(
    nameOrSignature: "removeMember"
  ): TypedContractMethod<[index: BigNumberish], [void], "nonpayable">;
  getFunction(
    nameOrSignature: "replaceOracles"
  ): TypedContractMethod<
    [oracleKeys: IMemberRegistry.OracleKeyStruct[], faultBound_: BigNumberish],
    [void],
    "nonpayable"
  >;
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
  getFunction(
    nameOrSignature: "termOf"
  ): TypedContractMethod<
    [index: BigNumberish],
    [[bigint, bigint] & { since: bigint; until: bigint }],
    "view"
  >;

  getEvent(
    key: "ChangeCarriedOut"
  ): TypedContractEvent<
    ChangeCarriedOutEvent.InputTuple,
    ChangeCarriedOutEvent.OutputTuple,
    ChangeCarriedOutEvent.OutputObject
  >;
  getEvent(
    key: "EIP712DomainChanged"
  ): TypedContractEvent<
    EIP712DomainChangedEvent.InputTuple,
    EIP712DomainChangedEvent.OutputTuple,
    EIP712DomainChangedEvent.OutputObject
  >;
  getEvent(
    key: "GatewayGroupAdded"
  ): TypedContractEvent<
    GatewayGroupAddedEvent.InputTuple,
    GatewayGroupAddedEvent.OutputTuple,
    GatewayGroupAddedEvent.OutputObject
  >;
  getEvent(
    key: "GatewayGroupClosed"
  ): TypedContractEvent<
    GatewayGroupClosedEvent.InputTuple,
    GatewayGroupClosedEvent.OutputTuple,
    GatewayGroupClosedEvent.OutputObject
  >;
  getEvent(
    key: "GatewayKeyChanged"
  ): TypedContractEvent<
    GatewayKeyChangedEvent.InputTuple,
    GatewayKeyChangedEvent.OutputTuple,
    GatewayKeyChangedEvent.OutputObject
  >;
  getEvent(
    key: "MemberAdded"
  ): TypedContractEvent<
    MemberAddedEvent.InputTuple,
    MemberAddedEvent.OutputTuple,
    MemberAddedEvent.OutputObject
  >;
  getEvent(
    key: "MemberChanged"
  ): TypedContractEvent<
    MemberChangedEvent.InputTuple,
    MemberChangedEvent.OutputTuple,
    MemberChangedEvent.OutputObject
  >;
  getEvent(
    key: "MemberRemoved"
  ): TypedContractEvent<
    MemberRemovedEvent.InputTuple,
    MemberRemovedEvent.OutputTuple,
    MemberRemovedEvent.OutputObject
  >;
  getEvent(
    key: "OracleAdded"
  ): TypedContractEvent<
    OracleAddedEvent.InputTuple,
    OracleAddedEvent.OutputTuple,
    OracleAddedEvent.OutputObject
  >;
  getEvent(
    key: "OracleSetReplaced"
  ): TypedContractEvent<
    OracleSetReplacedEvent.InputTuple,
    OracleSetReplacedEvent.OutputTuple,
    OracleSetReplacedEvent.OutputObject
  >;
  getEvent(
    key: "SendersChanged"
  ): TypedContractEvent<
    SendersChangedEvent.InputTuple,
    SendersChangedEvent.OutputTuple,
    SendersChangedEvent.OutputObject
  >;

  filters: {
    "ChangeCarriedOut(uint64,bytes32,uint256)": TypedContractEvent<
      ChangeCarriedOutEvent.InputTuple,
      ChangeCarriedOutEvent.OutputTuple,
      ChangeCarriedOutEvent.OutputObject
    >;
    ChangeCarriedOut: TypedContractEvent<
      ChangeCarriedOutEvent.InputTuple,
      ChangeCarriedOutEvent.OutputTuple,
      ChangeCarriedOutEvent.OutputObject
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

    "GatewayGroupClosed(address)": TypedContractEvent<
      GatewayGroupClosedEvent.InputTuple,
      GatewayGroupClosedEvent.OutputTuple,
      GatewayGroupClosedEvent.OutputObject
    >;
    GatewayGroupClosed: TypedContractEvent<
      GatewayGroupClosedEvent.InputTuple,
      GatewayGroupClosedEvent.OutputTuple,
      GatewayGroupClosedEvent.OutputObject
    >;

    "GatewayKeyChanged(address,bytes32,bytes32,uint64)": TypedContractEvent<
      GatewayKeyChangedEvent.InputTuple,
      GatewayKeyChangedEvent.OutputTuple,
      GatewayKeyChangedEvent.OutputObject
    >;
    GatewayKeyChanged: TypedContractEvent<
      GatewayKeyChangedEvent.InputTuple,
      GatewayKeyChangedEvent.OutputTuple,
      GatewayKeyChangedEvent.OutputObject
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

    "MemberChanged(uint16,string,string,address,bytes32,bytes32)": TypedContractEvent<
      MemberChangedEvent.InputTuple,
      MemberChangedEvent.OutputTuple,
      MemberChangedEvent.OutputObject
    >;
    MemberChanged: TypedContractEvent<
      MemberChangedEvent.InputTuple,
      MemberChangedEvent.OutputTuple,
      MemberChangedEvent.OutputObject
    >;

    "MemberRemoved(uint16)": TypedContractEvent<
      MemberRemovedEvent.InputTuple,
      MemberRemovedEvent.OutputTuple,
      MemberRemovedEvent.OutputObject
    >;
    MemberRemoved: TypedContractEvent<
      MemberRemovedEvent.InputTuple,
      MemberRemovedEvent.OutputTuple,
      MemberRemovedEvent.OutputObject
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

    "OracleSetReplaced(bytes32,uint8)": TypedContractEvent<
      OracleSetReplacedEvent.InputTuple,
      OracleSetReplacedEvent.OutputTuple,
      OracleSetReplacedEvent.OutputObject
    >;
    OracleSetReplaced: TypedContractEvent<
      OracleSetReplacedEvent.InputTuple,
      OracleSetReplacedEvent.OutputTuple,
      OracleSetReplacedEvent.OutputObject
    >;

    "SendersChanged(address,address[])": TypedContractEvent<
      SendersChangedEvent.InputTuple,
      SendersChangedEvent.OutputTuple,
      SendersChangedEvent.OutputObject
    >;
    SendersChanged: TypedContractEvent<
      SendersChangedEvent.InputTuple,
      SendersChangedEvent.OutputTuple,
      SendersChangedEvent.OutputObject
    >;
  };
}
