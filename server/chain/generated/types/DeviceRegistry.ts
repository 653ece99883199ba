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

export declare namespace IDeviceRegistry {
  export type SignedInputStruct = {
    input: BytesLike;
    r: BytesLike;
    s: BytesLike;
  };

  export type SignedInputStructOutput = [
    input: string,
    r: string,
    s: string
  ] & { input: string; r: string; s: string };
}

export interface DeviceRegistryInterface extends Interface {
  getFunction(
    nameOrSignature:
      | "acceptSteward"
      | "activate"
      | "applyVerdict"
      | "cuts"
      | "device"
      | "deviceId"
      | "homeStream"
      | "key"
      | "keyAt"
      | "keyProof"
      | "markKey"
      | "offerSteward"
      | "offeredSteward"
      | "precompiled"
      | "proveEquivocation"
      | "register"
      | "retire"
      | "rotateKey"
      | "setAssigned"
      | "setCut"
      | "standing"
      | "standingWith"
      | "twinRegistry"
      | "verdictOracle"
      | "wire"
      | "wirer"
  ): FunctionFragment;

  getEvent(
    nameOrSignatureOrTopic:
      | "DeviceRegistered"
      | "DeviceStateChanged"
      | "EquivocationProven"
      | "KeyAdded"
      | "KeyMarked"
      | "StewardChanged"
      | "StewardOffered"
      | "Wired"
  ): EventFragment;

  encodeFunctionData(
    functionFragment: "acceptSteward",
    values: [BytesLike]
  ): string;
  encodeFunctionData(functionFragment: "activate", values: [BytesLike]): string;
  encodeFunctionData(
    functionFragment: "applyVerdict",
    values: [BytesLike, BigNumberish, BytesLike]
  ): string;
  encodeFunctionData(
    functionFragment: "cuts",
    values: [BytesLike, BytesLike]
  ): string;
  encodeFunctionData(functionFragment: "device", values: [BytesLike]): string;
  encodeFunctionData(
    functionFragment: "deviceId",
    values: [BytesLike, BytesLike]
  ): string;
  encodeFunctionData(
    functionFragment: "homeStream",
    values: [BytesLike]
  ): string;
  encodeFunctionData(
    functionFragment: "key",
    values: [BytesLike, BigNumberish]
  ): string;
  encodeFunctionData(
    functionFragment: "keyAt",
    values: [BytesLike, BigNumberish]
  ): string;
  encodeFunctionData(
    functionFragment: "keyProof",
    values: [BytesLike, BigNumberish, AddressLike]
  ): string;
  encodeFunctionData(
    functionFragment: "markKey",
    values: [BytesLike, BigNumberish, BigNumberish, BigNumberish, BytesLike]
  ): string;
  encodeFunctionData(
    functionFragment: "offerSteward",
    values: [BytesLike, AddressLike]
  ): string;
  encodeFunctionData(
    functionFragment: "offeredSteward",
    values: [BytesLike]
  ): string;
  encodeFunctionData(
    functionFragment: "precompiled",
    values?: undefined
  ): string;
  encodeFunctionData(
    functionFragment: "proveEquivocation",
    values: [
      BytesLike,
      IDeviceRegistry.SignedInputStruct,
      IDeviceRegistry.SignedInputStruct
    ]
  ): string;
  encodeFunctionData(
    functionFragment: "register",
    values: [BytesLike, BytesLike, BytesLike, BytesLike, BytesLike, BytesLike]
  ): string;
  encodeFunctionData(functionFragment: "retire", values: [BytesLike]): string;
  encodeFunctionData(
    functionFragment: "rotateKey",
    values: [
      BytesLike,
      BigNumberish,
      BytesLike,
      BytesLike,
      BytesLike,
      BytesLike
    ]
  ): string;
  encodeFunctionData(
    functionFragment: "setAssigned",
    values: [BytesLike, boolean]
  ): string;
  encodeFunctionData(
    functionFragment: "setCut",
    values: [BytesLike, BytesLike, BigNumberish]
  ): string;
  encodeFunctionData(functionFragment: "standing", values: [BytesLike]): string;
  encodeFunctionData(
    functionFragment: "standingWith",
    values: [BytesLike, BytesLike]
  ): string;
  encodeFunctionData(
    functionFragment: "twinRegistry",
    values?: undefined
  ): string;
  encodeFunctionData(
    functionFragment: "verdictOracle",
    values?: undefined
  ): string;
  encodeFunctionData(
    functionFragment: "wire",
    values: [AddressLike, AddressLike]
  ): string;
  encodeFunctionData(functionFragment: "wirer", values?: undefined): string;

