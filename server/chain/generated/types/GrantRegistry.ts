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
      | "authority"
      | "canRead"
      | "cancelNonce"
      | "consentOf"
      | "delegate"
      | "deviceRegistry"
      | "eip712Domain"
      | "explain"
      | "grant"
      | "grantOf"
      | "hasContinuity"
      | "isConsumingScheduledOp"
      | "isNonceUsed"
      | "memberRegistry"
      | "pause"
      | "paused"
      | "relayConsent"
      | "relayDelegation"
      | "relayGrant"
      | "relayGrants"
      | "relayRevocation"
      | "resume"
      | "revoke"
      | "setAuthority"
      | "setConsent"
      | "setContinuity"
      | "twinRegistry"
  ): FunctionFragment;

  getEvent(
    nameOrSignatureOrTopic:
      | "AuthorityUpdated"
      | "ConsentSet"
      | "ContinuitySet"
      | "Delegated"
      | "EIP712DomainChanged"
      | "Granted"
      | "NonceCancelled"
      | "Paused"
      | "Resumed"
      | "Revoked"
  ): EventFragment;

  encodeFunctionData(functionFragment: "authority", values?: undefined): string;
  encodeFunctionData(
    functionFragment: "canRead",
    values: [IGrantRegistry.AskStruct, IGrantRegistry.SourceStruct[]]
  ): string;
  encodeFunctionData(
    functionFragment: "cancelNonce",
    values: [BigNumberish]
  ): string;
  encodeFunctionData(
    functionFragment: "consentOf",
    values: [BytesLike, AddressLike]
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
    functionFragment: "eip712Domain",
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
    functionFragment: "hasContinuity",
    values: [BytesLike]
  ): string;
  encodeFunctionData(
    functionFragment: "isConsumingScheduledOp",
    values?: undefined
  ): string;
  encodeFunctionData(
    functionFragment: "isNonceUsed",
    values: [AddressLike, BigNumberish]
  ): string;
  encodeFunctionData(
    functionFragment: "memberRegistry",
    values?: undefined
  ): string;
  encodeFunctionData(functionFragment: "pause", values?: undefined): string;
  encodeFunctionData(functionFragment: "paused", values?: undefined): string;
  encodeFunctionData(
    functionFragment: "relayConsent",
    values: [
      BytesLike,
      AddressLike,
      BigNumberish,
      AddressLike,
      BigNumberish,
      BytesLike
    ]
  ): string;
  encodeFunctionData(
    functionFragment: "relayDelegation",
    values: [
      BytesLike,
      IGrantRegistry.GrantStruct,
      BigNumberish,
      AddressLike,
      IGrantRegistry.SourceStruct,
      BigNumberish,
      BytesLike
    ]
  ): string;
  encodeFunctionData(
    functionFragment: "relayGrant",
    values: [
      BytesLike,
      IGrantRegistry.GrantStruct,
      BigNumberish,
      BigNumberish,
      BytesLike
    ]
  ): string;
  encodeFunctionData(
    functionFragment: "relayGrants",
    values: [
      BytesLike,
      IGrantRegistry.GrantStruct[],
      BigNumberish[],
      BigNumberish,
      BytesLike
    ]
  ): string;
  encodeFunctionData(
    functionFragment: "relayRevocation",
    values: [
      BytesLike,
      AddressLike,
      AddressLike,
      IGrantRegistry.SourceStruct,
      BigNumberish,
      BytesLike
    ]
  ): string;
  encodeFunctionData(functionFragment: "resume", values?: undefined): string;
  encodeFunctionData(
    functionFragment: "revoke",
    values: [BytesLike, AddressLike, IGrantRegistry.SourceStruct]
  ): string;
  encodeFunctionData(
    functionFragment: "setAuthority",
    values: [AddressLike]
  ): string;
  encodeFunctionData(
    functionFragment: "setConsent",
    values: [BytesLike, AddressLike, BigNumberish]
  ): string;
  encodeFunctionData(
    functionFragment: "setContinuity",
    values: [BytesLike, AddressLike, boolean, IGrantRegistry.SourceStruct]
  ): string;
  encodeFunctionData(
    functionFragment: "twinRegistry",
    values?: undefined
  ): string;

  decodeFunctionResult(functionFragment: "authority", data: BytesLike): Result;
  decodeFunctionResult(functionFragment: "canRead", data: BytesLike): Result;
  decodeFunctionResult(
    functionFragment: "cancelNonce",
    data: BytesLike
  ): Result;
  decodeFunctionResult(functionFragment: "consentOf", data: BytesLike): Result;
  decodeFunctionResult(functionFragment: "delegate", data: BytesLike): Result;
  decodeFunctionResult(
    functionFragment: "deviceRegistry",
    data: BytesLike
  ): Result;
  decodeFunctionResult(
    functionFragment: "eip712Domain",
    data: BytesLike
  ): Result;
  decodeFunctionResult(functionFragment: "explain", data: BytesLike): Result;
  decodeFunctionResult(functionFragment: "grant", data: BytesLike): Result;
  decodeFunctionResult(functionFragment: "grantOf", data: BytesLike): Result;
  decodeFunctionResult(
    functionFragment: "hasContinuity",
    data: BytesLike
  ): Result;
  decodeFunctionResult(
    functionFragment: "isConsumingScheduledOp",
    data: BytesLike
  ): Result;
  decodeFunctionResult(
    functionFragment: "isNonceUsed",
    data: BytesLike
  ): Result;
  decodeFunctionResult(
    functionFragment: "memberRegistry",
    data: BytesLike
  ): Result;
  decodeFunctionResult(functionFragment: "pause", data: BytesLike): Result;
  decodeFunctionResult(functionFragment: "paused", data: BytesLike): Result;
  decodeFunctionResult(
    functionFragment: "relayConsent",
    data: BytesLike
  ): Result;
  decodeFunctionResult(
    functionFragment: "relayDelegation",
    data: BytesLike
  ): Result;
  decodeFunctionResult(functionFragment: "relayGrant", data: BytesLike): Result;
  decodeFunctionResult(
    functionFragment: "relayGrants",
    data: BytesLike
  ): Result;
  decodeFunctionResult(
    functionFragment: "relayRevocation",
    data: BytesLike
  ): Result;
  decodeFunctionResult(functionFragment: "resume", data: BytesLike): Result;
  decodeFunctionResult(functionFragment: "revoke", data: BytesLike): Result;
  decodeFunctionResult(
    functionFragment: "setAuthority",
    data: BytesLike
  ): Result;
  decodeFunctionResult(functionFragment: "setConsent", data: BytesLike): Result;
  decodeFunctionResult(
    functionFragment: "setContinuity",
    data: BytesLike
  ): Result;
  decodeFunctionResult(
    functionFragment: "twinRegistry",
    data: BytesLike
  ): Result;
}

