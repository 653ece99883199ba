// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Cut} from "../twins/Cut.sol";

/// @title Which device is this, who is its steward, and which key signed which of its sequences?
/// @notice Key ranges never overlap, a closed range never changes, and a mark removes nothing: what was once proven
/// stays provable, with the mark shown beside it.
interface IDeviceRegistry {
    /// @dev registered → active (a security twin exists) → suspect ↔ quarantined → active by readmission; or retired.
    enum DeviceState {
        None,
        Registered,
        Active,
        Suspect,
        Quarantined,
        Retired
    }

    /// @notice What a device signs of a reading@1, and a signature over it.
    struct SignedInput {
        bytes input; // ASCII of `base64url(header).base64url(payload)`
        bytes32 r;
        bytes32 s; // any s
    }

    event DeviceRegistered(bytes32 indexed device, address indexed steward, bytes32 modelHash, bytes32 homeStream);
    event KeyAdded(bytes32 indexed device, uint32 indexed number, uint64 fromSequence, bytes32 x, bytes32 y);
    event KeyMarked(
        bytes32 indexed device,
        uint32 indexed number,
        uint64 fromSequence,
        uint40 suspectedSince,
        bytes32 reason
    );
    /// @notice Two contents that one key signed for one sequence, in ascending order, and who brought them.
    event EquivocationProven(
        bytes32 indexed device,
        uint32 indexed number,
        uint64 indexed sequence,
        bytes32 first,
        bytes32 second,
        address by
    );
    event DeviceStateChanged(bytes32 indexed device, uint8 from, uint8 to, bytes32 cause);
    event StewardOffered(bytes32 indexed device, address indexed from, address indexed to);
    event StewardChanged(bytes32 indexed device, address indexed from, address indexed to);
    event Wired(address indexed twinRegistry, address indexed verdictOracle);

    error NotWirer(address caller, address wirer);
    error AlreadyWired(address twinRegistry, address verdictOracle);
    error WiringZero();
    error DeviceUnknown(bytes32 device);
    error DeviceAlreadyRegistered(bytes32 device, address steward);
    error DeviceRetired(bytes32 device);
    error DeviceStateUnexpected(bytes32 device, DeviceState state);
    error ModelHashZero();
    error HomeStreamZero();
    error KeyNotOnCurve(bytes32 x, bytes32 y);
    error KeyProofInvalid(bytes32 device, uint32 number, bytes32 digest);
    error KeyUnknown(bytes32 device, uint32 number, uint32 keyCount);
    error KeyRangeUnexpected(bytes32 device, uint64 previousFrom, uint64 fromSequence);
    error KeysTooMany(bytes32 device, uint32 most);
    error SequenceTooLarge(uint64 sequence, uint64 most);
    error SequenceWithoutKey(bytes32 device, uint64 sequence);
    error MarkOutsideRange(bytes32 device, uint32 number, uint64 fromSequence, uint64 rangeFrom, uint64 rangeUntil);
    error MarkNotEarlier(bytes32 device, uint32 number, uint64 markedFrom, uint64 fromSequence);
    error MarksTooMany(bytes32 device, uint32 number, uint8 most);
    error InputMalformed(bytes32 device, bytes32 content);
    error InputNotOfKey(bytes32 device, uint32 number, bytes32 content);
    error InputNotSigned(bytes32 device, uint32 number, bytes32 content);
    error SequencesDiffer(bytes32 device, uint64 first, uint64 second);
    error ContentSame(bytes32 device, uint64 sequence, bytes32 content);
    error NotSteward(bytes32 device, address caller, address steward);
    error NotOfferedSteward(bytes32 device, address caller, address offered);
    error NotTwinRegistry(address caller, address twinRegistry);
    error NotVerdictOracle(address caller, address verdictOracle);
    error VerdictKindUnknown(uint8 kind);
    error AssignmentsTooMany(bytes32 device, uint24 most);

    /// @notice Names the two contracts that may move a device's state; once, by the deployer, then never again.
    /// @dev They are built on this registry's address, so they cannot be known at its construction.
    function wire(address twinRegistry_, address verdictOracle_) external;

    /// @notice Registers a device under its first key; the caller becomes its steward.
    /// @param modelHash SHA-256 of the device model's canonical JSON
    /// @param home the stream its readings go to, whose batches make up the rounds of its verdicts
    /// @param x,y its P-256 key number 1, valid from sequence 1
    /// @param r,s the new key's ES256 signature over `keyProof` of the device, number 1 and the caller; any s
    /// @return device SHA-256("twinward/device@1" ‖ chainId u256 ‖ this registry 20 ‖ x ‖ y)
    function register(
        bytes32 modelHash,
        bytes32 home,
        bytes32 x,
        bytes32 y,
        bytes32 r,
        bytes32 s
    ) external returns (bytes32 device);

    /// @notice Gives the device its next key, valid from `fromSequence`; the previous range is closed just before.
    /// @dev At most 1 024 keys: whoever follows the chain keeps the whole history of every device.
    /// @param fromSequence above the start of the previous key's range, at most 2⁵³ − 1
    function rotateKey(bytes32 device, uint64 fromSequence, bytes32 x, bytes32 y, bytes32 r, bytes32 s) external;