  decodeFunctionResult(
    functionFragment: "acceptSteward",
    data: BytesLike
  ): Result;
  decodeFunctionResult(functionFragment: "activate", data: BytesLike): Result;
  decodeFunctionResult(
    functionFragment: "applyVerdict",
    data: BytesLike
  ): Result;
  decodeFunctionResult(functionFragment: "cuts", data: BytesLike): Result;
  decodeFunctionResult(functionFragment: "device", data: BytesLike): Result;
  decodeFunctionResult(functionFragment: "deviceId", data: BytesLike): Result;
  decodeFunctionResult(functionFragment: "homeStream", data: BytesLike): Result;
  decodeFunctionResult(functionFragment: "key", data: BytesLike): Result;
  decodeFunctionResult(functionFragment: "keyAt", data: BytesLike): Result;
  decodeFunctionResult(functionFragment: "keyProof", data: BytesLike): Result;
  decodeFunctionResult(functionFragment: "markKey", data: BytesLike): Result;
  decodeFunctionResult(
    functionFragment: "offerSteward",
    data: BytesLike
  ): Result;
  decodeFunctionResult(
    functionFragment: "offeredSteward",
    data: BytesLike
  ): Result;
  decodeFunctionResult(
    functionFragment: "precompiled",
    data: BytesLike
  ): Result;
  decodeFunctionResult(
    functionFragment: "proveEquivocation",
    data: BytesLike
  ): Result;
  decodeFunctionResult(functionFragment: "register", data: BytesLike): Result;
  decodeFunctionResult(functionFragment: "retire", data: BytesLike): Result;
  decodeFunctionResult(functionFragment: "rotateKey", data: BytesLike): Result;
  decodeFunctionResult(
    functionFragment: "setAssigned",
    data: BytesLike
  ): Result;
  decodeFunctionResult(functionFragment: "setCut", data: BytesLike): Result;
  decodeFunctionResult(functionFragment: "standing", data: BytesLike): Result;
  decodeFunctionResult(
    functionFragment: "standingWith",
    data: BytesLike
  ): Result;
  decodeFunctionResult(
    functionFragment: "twinRegistry",
    data: BytesLike
  ): Result;
  decodeFunctionResult(
    functionFragment: "verdictOracle",
    data: BytesLike
  ): Result;
  decodeFunctionResult(functionFragment: "wire", data: BytesLike): Result;
  decodeFunctionResult(functionFragment: "wirer", data: BytesLike): Result;
}

export namespace DeviceRegisteredEvent {
  export type InputTuple = [
    device: BytesLike,
    steward: AddressLike,
    modelHash: BytesLike,
    homeStream: BytesLike
  ];
  export type OutputTuple = [
    device: string,
    steward: string,
    modelHash: string,
    homeStream: string
  ];
  export interface OutputObject {
    device: string;
    steward: string;
    modelHash: string;
    homeStream: string;
  }
  export type Event = TypedContractEvent<InputTuple, OutputTuple, OutputObject>;
  export type Filter = TypedDeferredTopicFilter<Event>;
  export type Log = TypedEventLog<Event>;
  export type LogDescription = TypedLogDescription<Event>;
}

export namespace DeviceStateChangedEvent {
  export type InputTuple = [
    device: BytesLike,
    from: BigNumberish,
    to: BigNumberish,
    cause: BytesLike
  ];
  export type OutputTuple = [
    device: string,
    from: bigint,
    to: bigint,
    cause: string
  ];
  export interface OutputObject {
    device: string;
    from: bigint;
    to: bigint;
    cause: string;
  }
  export type Event = TypedContractEvent<InputTuple, OutputTuple, OutputObject>;
  export type Filter = TypedDeferredTopicFilter<Event>;
  export type Log = TypedEventLog<Event>;
  export type LogDescription = TypedLogDescription<Event>;
}

export namespace EquivocationProvenEvent {
  export type InputTuple = [
    device: BytesLike,
    number: BigNumberish,
    sequence: BigNumberish,
    first: BytesLike,
    second: BytesLike,
    by: AddressLike
  ];
  export type OutputTuple = [
    device: string,
    number: bigint,
    sequence: bigint,
    first: string,
    second: string,
    by: string
  ];
  export interface OutputObject {
    device: string;
    number: bigint;
    sequence: bigint;
    first: string;
    second: string;
    by: string;
  }
  export type Event = TypedContractEvent<InputTuple, OutputTuple, OutputObject>;
  export type Filter = TypedDeferredTopicFilter<Event>;
  export type Log = TypedEventLog<Event>;
  export type LogDescription = TypedLogDescription<Event>;
}