export namespace AuthorityUpdatedEvent {
  export type InputTuple = [authority: AddressLike];
  export type OutputTuple = [authority: string];
  export interface OutputObject {
    authority: string;
  }
  export type Event = TypedContractEvent<InputTuple, OutputTuple, OutputObject>;
  export type Filter = TypedDeferredTopicFilter<Event>;
  export type Log = TypedEventLog<Event>;
  export type LogDescription = TypedLogDescription<Event>;
}

export namespace ConsentSetEvent {
  export type InputTuple = [
    twin: BytesLike,
    reader: AddressLike,
    purposes: BigNumberish,
    by: AddressLike
  ];
  export type OutputTuple = [
    twin: string,
    reader: string,
    purposes: bigint,
    by: string
  ];
  export interface OutputObject {
    twin: string;
    reader: string;
    purposes: bigint;
    by: string;
  }
  export type Event = TypedContractEvent<InputTuple, OutputTuple, OutputObject>;
  export type Filter = TypedDeferredTopicFilter<Event>;
  export type Log = TypedEventLog<Event>;
  export type LogDescription = TypedLogDescription<Event>;
}

export namespace ContinuitySetEvent {
  export type InputTuple = [grant: BytesLike, on: boolean];
  export type OutputTuple = [grant: string, on: boolean];
  export interface OutputObject {
    grant: string;
    on: boolean;
  }
  export type Event = TypedContractEvent<InputTuple, OutputTuple, OutputObject>;
  export type Filter = TypedDeferredTopicFilter<Event>;
  export type Log = TypedEventLog<Event>;
  export type LogDescription = TypedLogDescription<Event>;
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

export namespace EIP712DomainChangedEvent {
  export type InputTuple = [];
  export type OutputTuple = [];
  export interface OutputObject {}
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

export namespace NonceCancelledEvent {
  export type InputTuple = [signer: AddressLike, nonce: BigNumberish];
  export type OutputTuple = [signer: string, nonce: bigint];
  export interface OutputObject {
    signer: string;
    nonce: bigint;
  }
  export type Event = TypedContractEvent<InputTuple, OutputTuple, OutputObject>;
  export type Filter = TypedDeferredTopicFilter<Event>;
  export type Log = TypedEventLog<Event>;
  export type LogDescription = TypedLogDescription<Event>;
}

export namespace PausedEvent {
  export type InputTuple = [by: AddressLike];
  export type OutputTuple = [by: string];
  export interface OutputObject {
    by: string;
  }
  export type Event = TypedContractEvent<InputTuple, OutputTuple, OutputObject>;
  export type Filter = TypedDeferredTopicFilter<Event>;
  export type Log = TypedEventLog<Event>;
  export type LogDescription = TypedLogDescription<Event>;
}

export namespace ResumedEvent {
  export type InputTuple = [by: AddressLike];
  export type OutputTuple = [by: string];
  export interface OutputObject {
    by: string;
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

