// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EcdsaP256} from "../lib/EcdsaP256.sol";
import {ReadingInput} from "../lib/ReadingInput.sol";
import {SEQUENCE_MAX} from "../lib/Sequence.sol";
import {Cut} from "../twins/Cut.sol";
import {IDeviceRegistry} from "./IDeviceRegistry.sol";

/// @title Devices, their stewards, states and keys
contract DeviceRegistry is IDeviceRegistry {
    struct Device {
        bytes32 modelHash;
        bytes32 homeStream;
        address steward; // ┐ one slot: what every decision reads
        uint40 registeredAt; // │ seconds
        uint16 keyCount; // │ keys are numbered from 1
        uint24 assignments; // │ begun so far
        bool assigned; // │ whether the last of them is open
        DeviceState state; // ┘
    }

    struct Key {
        bytes32 x;
        bytes32 y;
        uint64 fromSequence; // ┐ one slot; the range ends where the next key's begins
        uint64 markedFrom; // │ zero: no mark
        uint40 suspectedSince; // │ seconds
        uint8 marks; // ┘ how often it was marked
        bytes32 reason;
    }

    uint32 private constant KEYS_MOST = 1024;
    uint8 private constant MARKS_MOST = type(uint8).max;
    uint8 private constant KIND_SUSPECT = 1;
    uint8 private constant KIND_QUARANTINE = 2;
    uint8 private constant KIND_READMISSION = 3;

    /// @notice The deployer, who may call `wire` once.
    address public immutable wirer;
    address public twinRegistry;
    address public verdictOracle;

    mapping(bytes32 device => Device) private _devices;
    mapping(bytes32 device => mapping(uint32 number => Key)) private _keys;
    mapping(bytes32 device => address) public offeredSteward;
    /// @dev Kept for the twin registry, because every decision and every grant needs both and pays for each contract it asks.
    mapping(bytes32 device => mapping(bytes32 twin => Cut)) public cuts;

    modifier onlySteward(bytes32 id) {
        _requireSteward(id);
        _;
    }

    constructor() {
        wirer = msg.sender;
    }

    /// @inheritdoc IDeviceRegistry
    function wire(address twinRegistry_, address verdictOracle_) external {
        if (msg.sender != wirer) revert NotWirer(msg.sender, wirer);
        if (twinRegistry != address(0)) revert AlreadyWired(twinRegistry, verdictOracle);
        if (twinRegistry_ == address(0) || verdictOracle_ == address(0)) revert WiringZero();
        twinRegistry = twinRegistry_;
        verdictOracle = verdictOracle_;
        emit Wired(twinRegistry_, verdictOracle_);
    }

    /// @inheritdoc IDeviceRegistry
    function register(
        bytes32 modelHash,
        bytes32 home,
        bytes32 x,
        bytes32 y,
        bytes32 r,
        bytes32 s
    ) external returns (bytes32 id) {
        if (modelHash == 0) revert ModelHashZero();
        if (home == 0) revert HomeStreamZero();
        if (!EcdsaP256.isOnCurve(x, y)) revert KeyNotOnCurve(x, y);
        id = deviceId(x, y);
        Device storage entry = _devices[id];
        if (entry.state != DeviceState.None) revert DeviceAlreadyRegistered(id, entry.steward);
        _requireProof(id, 1, x, y, r, s);

        entry.steward = msg.sender;
        entry.state = DeviceState.Registered;
        entry.keyCount = 1;
        entry.registeredAt = uint40(block.timestamp);
        entry.modelHash = modelHash;
        entry.homeStream = home;
        emit DeviceRegistered(id, msg.sender, modelHash, home);
        emit DeviceStateChanged(id, uint8(DeviceState.None), uint8(DeviceState.Registered), 0);
        _addKey(id, 1, 1, x, y);
    }

    /// @inheritdoc IDeviceRegistry
    function rotateKey(
        bytes32 id,
        uint64 fromSequence,
        bytes32 x,
        bytes32 y,
        bytes32 r,
        bytes32 s
    ) external onlySteward(id) {
        Device storage entry = _devices[id];
        if (entry.state == DeviceState.Retired) revert DeviceRetired(id);
        if (!EcdsaP256.isOnCurve(x, y)) revert KeyNotOnCurve(x, y);
        uint32 number = uint32(entry.keyCount) + 1;
        if (number > KEYS_MOST) revert KeysTooMany(id, KEYS_MOST);
        uint64 previousFrom = _keys[id][number - 1].fromSequence;
        if (fromSequence <= previousFrom) revert KeyRangeUnexpected(id, previousFrom, fromSequence);
        _requireSequence(fromSequence);
        _requireProof(id, number, x, y, r, s);

        entry.keyCount = uint16(number);
        _addKey(id, number, fromSequence, x, y);
    }

    /// @inheritdoc IDeviceRegistry
    function markKey(
        bytes32 id,
        uint32 number,
        uint64 fromSequence,
        uint40 suspectedSince,
        bytes32 reason
    ) external onlySteward(id) {
        Key storage entry = _requireKey(id, number);
        uint64 until = _untilSequence(id, number);
        if (fromSequence < entry.fromSequence || fromSequence > until) {
            revert MarkOutsideRange(id, number, fromSequence, entry.fromSequence, until);
        }
        _requireSequence(fromSequence);
        _requireEarlier(id, number, entry.markedFrom, fromSequence);
        if (entry.marks == MARKS_MOST) revert MarksTooMany(id, number, MARKS_MOST);

        ++entry.marks;
        _mark(id, number, fromSequence, suspectedSince, reason);
    }

    /// @inheritdoc IDeviceRegistry
    function proveEquivocation(bytes32 id, SignedInput calldata first, SignedInput calldata second) external {
        DeviceState state = _requireDevice(id).state;
        uint64 sequence = _sequenceOf(id, first);
        uint64 other = _sequenceOf(id, second);
        if (sequence != other) revert SequencesDiffer(id, sequence, other);
        (uint32 number, bytes32 x, bytes32 y) = keyAt(id, sequence);
        bytes32 one = _contentOf(id, number, x, y, first);
        bytes32 two = _contentOf(id, number, x, y, second);
        if (one == two) revert ContentSame(id, sequence, one);
        Key storage entry = _keys[id][number];
        // What is marked already is not to be trusted already: who stole the key cannot use it to accuse the device anew.
        _requireEarlier(id, number, entry.markedFrom, sequence);

        if (one > two) (one, two) = (two, one);
        bytes32 digest = sha256(abi.encodePacked("twinward/equivocation@1", id, sequence, one, two));
        emit EquivocationProven(id, number, sequence, one, two, msg.sender);
        // However often a key was marked, a proof is taken; the last one takes the whole range, so that there is a last.
        if (entry.marks == MARKS_MOST) sequence = entry.fromSequence;
        else ++entry.marks;
        _mark(id, number, sequence, uint40(block.timestamp), digest);
        if (state == DeviceState.Active) _moveTo(id, DeviceState.Suspect, digest);
    }

    /// @inheritdoc IDeviceRegistry
    function retire(bytes32 id) external onlySteward(id) {
        if (_devices[id].state == DeviceState.Retired) revert DeviceRetired(id);
        _moveTo(id, DeviceState.Retired, 0);
    }

    /// @inheritdoc IDeviceRegistry
    function activate(bytes32 id) external {
        if (msg.sender != twinRegistry) revert NotTwinRegistry(msg.sender, twinRegistry);
        DeviceState state = _requireDevice(id).state;
        if (state != DeviceState.Registered) revert DeviceStateUnexpected(id, state);
        _moveTo(id, DeviceState.Active, 0);
    }

    /// @inheritdoc IDeviceRegistry
    function setAssigned(bytes32 id, bool open) external returns (uint24 assignments) {
        if (msg.sender != twinRegistry) revert NotTwinRegistry(msg.sender, twinRegistry);
        Device storage entry = _requireDevice(id);
        assignments = entry.assignments;
        if (open) {
            if (assignments == type(uint24).max) revert AssignmentsTooMany(id, assignments);
            entry.assignments = ++assignments;
        }
        entry.assigned = open;
    }

    /// @inheritdoc IDeviceRegistry
    function setCut(bytes32 id, bytes32 twin, Cut cut) external {
        if (msg.sender != twinRegistry) revert NotTwinRegistry(msg.sender, twinRegistry);
        cuts[id][twin] = cut;
    }

    /// @inheritdoc IDeviceRegistry
    function applyVerdict(bytes32 id, uint8 kind, bytes32 digest) external {
        if (msg.sender != verdictOracle) revert NotVerdictOracle(msg.sender, verdictOracle);
        DeviceState state = _requireDevice(id).state;
        if (state == DeviceState.Retired) revert DeviceRetired(id);
        // Nobody can have judged a device that has no security twin.
        if (state == DeviceState.Registered) revert DeviceStateUnexpected(id, state);

        DeviceState next;
        if (kind == KIND_SUSPECT) {
            next = state == DeviceState.Quarantined ? state : DeviceState.Suspect;
        } else if (kind == KIND_QUARANTINE) {
            next = DeviceState.Quarantined;
        } else if (kind == KIND_READMISSION) {
            if (state == DeviceState.Active) revert DeviceStateUnexpected(id, state);
            next = DeviceState.Active;
        } else {
            revert VerdictKindUnknown(kind);
        }
        if (next != state) _moveTo(id, next, digest);
    }

    /// @inheritdoc IDeviceRegistry
    function offerSteward(bytes32 id, address to) external onlySteward(id) {
        offeredSteward[id] = to;
        emit StewardOffered(id, msg.sender, to);
    }

    /// @inheritdoc IDeviceRegistry
    function acceptSteward(bytes32 id) external {
        Device storage entry = _requireDevice(id);
        address offered = offeredSteward[id];
        if (msg.sender != offered) revert NotOfferedSteward(id, msg.sender, offered);
        address from = entry.steward;
        entry.steward = msg.sender;
        delete offeredSteward[id];
        emit StewardChanged(id, from, msg.sender);
    }

    /// @inheritdoc IDeviceRegistry
    function device(bytes32 id) external view returns (address, DeviceState, bytes32, bytes32, uint32, uint64) {
        Device storage entry = _devices[id];
        return (entry.steward, entry.state, entry.modelHash, entry.homeStream, entry.keyCount, entry.registeredAt);
    }

    /// @inheritdoc IDeviceRegistry
    function standing(bytes32 id) external view returns (address, DeviceState, uint24, bool) {
        Device storage entry = _devices[id];
        return (entry.steward, entry.state, entry.assignments, entry.assigned);
    }

    /// @inheritdoc IDeviceRegistry
    function standingWith(bytes32 id, bytes32 twin) external view returns (Cut, address, DeviceState, uint24, bool) {
        Device storage entry = _devices[id];
        return (cuts[id][twin], entry.steward, entry.state, entry.assignments, entry.assigned);
    }

    /// @inheritdoc IDeviceRegistry
    function homeStream(bytes32 id) external view returns (bytes32) {
        return _devices[id].homeStream;
    }

    /// @inheritdoc IDeviceRegistry
    function key(
        bytes32 id,
        uint32 number
    ) external view returns (bytes32, bytes32, uint64, uint64, uint64, uint40, bytes32) {
        Key storage entry = _requireKey(id, number);
        return (
            entry.x,
            entry.y,
            entry.fromSequence,
            _untilSequence(id, number),
            entry.markedFrom,
            entry.suspectedSince,
            entry.reason
        );
    }

    /// @inheritdoc IDeviceRegistry
    function precompiled() external view returns (bool) {
        return EcdsaP256.precompiled();
    }

    /// @inheritdoc IDeviceRegistry
    function keyAt(bytes32 id, uint64 sequence) public view returns (uint32 number, bytes32 x, bytes32 y) {
        // From the newest backwards: ranges are in order, and what is asked for is nearly always the newest.
        for (number = _requireDevice(id).keyCount; number > 0; --number) {
            Key storage entry = _keys[id][number];
            if (sequence >= entry.fromSequence) return (number, entry.x, entry.y);
        }
        revert SequenceWithoutKey(id, sequence);
    }

    /// @inheritdoc IDeviceRegistry
    function keyProof(bytes32 id, uint32 number, address steward) public view returns (bytes memory) {
        return abi.encodePacked("twinward/key@1", block.chainid, address(this), id, number, steward);
    }

    /// @inheritdoc IDeviceRegistry
    function deviceId(bytes32 x, bytes32 y) public view returns (bytes32) {
        return sha256(abi.encodePacked("twinward/device@1", block.chainid, address(this), x, y));
    }

    function _addKey(bytes32 id, uint32 number, uint64 fromSequence, bytes32 x, bytes32 y) private {
        Key storage entry = _keys[id][number];
        entry.x = x;
        entry.y = y;
        entry.fromSequence = fromSequence;
        emit KeyAdded(id, number, fromSequence, x, y);
    }

    /// @dev A second mark adds to the first: the earlier of the two times stands.
    function _mark(bytes32 id, uint32 number, uint64 fromSequence, uint40 suspectedSince, bytes32 reason) private {
        Key storage entry = _keys[id][number];
        if (entry.markedFrom == 0 || suspectedSince < entry.suspectedSince) entry.suspectedSince = suspectedSince;
        entry.markedFrom = fromSequence;
        entry.reason = reason;
        emit KeyMarked(id, number, fromSequence, suspectedSince, reason);
    }

    function _moveTo(bytes32 id, DeviceState to, bytes32 cause) private {
        Device storage entry = _devices[id];
        DeviceState from = entry.state;
        entry.state = to;
        emit DeviceStateChanged(id, uint8(from), uint8(to), cause);
    }

    function _requireDevice(bytes32 id) private view returns (Device storage entry) {
        entry = _devices[id];
        if (entry.state == DeviceState.None) revert DeviceUnknown(id);
    }

    function _requireSteward(bytes32 id) private view {
        address steward = _requireDevice(id).steward;
        if (msg.sender != steward) revert NotSteward(id, msg.sender, steward);
    }

    function _requireEarlier(bytes32 id, uint32 number, uint64 markedFrom, uint64 fromSequence) private pure {
        if (markedFrom != 0 && fromSequence >= markedFrom) {
            revert MarkNotEarlier(id, number, markedFrom, fromSequence);
        }
    }

    function _requireSequence(uint64 sequence) private pure {
        if (sequence > SEQUENCE_MAX) revert SequenceTooLarge(sequence, SEQUENCE_MAX);
    }

    function _requireKey(bytes32 id, uint32 number) private view returns (Key storage) {
        uint32 count = _devices[id].keyCount;
        if (number == 0 || number > count) revert KeyUnknown(id, number, count);
        return _keys[id][number];
    }

    /// @dev The content of a signed input (SHA-256 of its ASCII), which this key must have signed under its own number.
    function _contentOf(
        bytes32 id,
        uint32 number,
        bytes32 x,
        bytes32 y,
        SignedInput calldata signed
    ) private view returns (bytes32 content) {
        content = sha256(signed.input);
        if (!ReadingInput.hasKeyNumber(signed.input, number)) revert InputNotOfKey(id, number, content);
        if (!EcdsaP256.verify(content, signed.r, signed.s, x, y)) revert InputNotSigned(id, number, content);
    }

    /// @dev The proof names the caller, so that nobody can register a device under another steward by copying it.
    function _requireProof(bytes32 id, uint32 number, bytes32 x, bytes32 y, bytes32 r, bytes32 s) private view {
        bytes32 digest = sha256(keyProof(id, number, msg.sender));
        if (!EcdsaP256.verify(digest, r, s, x, y)) revert KeyProofInvalid(id, number, digest);
    }

    function _untilSequence(bytes32 id, uint32 number) private view returns (uint64) {
        if (number == _devices[id].keyCount) return type(uint64).max;
        return _keys[id][number + 1].fromSequence - 1;
    }

    function _sequenceOf(bytes32 id, SignedInput calldata signed) private pure returns (uint64 sequence) {
        sequence = ReadingInput.sequenceOf(signed.input, id);
        if (sequence == 0) revert InputMalformed(id, sha256(signed.input));
    }
}