export namespace KeyAddedEvent {
  export type InputTuple = [
    device: BytesLike,
    number: BigNumberish,
    fromSequence: BigNumberish,
    x: BytesLike,
    y: BytesLike
  ];
  export type OutputTuple = [
    device: string,
    number: bigint,
    fromSequence: bigint,
    x: string,
    y: string
  ];
  export interface OutputObject {
    device: string;
    number: bigint;
    fromSequence: bigint;
    x: string;
    y: string;
  }
  export type Event = TypedContractEvent<InputTuple, OutputTuple, OutputObject>;
  export type Filter = TypedDeferredTopicFilter<Event>;
  export type Log = TypedEventLog<Event>;
  export type LogDescription = TypedLogDescription<Event>;
}

export namespace KeyMarkedEvent {
  export type InputTuple = [
    device: BytesLike,
    number: BigNumberish,
    fromSequence: BigNumberish,
    suspectedSince: BigNumberish,
    reason: BytesLike
  ];
  export type OutputTuple = [
    device: string,
    number: bigint,
    fromSequence: bigint,
    suspectedSince: bigint,
    reason: string
  ];
  export interface OutputObject {
    device: string;
    number: bigint;
    fromSequence: bigint;
    suspectedSince: bigint;
    reason: string;
  }
  export type Event = TypedContractEvent<InputTuple, OutputTuple, OutputObject>;
  export type Filter = TypedDeferredTopicFilter<Event>;
  export type Log = TypedEventLog<Event>;
  export type LogDescription = TypedLogDescription<Event>;
}

export namespace StewardChangedEvent {
  export type InputTuple = [
    device: BytesLike,
    from: AddressLike,
    to: AddressLike
  ];
  export type OutputTuple = [device: string, from: string, to: string];
  export interface OutputObject {
    device: string;
    from: string;
    to: string;
  }
  export type Event = TypedContractEvent<InputTuple, OutputTuple, OutputObject>;
  export type Filter = TypedDeferredTopicFilter<Event>;
  export type Log = TypedEventLog<Event>;
  export type LogDescription = TypedLogDescription<Event>;
}

export namespace StewardOfferedEvent {
  export type InputTuple = [
    device: BytesLike,
    from: AddressLike,
    to: AddressLike
  ];
  export type OutputTuple = [device: string, from: string, to: string];
  export interface OutputObject {
    device: string;
    from: string;
    to: string;
  }
  export type Event = TypedContractEvent<InputTuple, OutputTuple, OutputObject>;
  export type Filter = TypedDeferredTopicFilter<Event>;
  export type Log = TypedEventLog<Event>;
  export type LogDescription = TypedLogDescription<Event>;
}

export namespace WiredEvent {
  export type InputTuple = [
    twinRegistry: AddressLike,
    verdictOracle: AddressLike
  ];
  export type OutputTuple = [twinRegistry: string, verdictOracle: string];
  export interface OutputObject {
    twinRegistry: string;
    verdictOracle: string;
  }
  export type Event = TypedContractEvent<InputTuple, OutputTuple, OutputObject>;
  export type Filter = TypedDeferredTopicFilter<Event>;
  export type Log = TypedEventLog<Event>;
  export type LogDescription = TypedLogDescription<Event>;
}

export interface DeviceRegistry extends BaseContract {
  connect(runner?: ContractRunner | null): DeviceRegistry;
  waitForDeployment(): Promise<this>;

  interface: DeviceRegistryInterface;

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

  acceptSteward: TypedContractMethod<[id: BytesLike], [void], "nonpayable">;

  activate: TypedContractMethod<[id: BytesLike], [void], "nonpayable">;

  applyVerdict: TypedContractMethod<
    [id: BytesLike, kind: BigNumberish, digest: BytesLike],
    [void],
    "nonpayable"
  >;

  cuts: TypedContractMethod<
    [device: BytesLike, twin: BytesLike],
    [bigint],
    "view"
  >;

  device: TypedContractMethod<
    [id: BytesLike],
    [[string, bigint, string, string, bigint, bigint]],
    "view"
  >;