  authority: TypedContractMethod<[], [string], "view">;

  canRead: TypedContractMethod<
    [ask: IGrantRegistry.AskStruct, chain: IGrantRegistry.SourceStruct[]],
    [boolean],
    "view"
  >;

  cancelNonce: TypedContractMethod<[nonce: BigNumberish], [void], "nonpayable">;

  consentOf: TypedContractMethod<
    [twin: BytesLike, reader: AddressLike],
    [[bigint, bigint] & { purposes: bigint; changes: bigint }],
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

  hasContinuity: TypedContractMethod<[grant: BytesLike], [boolean], "view">;

  isConsumingScheduledOp: TypedContractMethod<[], [string], "view">;

  isNonceUsed: TypedContractMethod<
    [signer: AddressLike, nonce: BigNumberish],
    [boolean],
    "view"
  >;

  memberRegistry: TypedContractMethod<[], [string], "view">;

  pause: TypedContractMethod<[], [void], "nonpayable">;

  paused: TypedContractMethod<[], [boolean], "view">;

  relayConsent: TypedContractMethod<
    [
      twin: BytesLike,
      reader: AddressLike,
      purposes: BigNumberish,
      signer: AddressLike,
      deadline: BigNumberish,
      signature: BytesLike
    ],
    [void],
    "nonpayable"
  >;

  relayDelegation: TypedContractMethod<
    [
      device: BytesLike,
      given: IGrantRegistry.GrantStruct,
      nonce: BigNumberish,
      grantor: AddressLike,
      source: IGrantRegistry.SourceStruct,
      deadline: BigNumberish,
      signature: BytesLike
    ],
    [string],
    "nonpayable"
  >;

  relayGrant: TypedContractMethod<
    [
      device: BytesLike,
      given: IGrantRegistry.GrantStruct,
      nonce: BigNumberish,
      deadline: BigNumberish,
      signature: BytesLike
    ],
    [string],
    "nonpayable"
  >;

  relayGrants: TypedContractMethod<
    [
      device: BytesLike,
      given: IGrantRegistry.GrantStruct[],
      nonces: BigNumberish[],
      deadline: BigNumberish,
      signature: BytesLike
    ],
    [string[]],
    "nonpayable"
  >;

  relayRevocation: TypedContractMethod<
    [
      twin: BytesLike,
      reader: AddressLike,
      signer: AddressLike,
      source: IGrantRegistry.SourceStruct,
      deadline: BigNumberish,
      signature: BytesLike
    ],
    [void],
    "nonpayable"
  >;

  resume: TypedContractMethod<[], [void], "nonpayable">;

  revoke: TypedContractMethod<
    [twin: BytesLike, reader: AddressLike, source: IGrantRegistry.SourceStruct],
    [void],
    "nonpayable"
  >;

  setAuthority: TypedContractMethod<
    [newAuthority: AddressLike],
    [void],
    "nonpayable"
  >;

  setConsent: TypedContractMethod<
    [twin: BytesLike, reader: AddressLike, purposes: BigNumberish],
    [void],
    "nonpayable"
  >;

  setContinuity: TypedContractMethod<
    [
      twin: BytesLike,
      reader: AddressLike,
      on: boolean,
      source: IGrantRegistry.SourceStruct
    ],
    [void],
    "nonpayable"
  >;

  twinRegistry: TypedContractMethod<[], [string], "view">;

  getFunction<T extends ContractMethod = ContractMethod>(
    key: string | FunctionFragment
  ): T;