    /// @notice Marks a key as not to be trusted from a sequence on. Removes nothing; a second mark may only reach
    /// further back. At most 255 marks on one key: who needs another marks from the beginning of its range at once.
    /// @param fromSequence in the key's range, at most 2⁵³ − 1
    /// @param suspectedSince seconds; a second mark cannot make it later
    /// @param reason digest or short code, for people
    function markKey(
        bytes32 device,
        uint32 number,
        uint64 fromSequence,
        uint40 suspectedSince,
        bytes32 reason
    ) external;

    /// @notice Convicts a device of having signed two different readings for one sequence; by anybody who has both.
    /// The key that is valid for that sequence is marked from there on, and an active device becomes suspect.
    /// @dev Reason of the mark: SHA-256("twinward/equivocation@1" ‖ device ‖ sequence u64 ‖ both contents, ascending).
    /// @dev Warning: whoever holds the key can do this, also a thief: that is what the mark says. A proof at a sequence
    /// that is marked already changes nothing and is refused with `MarkNotEarlier`. Other states stay: a quarantine
    /// weighs more, a retired device is over, and nobody could readmit one that no oracle reads yet.
    /// @dev Only signatures count here: that a leaf was anchored proves nothing against a device.
    function proveEquivocation(bytes32 device, SignedInput calldata first, SignedInput calldata second) external;

    /// @notice Ends the device for good: its readings are refused from now on.
    function retire(bytes32 device) external;

    /// @notice Registered → Active; only the TwinRegistry, when the security twin exists.
    function activate(bytes32 device) external;

    /// @notice Counts an assignment that begins, or notes that the last one has ended; only the TwinRegistry, which keeps
    /// everything else about them. It is kept here, beside the steward, because every decision reads both.
    /// @return assignments begun so far; at most 2²⁴ − 1 (`AssignmentsTooMany`)
    function setAssigned(bytes32 device, bool open) external returns (uint24 assignments);

    /// @notice Keeps what a decision needs of a twin, for the same reason; only the TwinRegistry.
    function setCut(bytes32 device, bytes32 twin, Cut cut) external;

    /// @notice Lets a verdict act; only the VerdictOracle.
    /// @dev A later suspicion does not lift a quarantine: only a readmission does.
    /// @param kind 1 suspect, 2 quarantine, 3 readmission
    /// @param digest the verdict, kept as the cause in the event
    function applyVerdict(bytes32 device, uint8 kind, bytes32 digest) external;

    /// @notice First half of handing the device over; zero takes an offer back.
    function offerSteward(bytes32 device, address to) external;

    /// @notice Second half, by the one it was offered to.
    function acceptSteward(bytes32 device) external;

    /// @notice A device; `registeredAt` in seconds. State None and zeros for an unknown one.
    function device(
        bytes32 id
    )
        external
        view
        returns (
            address steward,
            DeviceState state,
            bytes32 modelHash,
            bytes32 home,
            uint32 keyCount,
            uint64 registeredAt
        );

    /// @notice What a decision about a twin needs of its device, in one storage read.
    /// @return steward zero for an unknown device
    /// @return state of the device
    /// @return assignments begun so far
    /// @return assigned whether the last of them is open
    function standing(
        bytes32 id
    ) external view returns (address steward, DeviceState state, uint24 assignments, bool assigned);

    /// @notice `standing`, and with it one of the device's twins as a decision needs it (zero: that device has no such
    /// twin): all that a decision and a grant ask about, from one contract.
    function standingWith(
        bytes32 id,
        bytes32 twin
    ) external view returns (Cut cut, address steward, DeviceState state, uint24 assignments, bool assigned);

    /// @notice One of the device's twins as a decision needs it; zero: that device has no such twin.
    function cuts(bytes32 id, bytes32 twin) external view returns (Cut);

    /// @notice The stream that the device's readings go to; zero for an unknown device.
    function homeStream(bytes32 id) external view returns (bytes32);

    /// @notice The key whose range holds the sequence. Reverts with `DeviceUnknown` or `SequenceWithoutKey`.
    function keyAt(bytes32 device, uint64 sequence) external view returns (uint32 number, bytes32 x, bytes32 y);

    /// @notice One key with its range and its mark. Reverts with `KeyUnknown`.
    /// @return x P-256
    /// @return y P-256
    /// @return fromSequence first sequence of the range
    /// @return untilSequence last sequence of the range; the largest uint64 while it is open
    /// @return markedFrom first sequence not to be trusted; zero: no mark
    /// @return suspectedSince seconds
    /// @return reason of the mark that reaches furthest back
    function key(
        bytes32 device,
        uint32 number
    )
        external
        view
        returns (
            bytes32 x,
            bytes32 y,
            uint64 fromSequence,
            uint64 untilSequence,
            uint64 markedFrom,
            uint40 suspectedSince,
            bytes32 reason
        );

    /// @notice The one steward may hand the device to; zero: nobody.
    function offeredSteward(bytes32 device) external view returns (address);

    /// @notice The bytes that a new key must sign to prove that somebody holds it: "twinward/key@1" ‖ chainId u256 ‖
    /// registry 20 ‖ device 32 ‖ key number u32 ‖ steward 20.
    function keyProof(bytes32 device, uint32 number, address steward) external view returns (bytes memory);

    /// @notice The id that a device with this first key has here.
    function deviceId(bytes32 x, bytes32 y) external view returns (bytes32);

    /// @notice Whether the P-256 precompile answers; if not, OpenZeppelin's Solidity does, at twenty times the gas.
    function precompiled() external view returns (bool);
}
