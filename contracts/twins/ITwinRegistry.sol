// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Cut} from "./Cut.sol";

/// @title Which stretch of a device's sequences belongs together, and which cuts of it exist?
/// @notice Segments and commands are bitmaps; what the bits mean is fixed by the device model.
interface ITwinRegistry {
    event AssignmentBegan(bytes32 indexed assignment, bytes32 indexed device, uint64 n, uint64 fromSequence);
    event AssignmentEnded(bytes32 indexed assignment, bytes32 indexed device, uint64 endSequence);
    event TwinCreated(
        bytes32 indexed twin,
        bytes32 indexed device,
        bytes32 indexed assignment,
        bytes32 manifestHash,
        uint64 segments,
        uint64 commands,
        bool security
    );
    event EpochRaised(bytes32 indexed twin, uint32 epoch);
    event SubjectBound(bytes32 indexed assignment, address indexed subject, address indexed guardian);
    event GuardianAppointed(bytes32 indexed assignment, address indexed guardian, address by);
    event ConsentMaskSet(bytes32 indexed twin, uint8 purposes, address by);

    error NotSteward(bytes32 device, address caller, address steward);
    error DeviceRetired(bytes32 device);
    error AssignmentUnknown(bytes32 assignment);
    error AssignmentOpen(bytes32 device, bytes32 assignment);
    error AssignmentAlreadyEnded(bytes32 assignment, uint64 endSequence);
    error AssignmentStartUnexpected(bytes32 device, uint64 earliest, uint64 fromSequence);
    error AssignmentEndUnexpected(bytes32 assignment, uint64 fromSequence, uint64 endSequence);
    error SequenceTooLarge(uint64 sequence, uint64 most);
    error SegmentsMissing(bytes32 manifestHash);
    error ManifestHashZero();
    error SecurityTwinExists(bytes32 device, bytes32 twin);
    error SecurityTwinOnly(bytes32 twin);
    error TwinUnknown(bytes32 twin);
    error SubjectZero(bytes32 assignment);
    error SubjectAlreadyBound(bytes32 assignment, address subject);
    error NotSubject(bytes32 assignment, address caller, address subject);
    error NotOtherMember(address signer, address steward);
    error SignatureExpired(uint40 deadline, uint256 present);
    error SignatureInvalid(address signer, bytes32 digest);
    error ConsentMaskRefused(bytes32 twin, uint8 purposes);
    error ConsentMaskShrinks(bytes32 twin, uint8 present, uint8 purposes);

    /// @notice Begins the device's next assignment; by its steward. One is open at a time.
    /// @param fromSequence first sequence that belongs to it, at least 1, at least the end of the previous one and
    /// at most 2⁵³ − 1
    /// @return assignment keccak256(abi.encode(chainId, this registry, device, n)), n from 0 per device
    function beginAssignment(bytes32 device, uint64 fromSequence) external returns (bytes32 assignment);

    /// @notice Ends an assignment and with it its twins and their grants; by the device's steward.
    /// @param endSequence first sequence that no longer belongs to it, at most 2⁵³ − 1
    function endAssignment(bytes32 assignment, uint64 endSequence) external;

    /// @notice Registers a twin of an open assignment; by the device's steward.
    /// @dev Warning: that the segments and commands are those of the manifest and of the device model is what the hash
    /// lets everybody check; the chain holds only the hash.
    /// @param manifestHash SHA-256 of the manifest's canonical JSON
    /// @return twin keccak256(abi.encode(chainId, this registry, assignment, manifestHash, n)), n from 0 per pair
    function createTwin(
        bytes32 assignment,
        bytes32 manifestHash,
        uint64 segments,
        uint64 commands
    ) external returns (bytes32 twin);

    /// @notice Registers the device's one security twin, over all its assignments, and so makes the device active.
    /// @return twin as for `createTwin`, with the device in the assignment's place
    function createSecurityTwin(bytes32 device, bytes32 manifestHash, uint64 segments) external returns (bytes32 twin);

    /// @notice Says whose data an assignment is; by the device's steward, with the subject's own signature, once.
    /// @param subject an address that stands for a person or a company; a fresh one for each assignment links nothing
    /// @param guardian who may do all that the subject may; zero: nobody
    /// @param deadline last second in which the signature counts
    /// @param signature EIP-712, Subject(bytes32 assignment,address subject,address guardian,uint40 deadline), by the
    /// subject: 65 bytes, or whatever its ERC-1271 contract takes
    function bindSubject(
        bytes32 assignment,
        address subject,
        address guardian,
        uint40 deadline,
        bytes calldata signature
    ) external;

    /// @notice Names, changes or (zero) removes the guardian; by the subject.
    function appointGuardian(bytes32 assignment, address guardian) external;

    /// @notice Names the guardian of somebody who cannot sign; by the device's steward together with one other member,
    /// while no subject is bound.
    /// @param member whose signer signed; it must not be the steward itself
    /// @param signature EIP-712, Guardian(bytes32 assignment,address guardian,uint40 deadline), by that signer
    function appointGuardianFor(
        bytes32 assignment,
        address guardian,
        uint16 member,
        uint40 deadline,
        bytes calldata signature
    ) external;

    /// @notice Says for which purposes a twin is read only with the subject's consent. Research is always among them;
    /// security and audit never are. The steward may only add; the subject and its guardian may also take away.
    /// @dev Warning: what is in it for care closes care to all who have no consent; break-glass asks for none.
    function setConsentMask(bytes32 twin, uint8 purposes) external;

    /// @notice Who speaks for an assignment; zero: nobody.
    function personsOf(bytes32 assignment) external view returns (address subject, address guardian);

    /// @notice Whether this address is the subject of a twin's assignment, or its guardian.
    function speaksFor(bytes32 twin, address speaker) external view returns (bool);

    /// @notice Ends all of a twin's grants at once, and every signature for one that was not used yet; by the steward of
    /// its device. What is given from then on counts.
    function raiseEpoch(bytes32 twin) external returns (uint32 epoch);

    /// @notice All that was registered of a twin; zeros where there is none.
    /// @return device it is cut from
    /// @return assignment it belongs to; zero for a security twin
    /// @return manifestHash SHA-256 of the manifest
    /// @return segments it shows
    /// @return commands it takes
    /// @return security whether it is the device's security twin
    /// @return ended whether its assignment has ended
    function twin(
        bytes32 id
    )
        external
        view
        returns (
            bytes32 device,
            bytes32 assignment,
            bytes32 manifestHash,
            uint64 segments,
            uint64 commands,
            bool security,
            bool ended
        );

    /// @notice A twin as a decision needs it, by whoever knows its device; zero: that device has no such twin. Kept by
    /// `DeviceRegistry`, whose `standingWith` says with it whether the twin has ended.
    function cuts(bytes32 device, bytes32 id) external view returns (Cut);

    /// @notice The device that a twin is cut from; zero: no such twin.
    function deviceOf(bytes32 id) external view returns (bytes32);

    /// @notice An assignment; the end is exclusive and the largest uint64 while it is open. Zeros where there is none.
    function assignment(
        bytes32 id
    ) external view returns (bytes32 device, uint64 fromSequence, uint64 endSequence, uint64 n);

    /// @notice The device's open assignment; zero: none.
    function openAssignment(bytes32 device) external view returns (bytes32);

    /// @notice The device's security twin; zero: none yet.
    function securityTwin(bytes32 device) external view returns (bytes32);
}