  deviceId: TypedContractMethod<[x: BytesLike, y: BytesLike], [string], "view">;

  homeStream: TypedContractMethod<[id: BytesLike], [string], "view">;

  key: TypedContractMethod<
    [id: BytesLike, number: BigNumberish],
    [[string, string, bigint, bigint, bigint, bigint, string]],
    "view"
  >;

  keyAt: TypedContractMethod<
    [id: BytesLike, sequence: BigNumberish],
    [[bigint, string, string] & { number: bigint; x: string; y: string }],
    "view"
  >;

  keyProof: TypedContractMethod<
    [id: BytesLike, number: BigNumberish, steward: AddressLike],
    [string],
    "view"
  >;

  markKey: TypedContractMethod<
    [
      id: BytesLike,
      number: BigNumberish,
      fromSequence: BigNumberish,
      suspectedSince: BigNumberish,
      reason: BytesLike
    ],
    [void],
    "nonpayable"
  >;

  offerSteward: TypedContractMethod<
    [id: BytesLike, to: AddressLike],
    [void],
    "nonpayable"
  >;

  offeredSteward: TypedContractMethod<[device: BytesLike], [string], "view">;

  precompiled: TypedContractMethod<[], [boolean], "view">;

  proveEquivocation: TypedContractMethod<
    [
      id: BytesLike,
      first: IDeviceRegistry.SignedInputStruct,
      second: IDeviceRegistry.SignedInputStruct
    ],
    [void],
    "nonpayable"
  >;

  register: TypedContractMethod<
    [
      modelHash: BytesLike,
      home: BytesLike,
      x: BytesLike,
      y: BytesLike,
      r: BytesLike,
      s: BytesLike
    ],
    [string],
    "nonpayable"
  >;

  retire: TypedContractMethod<[id: BytesLike], [void], "nonpayable">;

  rotateKey: TypedContractMethod<
    [
      id: BytesLike,
      fromSequence: BigNumberish,
      x: BytesLike,
      y: BytesLike,
      r: BytesLike,
      s: BytesLike
    ],
    [void],
    "nonpayable"
  >;

  setAssigned: TypedContractMethod<
    [id: BytesLike, open: boolean],
    [bigint],
    "nonpayable"
  >;

  setCut: TypedContractMethod<
    [id: BytesLike, twin: BytesLike, cut: BigNumberish],
    [void],
    "nonpayable"
  >;

  standing: TypedContractMethod<
    [id: BytesLike],
    [[string, bigint, bigint, boolean]],
    "view"
  >;

  standingWith: TypedContractMethod<
    [id: BytesLike, twin: BytesLike],
    [[bigint, string, bigint, bigint, boolean]],
    "view"
  >;

  twinRegistry: TypedContractMethod<[], [string], "view">;

  verdictOracle: TypedContractMethod<[], [string], "view">;

  wire: TypedContractMethod<
    [twinRegistry_: AddressLike, verdictOracle_: AddressLike],
    [void],
    "nonpayable"
  >;

  wirer: TypedContractMethod<[], [string], "view">;

  getFunction<T extends ContractMethod = ContractMethod>(
    key: string | FunctionFragment
  ): T;