  getFunction(
    nameOrSignature: "authority"
  ): TypedContractMethod<[], [string], "view">;
  getFunction(
    nameOrSignature: "canRead"
  ): TypedContractMethod<
    [ask: IGrantRegistry.AskStruct, chain: IGrantRegistry.SourceStruct[]],
    [boolean],
    "view"
  >;
  getFunction(
    nameOrSignature: "cancelNonce"
  ): TypedContractMethod<[nonce: BigNumberish], [void], "nonpayable">;
  getFunction(
    nameOrSignature: "consentOf"
  ): TypedContractMethod<
    [twin: BytesLike, reader: AddressLike],
    [[bigint, bigint] & { purposes: bigint; changes: bigint }],
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
    nameOrSignature: "hasContinuity"
  ): TypedContractMethod<[grant: BytesLike], [boolean], "view">;
  getFunction(
    nameOrSignature: "isConsumingScheduledOp"
  ): TypedContractMethod<[], [string], "view">;
  getFunction(
    nameOrSignature: "isNonceUsed"
  ): TypedContractMethod<
    [signer: AddressLike, nonce: BigNumberish],
    [boolean],
    "view"
  >;
  getFunction(
    nameOrSignature: "memberRegistry"
  ): TypedContractMethod<[], [string], "view">;
  getFunction(
    nameOrSignature: "pause"
  ): TypedContractMethod<[], [void], "nonpayable">;
  getFunction(
    nameOrSignature: "paused"
  ): TypedContractMethod<[], [boolean], "view">;
  getFunction(
    nameOrSignature: "relayConsent"
  ): TypedContractMethod<
    [
      twin: BytesLike,
      reader: AddressLike,
      purposes: BigNumberish,
      signer: AddressLike,
      deadline: BigNumberish,
      signature: BytesLike
    ],
    [void],
    "nonpayable"
  >;
  getFunction(
    nameOrSignature: "relayDelegation"
  ): TypedContractMethod<
    [
      device: BytesLike,
      given: IGrantRegistry.GrantStruct,
      nonce: BigNumberish,
      grantor: AddressLike,
      source: IGrantRegistry.SourceStruct,
      deadline: BigNumberish,
      signature: BytesLike
    ],
    [string],
    "nonpayable"
  >;
  getFunction(
    nameOrSignature: "relayGrant"
  ): TypedContractMethod<
    [
      device: BytesLike,
      given: IGrantRegistry.GrantStruct,
      nonce: BigNumberish,
      deadline: BigNumberish,
      signature: BytesLike
    ],
    [string],
    "nonpayable"
  >;
  getFunction(
    nameOrSignature: "relayGrants"
  ): TypedContractMethod<
    [
      device: BytesLike,
      given: IGrantRegistry.GrantStruct[],
      nonces: BigNumberish[],
      deadline: BigNumberish,
      signature: BytesLike
    ],
    [string[]],
    "nonpayable"
  >;
  getFunction(
    nameOrSignature: "relayRevocation"
  ): TypedContractMethod<
    [
      twin: BytesLike,
      reader: AddressLike,
      signer: AddressLike,
      source: IGrantRegistry.SourceStruct,
      deadline: BigNumberish,
      signature: BytesLike
    ],
    [void],
    "nonpayable"
  >;
  getFunction(
    nameOrSignature: "resume"
  ): TypedContractMethod<[], [void], "nonpayable">;
  getFunction(
    nameOrSignature: "revoke"
  ): TypedContractMethod<
    [twin: BytesLike, reader: AddressLike, source: IGrantRegistry.SourceStruct],
    [void],
    "nonpayable"
  >;
  getFunction(
    nameOrSignature: "setAuthority"
  ): TypedContractMethod<[newAuthority: AddressLike], [void], "nonpayable">;
  getFunction(
    nameOrSignature: "setConsent"
  ): TypedContractMethod<
    [twin: BytesLike, reader: AddressLike, purposes: BigNumberish],
    [void],
    "nonpayable"
  >;
  getFunction(
    nameOrSignature: "setContinuity"
  ): TypedContractMethod<
    [
      twin: BytesLike,
      reader: AddressLike,
      on: boolean,
      source: IGrantRegistry.SourceStruct
    ],
    [void],
    "nonpayable"
  >;
  getFunction(
    nameOrSignature: "twinRegistry"
  ): TypedContractMethod<[], [string], "view">;

