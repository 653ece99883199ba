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

export interface TwinRegistryInterface extends Interface {
  getFunction(
    nameOrSignature:
      | "appointGuardian"
      | "appointGuardianFor"
      | "assignment"
      | "beginAssignment"
      | "bindSubject"
      | "createSecurityTwin"
      | "createTwin"
      | "cuts"
      | "deviceOf"
      | "deviceRegistry"
      | "eip712Domain"
      | "endAssignment"
      | "memberRegistry"
      | "openAssignment"
      | "personsOf"
      | "raiseEpoch"
      | "securityTwin"
      | "setConsentMask"
      | "speaksFor"
      | "twin"
  ): FunctionFragment;

  getEvent(
    nameOrSignatureOrTopic:
      | "AssignmentBegan"
      | "AssignmentEnded"
      | "ConsentMaskSet"
      | "EIP712DomainChanged"
      | "EpochRaised"
      | "GuardianAppointed"
      | "SubjectBound"
      | "TwinCreated"
  ): EventFragment;

  encodeFunctionData(
    functionFragment: "appointGuardian",
    values: [BytesLike, AddressLike]
  ): string;
  encodeFunctionData(
    functionFragment: "appointGuardianFor",
    values: [BytesLike, AddressLike, BigNumberish, BigNumberish, BytesLike]
  ): string;
  encodeFunctionData(
    functionFragment: "assignment",
    values: [BytesLike]
  ): string;
  encodeFunctionData(
    functionFragment: "beginAssignment",
    values: [BytesLike, BigNumberish]
  ): string;
  encodeFunctionData(
    functionFragment: "bindSubject",
    values: [BytesLike, AddressLike, AddressLike, BigNumberish, BytesLike]
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
    functionFragment: "eip712Domain",
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
    functionFragment: "personsOf",
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
  encodeFunctionData(
    functionFragment: "setConsentMask",
    values: [BytesLike, BigNumberish]
  ): string;
  encodeFunctionData(
    functionFragment: "speaksFor",
    values: [BytesLike, AddressLike]
  ): string;
  encodeFunctionData(functionFragment: "twin", values: [BytesLike]): string;

  decodeFunctionResult(
    functionFragment: "appointGuardian",
    data: BytesLike
  ): Result;
  decodeFunctionResult(
    functionFragment: "appointGuardianFor",
    data: BytesLike
  ): Result;
  decodeFunctionResult(functionFragment: "assignment", data: BytesLike): Result;
  decodeFunctionResult(
    functionFragment: "beginAssignment",
    data: BytesLike
  ): Result;
  decodeFunctionResult(
    functionFragment: "bindSubject",
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
    functionFragment: "eip712Domain",
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
  decodeFunctionResult(functionFragment: "personsOf", data: BytesLike): Result;
  decodeFunctionResult(functionFragment: "raiseEpoch", data: BytesLike): Result;
  decodeFunctionResult(
    functionFragment: "securityTwin",
    data: BytesLike
  ): Result;
  decodeFunctionResult(
    functionFragment: "setConsentMask",
    data: BytesLike
  ): Result;
  decodeFunctionResult(functionFragment: "speaksFor", data: BytesLike): Result;
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

export namespace ConsentMaskSetEvent {
  export type InputTuple = [
    twin: BytesLike,
    purposes: BigNumberish,
    by: AddressLike
  ];
  export type OutputTuple = [twin: string, purposes: bigint, by: string];
  export interface OutputObject {
    twin: string;
    purposes: bigint;
    by: string;
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

export namespace GuardianAppointedEvent {
  export type InputTuple = [
    assignment: BytesLike,
    guardian: AddressLike,
    by: AddressLike
  ];
  export type OutputTuple = [assignment: string, guardian: string, by: string];
  export interface OutputObject {
    assignment: string;
    guardian: string;
    by: string;
  }
  export type Event = TypedContractEvent<InputTuple, OutputTuple, OutputObject>;
  export type Filter = TypedDeferredTopicFilter<Event>;
  export type Log = TypedEventLog<Event>;
  export type LogDescription = TypedLogDescription<Event>;
}

export namespace SubjectBoundEvent {
  export type InputTuple = [
    assignment: BytesLike,
    subject: AddressLike,
    guardian: AddressLike
  ];
  export type OutputTuple = [
    assignment: string,
    subject: string,
    guardian: string
  ];
  export interface OutputObject {
    assignment: string;
    subject: string;
    guardian: string;
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

  appointGuardian: TypedContractMethod<
    [assignment: BytesLike, guardian: AddressLike],
    [void],
    "nonpayable"
  >;

  appointGuardianFor: TypedContractMethod<
    [
      assignment: BytesLike,
      guardian: AddressLike,
      member: BigNumberish,
      deadline: BigNumberish,
      signature: BytesLike
    ],
    [void],
    "nonpayable"
  >;

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

  bindSubject: TypedContractMethod<
    [
      assignment: BytesLike,
      subject: AddressLike,
      guardian: AddressLike,
      deadline: BigNumberish,
      signature: BytesLike
    ],
    [void],
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
    [device: BytesLike, id: BytesLike],
    [bigint],
    "view"
  >;

  deviceOf: TypedContractMethod<[id: BytesLike], [string], "view">;

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

  endAssignment: TypedContractMethod<
    [id: BytesLike, endSequence: BigNumberish],
    [void],
    "nonpayable"
  >;

  memberRegistry: TypedContractMethod<[], [string], "view">;

  openAssignment: TypedContractMethod<[device: BytesLike], [string], "view">;

  personsOf: TypedContractMethod<
    [assignment: BytesLike],
    [[string, string] & { subject: string; guardian: string }],
    "view"
  >;

  raiseEpoch: TypedContractMethod<[id: BytesLike], [bigint], "nonpayable">;

  securityTwin: TypedContractMethod<[device: BytesLike], [string], "view">;

  setConsentMask: TypedContractMethod<
    [id: BytesLike, purposes: BigNumberish],
    [void],
    "nonpayable"
  >;

  speaksFor: TypedContractMethod<
    [id: BytesLike, speaker: AddressLike],
    [boolean],
    "view"
  >;

  twin: TypedContractMethod<
    [id: BytesLike],
    [[string, string, string, bigint, bigint, boolean, boolean]],
    "view"
  >;

  getFunction<T extends ContractMethod = ContractMethod>(
    key: string | FunctionFragment
  ): T;

  getFunction(
    nameOrSignature: "appointGuardian"
  ): TypedContractMethod<
    [assignment: BytesLike, guardian: AddressLike],
    [void],
    "nonpayable"
  >;
  getFunction(
    nameOrSignature: "appointGuardianFor"
  ): TypedContractMethod<
    [
      assignment: BytesLike,
      guardian: AddressLike,
      member: BigNumberish,
      deadline: BigNumberish,
      signature: BytesLike
    ],
    [void],
    "nonpayable"
  >;
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
    nameOrSignature: "bindSubject"
  ): TypedContractMethod<
    [
      assignment: BytesLike,
      subject: AddressLike,
      guardian: AddressLike,
      deadline: BigNumberish,
      signature: BytesLike
    ],
    [void],
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
  ): TypedContractMethod<[device: BytesLike, id: BytesLike], [bigint], "view">;
  getFunction(
    nameOrSignature: "deviceOf"
  ): TypedContractMethod<[id: BytesLike], [string], "view">;
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
    nameOrSignature: "personsOf"
  ): TypedContractMethod<
    [assignment: BytesLike],
    [[string, string] & { subject: string; guardian: string }],
    "view"
  >;
  getFunction(
    nameOrSignature: "raiseEpoch"
  ): TypedContractMethod<[id: BytesLike], [bigint], "nonpayable">;
  getFunction(
    nameOrSignature: "securityTwin"
  ): TypedContractMethod<[device: BytesLike], [string], "view">;
  getFunction(
    nameOrSignature: "setConsentMask"
  ): TypedContractMethod<
    [id: BytesLike, purposes: BigNumberish],
    [void],
    "nonpayable"
  >;
  getFunction(
    nameOrSignature: "speaksFor"
  ): TypedContractMethod<
    [id: BytesLike, speaker: AddressLike],
    [boolean],
    "view"
  >;
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
    key: "ConsentMaskSet"
  ): TypedContractEvent<
    ConsentMaskSetEvent.InputTuple,
    ConsentMaskSetEvent.OutputTuple,
    ConsentMaskSetEvent.OutputObject
  >;
  getEvent(
    key: "EIP712DomainChanged"
  ): TypedContractEvent<
    EIP712DomainChangedEvent.InputTuple,
    EIP712DomainChangedEvent.OutputTuple,
    EIP712DomainChangedEvent.OutputObject
  >;
  getEvent(
    key: "EpochRaised"
  ): TypedContractEvent<
    EpochRaisedEvent.InputTuple,
    EpochRaisedEvent.OutputTuple,
    EpochRaisedEvent.OutputObject
  >;
  getEvent(
    key: "GuardianAppointed"
  ): TypedContractEvent<
    GuardianAppointedEvent.InputTuple,
    GuardianAppointedEvent.OutputTuple,
    GuardianAppointedEvent.OutputObject
  >;
  getEvent(
    key: "SubjectBound"
  ): TypedContractEvent<
    SubjectBoundEvent.InputTuple,
    SubjectBoundEvent.OutputTuple,
    SubjectBoundEvent.OutputObject
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

    "ConsentMaskSet(bytes32,uint8,address)": TypedContractEvent<
      ConsentMaskSetEvent.InputTuple,
      ConsentMaskSetEvent.OutputTuple,
      ConsentMaskSetEvent.OutputObject
    >;
    ConsentMaskSet: TypedContractEvent<
      ConsentMaskSetEvent.InputTuple,
      ConsentMaskSetEvent.OutputTuple,
      ConsentMaskSetEvent.OutputObject
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

    "GuardianAppointed(bytes32,address,address)": TypedContractEvent<
      GuardianAppointedEvent.InputTuple,
      GuardianAppointedEvent.OutputTuple,
      GuardianAppointedEvent.OutputObject
    >;
    GuardianAppointed: TypedContractEvent<
      GuardianAppointedEvent.InputTuple,
      GuardianAppointedEvent.OutputTuple,
      GuardianAppointedEvent.OutputObject
    >;

    "SubjectBound(bytes32,address,address)": TypedContractEvent<
      SubjectBoundEvent.InputTuple,
      SubjectBoundEvent.OutputTuple,
      SubjectBoundEvent.OutputObject
    >;
    SubjectBound: TypedContractEvent<
      SubjectBoundEvent.InputTuple,
      SubjectBoundEvent.OutputTuple,
      SubjectBoundEvent.OutputObject
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