  getFunction(
    nameOrSignature: "acceptSteward"
  ): TypedContractMethod<[id: BytesLike], [void], "nonpayable">;
  getFunction(
    nameOrSignature: "activate"
  ): TypedContractMethod<[id: BytesLike], [void], "nonpayable">;
  getFunction(
    nameOrSignature: "applyVerdict"
  ): TypedContractMethod<
    [id: BytesLike, kind: BigNumberish, digest: BytesLike],
    [void],
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
    nameOrSignature: "device"
  ): TypedContractMethod<
    [id: BytesLike],
    [[string, bigint, string, string, bigint, bigint]],
    "view"
  >;
  getFunction(
    nameOrSignature: "deviceId"
  ): TypedContractMethod<[x: BytesLike, y: BytesLike], [string], "view">;
  getFunction(
    nameOrSignature: "homeStream"
  ): TypedContractMethod<[id: BytesLike], [string], "view">;
  getFunction(
    nameOrSignature: "key"
  ): TypedContractMethod<
    [id: BytesLike, number: BigNumberish],
    [[string, string, bigint, bigint, bigint, bigint, string]],
    "view"
  >;
  getFunction(
    nameOrSignature: "keyAt"
  ): TypedContractMethod<
    [id: BytesLike, sequence: BigNumberish],
    [[bigint, string, string] & { number: bigint; x: string; y: string }],
    "view"
  >;
  getFunction(
    nameOrSignature: "keyProof"
  ): TypedContractMethod<
    [id: BytesLike, number: BigNumberish, steward: AddressLike],
    [string],
    "view"
  >;
  getFunction(
    nameOrSignature: "markKey"
  ): TypedContractMethod<
    [
      id: BytesLike,
      number: BigNumberish,
      fromSequence: BigNumberish,
      suspectedSince: BigNumberish,
      reason: BytesLike
    ],
    [void],
    "nonpayable"
  >;
  getFunction(
    nameOrSignature: "offerSteward"
  ): TypedContractMethod<
    [id: BytesLike, to: AddressLike],
    [void],
    "nonpayable"
  >;
  getFunction(
    nameOrSignature: "offeredSteward"
  ): TypedContractMethod<[device: BytesLike], [string], "view">;
  getFunction(
    nameOrSignature: "precompiled"
  ): TypedContractMethod<[], [boolean], "view">;
  getFunction(
    nameOrSignature: "proveEquivocation"
  ): TypedContractMethod<
    [
      id: BytesLike,
      first: IDeviceRegistry.SignedInputStruct,
      second: IDeviceRegistry.SignedInputStruct
    ],
    [void],
    "nonpayable"
  >;
  getFunction(
    nameOrSignature: "register"
  ): TypedContractMethod<
    [
      modelHash: BytesLike,
      home: BytesLike,
      x: BytesLike,
      y: BytesLike,
      r: BytesLike,
      s: BytesLike
    ],
    [string],
    "nonpayable"
  >;
  getFunction(
    nameOrSignature: "retire"
  ): TypedContractMethod<[id: BytesLike], [void], "nonpayable">;
  getFunction(
    nameOrSignature: "rotateKey"
  ): TypedContractMethod<
    [
      id: BytesLike,
      fromSequence: BigNumberish,
      x: BytesLike,
      y: BytesLike,
      r: BytesLike,
      s: BytesLike
    ],
    [void],
    "nonpayable"
  >;
  getFunction(
    nameOrSignature: "setAssigned"
  ): TypedContractMethod<
    [id: BytesLike, open: boolean],
    [bigint],
    "nonpayable"
  >;
  getFunction(
    nameOrSignature: "setCut"
  ): TypedContractMethod<
    [id: BytesLike, twin: BytesLike, cut: BigNumberish],
    [void],
    "nonpayable"
  >;
  getFunction(
    nameOrSignature: "standing"
  ): TypedContractMethod<
    [id: BytesLike],
    [[string, bigint, bigint, boolean]],
    "view"
  >;
  getFunction(
    nameOrSignature: "standingWith"
  ): TypedContractMethod<
    [id: BytesLike, twin: BytesLike],
    [[bigint, string, bigint, bigint, boolean]],
    "view"
  >;
  getFunction(
    nameOrSignature: "twinRegistry"
  ): TypedContractMethod<[], [string], "view">;
  getFunction(
    nameOrSignature: "verdictOracle"
  ): TypedContractMethod<[], [string], "view">;
  getFunction(
    nameOrSignature: "wire"
  ): TypedContractMethod<
    [twinRegistry_: AddressLike, verdictOracle_: AddressLike],
    [void],
    "nonpayable"
  >;
  getFunction(
    nameOrSignature: "wirer"
  ): TypedContractMethod<[], [string], "view">;

  getEvent(
    key: "DeviceRegistered"
  ): TypedContractEvent<
    DeviceRegisteredEvent.InputTuple,
    DeviceRegisteredEvent.OutputTuple,
    DeviceRegisteredEvent.OutputObject
  >;
  getEvent(
    key: "DeviceStateChanged"
  ): TypedContractEvent<
    DeviceStateChangedEvent.InputTuple,
    DeviceStateChangedEvent.OutputTuple,
    DeviceStateChangedEvent.OutputObject
  >;
  getEvent(
    key: "EquivocationProven"
  ): TypedContractEvent<
    EquivocationProvenEvent.InputTuple,
    EquivocationProvenEvent.OutputTuple,
    EquivocationProvenEvent.OutputObject
  >;
  getEvent(
    key: "KeyAdded"
  ): TypedContractEvent<
    KeyAddedEvent.InputTuple,
    KeyAddedEvent.OutputTuple,
    KeyAddedEvent.OutputObject
  >;
  getEvent(
    key: "KeyMarked"
  ): TypedContractEvent<
    KeyMarkedEvent.InputTuple,
    KeyMarkedEvent.OutputTuple,
    KeyMarkedEvent.OutputObject
  >;
  getEvent(
    key: "StewardChanged"
  ): TypedContractEvent<
    StewardChangedEvent.InputTuple,
    StewardChangedEvent.OutputTuple,
    StewardChangedEvent.OutputObject
  >;
  getEvent(
    key: "StewardOffered"
  ): TypedContractEvent<
    StewardOfferedEvent.InputTuple,
    StewardOfferedEvent.OutputTuple,
    StewardOfferedEvent.OutputObject
  >;
  getEvent(
    key: "Wired"
  ): TypedContractEvent<
    WiredEvent.InputTuple,
    WiredEvent.OutputTuple,
    WiredEvent.OutputObject
  >;

  filters: {
    "DeviceRegistered(bytes32,address,bytes32,bytes32)": TypedContractEvent<
      DeviceRegisteredEvent.InputTuple,
      DeviceRegisteredEvent.OutputTuple,
      DeviceRegisteredEvent.OutputObject
    >;
    DeviceRegistered: TypedContractEvent<
      DeviceRegisteredEvent.InputTuple,
      DeviceRegisteredEvent.OutputTuple,
      DeviceRegisteredEvent.OutputObject
    >;

    "DeviceStateChanged(bytes32,uint8,uint8,bytes32)": TypedContractEvent<
      DeviceStateChangedEvent.InputTuple,
      DeviceStateChangedEvent.OutputTuple,
      DeviceStateChangedEvent.OutputObject
    >;
    DeviceStateChanged: TypedContractEvent<
      DeviceStateChangedEvent.InputTuple,
      DeviceStateChangedEvent.OutputTuple,
      DeviceStateChangedEvent.OutputObject
    >;

    "EquivocationProven(bytes32,uint32,uint64,bytes32,bytes32,address)": TypedContractEvent<
      EquivocationProvenEvent.InputTuple,
      EquivocationProvenEvent.OutputTuple,
      EquivocationProvenEvent.OutputObject
    >;
    EquivocationProven: TypedContractEvent<
      EquivocationProvenEvent.InputTuple,
      EquivocationProvenEvent.OutputTuple,
      EquivocationProvenEvent.OutputObject
    >;

    "KeyAdded(bytes32,uint32,uint64,bytes32,bytes32)": TypedContractEvent<
      KeyAddedEvent.InputTuple,
      KeyAddedEvent.OutputTuple,
      KeyAddedEvent.OutputObject
    >;
    KeyAdded: TypedContractEvent<
      KeyAddedEvent.InputTuple,
      KeyAddedEvent.OutputTuple,
      KeyAddedEvent.OutputObject
    >;

    "KeyMarked(bytes32,uint32,uint64,uint40,bytes32)": TypedContractEvent<
      KeyMarkedEvent.InputTuple,
      KeyMarkedEvent.OutputTuple,
      KeyMarkedEvent.OutputObject
    >;
    KeyMarked: TypedContractEvent<
      KeyMarkedEvent.InputTuple,
      KeyMarkedEvent.OutputTuple,
      KeyMarkedEvent.OutputObject
    >;

    "StewardChanged(bytes32,address,address)": TypedContractEvent<
      StewardChangedEvent.InputTuple,
      StewardChangedEvent.OutputTuple,
      StewardChangedEvent.OutputObject
    >;
    StewardChanged: TypedContractEvent<
      StewardChangedEvent.InputTuple,
      StewardChangedEvent.OutputTuple,
      StewardChangedEvent.OutputObject
    >;

    "StewardOffered(bytes32,address,address)": TypedContractEvent<
      StewardOfferedEvent.InputTuple,
      StewardOfferedEvent.OutputTuple,
      StewardOfferedEvent.OutputObject
    >;
    StewardOffered: TypedContractEvent<
      StewardOfferedEvent.InputTuple,
      StewardOfferedEvent.OutputTuple,
      StewardOfferedEvent.OutputObject
    >;

    "Wired(address,address)": TypedContractEvent<
      WiredEvent.InputTuple,
      WiredEvent.OutputTuple,
      WiredEvent.OutputObject
    >;
    Wired: TypedContractEvent<
      WiredEvent.InputTuple,
      WiredEvent.OutputTuple,
      WiredEvent.OutputObject
    >;
  };
}