  getEvent(
    key: "AuthorityUpdated"
  ): TypedContractEvent<
    AuthorityUpdatedEvent.InputTuple,
    AuthorityUpdatedEvent.OutputTuple,
    AuthorityUpdatedEvent.OutputObject
  >;
  getEvent(
    key: "ConsentSet"
  ): TypedContractEvent<
    ConsentSetEvent.InputTuple,
    ConsentSetEvent.OutputTuple,
    ConsentSetEvent.OutputObject
  >;
  getEvent(
    key: "ContinuitySet"
  ): TypedContractEvent<
    ContinuitySetEvent.InputTuple,
    ContinuitySetEvent.OutputTuple,
    ContinuitySetEvent.OutputObject
  >;
  getEvent(
    key: "Delegated"
  ): TypedContractEvent<
    DelegatedEvent.InputTuple,
    DelegatedEvent.OutputTuple,
    DelegatedEvent.OutputObject
  >;
  getEvent(
    key: "EIP712DomainChanged"
  ): TypedContractEvent<
    EIP712DomainChangedEvent.InputTuple,
    EIP712DomainChangedEvent.OutputTuple,
    EIP712DomainChangedEvent.OutputObject
  >;
  getEvent(
    key: "Granted"
  ): TypedContractEvent<
    GrantedEvent.InputTuple,
    GrantedEvent.OutputTuple,
    GrantedEvent.OutputObject
  >;
  getEvent(
    key: "NonceCancelled"
  ): TypedContractEvent<
    NonceCancelledEvent.InputTuple,
    NonceCancelledEvent.OutputTuple,
    NonceCancelledEvent.OutputObject
  >;
  getEvent(
    key: "Paused"
  ): TypedContractEvent<
    PausedEvent.InputTuple,
    PausedEvent.OutputTuple,
    PausedEvent.OutputObject
  >;
  getEvent(
    key: "Resumed"
  ): TypedContractEvent<
    ResumedEvent.InputTuple,
    ResumedEvent.OutputTuple,
    ResumedEvent.OutputObject
  >;
  getEvent(
    key: "Revoked"
  ): TypedContractEvent<
    RevokedEvent.InputTuple,
    RevokedEvent.OutputTuple,
    RevokedEvent.OutputObject
  >;

  filters: {
    "AuthorityUpdated(address)": TypedContractEvent<
      AuthorityUpdatedEvent.InputTuple,
      AuthorityUpdatedEvent.OutputTuple,
      AuthorityUpdatedEvent.OutputObject
    >;
    AuthorityUpdated: TypedContractEvent<
      AuthorityUpdatedEvent.InputTuple,
      AuthorityUpdatedEvent.OutputTuple,
      AuthorityUpdatedEvent.OutputObject
    >;

    "ConsentSet(bytes32,address,uint8,address)": TypedContractEvent<
      ConsentSetEvent.InputTuple,
      ConsentSetEvent.OutputTuple,
      ConsentSetEvent.OutputObject
    >;
    ConsentSet: TypedContractEvent<
      ConsentSetEvent.InputTuple,
      ConsentSetEvent.OutputTuple,
      ConsentSetEvent.OutputObject
    >;

    "ContinuitySet(bytes32,bool)": TypedContractEvent<
      ContinuitySetEvent.InputTuple,
      ContinuitySetEvent.OutputTuple,
      ContinuitySetEvent.OutputObject
    >;
    ContinuitySet: TypedContractEvent<
      ContinuitySetEvent.InputTuple,
      ContinuitySetEvent.OutputTuple,
      ContinuitySetEvent.OutputObject
    >;

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

    "NonceCancelled(address,uint256)": TypedContractEvent<
      NonceCancelledEvent.InputTuple,
      NonceCancelledEvent.OutputTuple,
      NonceCancelledEvent.OutputObject
    >;
    NonceCancelled: TypedContractEvent<
      NonceCancelledEvent.InputTuple,
      NonceCancelledEvent.OutputTuple,
      NonceCancelledEvent.OutputObject
    >;

    "Paused(address)": TypedContractEvent<
      PausedEvent.InputTuple,
      PausedEvent.OutputTuple,
      PausedEvent.OutputObject
    >;
    Paused: TypedContractEvent<
      PausedEvent.InputTuple,
      PausedEvent.OutputTuple,
      PausedEvent.OutputObject
    >;

    "Resumed(address)": TypedContractEvent<
      ResumedEvent.InputTuple,
      ResumedEvent.OutputTuple,
      ResumedEvent.OutputObject
    >;
    Resumed: TypedContractEvent<
      ResumedEvent.InputTuple,
      ResumedEvent.OutputTuple,
      ResumedEvent.OutputObject
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
