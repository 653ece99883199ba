// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDeviceRegistry} from "../devices/IDeviceRegistry.sol";
import {SEQUENCE_MAX} from "../lib/Sequence.sol";
import {IMemberRegistry} from "../members/IMemberRegistry.sol";
import {Cut, CutWord} from "./Cut.sol";
import {ITwinRegistry} from "./ITwinRegistry.sol";
import {Subjects} from "./Subjects.sol";

/// @title Assignments and the twins cut from them
contract TwinRegistry is ITwinRegistry, Subjects {
    struct Assignment {
        bytes32 device;
        uint64 fromSequence; // ┐ first sequence that belongs to it
        uint64 endSequence; // │ first that no longer does; zero while it is open
        uint24 n; // ┘ the device's n-th, from 0
    }

    struct Twin {
        bytes32 device;
        bytes32 assignment;
        bytes32 manifestHash;
    }

    IDeviceRegistry public immutable deviceRegistry;

    mapping(bytes32 id => Assignment) private _assignments;
    mapping(bytes32 id => Twin) private _twins;
    mapping(bytes32 source => mapping(bytes32 manifestHash => uint64)) private _twinCount;
    mapping(bytes32 device => bytes32) public securityTwin;

    constructor(IMemberRegistry memberRegistry_, IDeviceRegistry deviceRegistry_) Subjects(memberRegistry_) {
        deviceRegistry = deviceRegistry_;
    }

    /// @inheritdoc ITwinRegistry
    function beginAssignment(bytes32 device, uint64 fromSequence) external returns (bytes32 id) {
        (, uint24 n, bool assigned) = _requireSteward(device);
        bytes32 previous = n == 0 ? bytes32(0) : _assignmentId(device, n - 1);
        if (assigned) revert AssignmentOpen(device, previous);
        uint64 earliest = n == 0 ? 1 : _assignments[previous].endSequence;
        if (fromSequence < earliest) revert AssignmentStartUnexpected(device, earliest, fromSequence);
        _requireSequence(fromSequence);

        id = _assignmentId(device, n);
        _assignments[id] = Assignment(device, fromSequence, 0, n);
        emit AssignmentBegan(id, device, n, fromSequence);
        deviceRegistry.setAssigned(device, true);
    }

    /// @inheritdoc ITwinRegistry
    function endAssignment(bytes32 id, uint64 endSequence) external {
        Assignment storage entry = _requireAssignment(id);
        bytes32 device = entry.device;
        // A retired device's assignment may still be closed: closing takes nothing away that retirement left.
        (address steward, , , ) = deviceRegistry.standing(device);
        if (msg.sender != steward) revert NotSteward(device, msg.sender, steward);
        if (entry.endSequence != 0) revert AssignmentAlreadyEnded(id, entry.endSequence);
        if (endSequence < entry.fromSequence) {
            revert AssignmentEndUnexpected(id, entry.fromSequence, endSequence);
        }
        _requireSequence(endSequence);

        entry.endSequence = endSequence;
        emit AssignmentEnded(id, device, endSequence);
        deviceRegistry.setAssigned(device, false);
    }

    /// @inheritdoc ITwinRegistry
    function createTwin(
        bytes32 assignmentId,
        bytes32 manifestHash,
        uint64 segments,
        uint64 commands
    ) external returns (bytes32 id) {
        bytes32 device = _requireOpen(assignmentId);
        id = _twinId(assignmentId, manifestHash, segments);

        _twins[id] = Twin(device, assignmentId, manifestHash);
        emit TwinCreated(id, device, assignmentId, manifestHash, segments, commands, false);
        deviceRegistry.setCut(device, id, CutWord.pack(segments, commands, _assignments[assignmentId].n, RESEARCH));
    }

    /// @inheritdoc ITwinRegistry
    function createSecurityTwin(bytes32 device, bytes32 manifestHash, uint64 segments) external returns (bytes32 id) {
        (IDeviceRegistry.DeviceState state, , ) = _requireSteward(device);
        bytes32 existing = securityTwin[device];
        if (existing != 0) revert SecurityTwinExists(device, existing);
        id = _twinId(device, manifestHash, segments);

        securityTwin[device] = id;
        _twins[id] = Twin(device, 0, manifestHash);
        emit TwinCreated(id, device, 0, manifestHash, segments, 0, true);
        deviceRegistry.setCut(device, id, CutWord.packSecurity(segments));
        if (state == IDeviceRegistry.DeviceState.Registered) deviceRegistry.activate(device);
    }

    /// @inheritdoc ITwinRegistry
    function raiseEpoch(bytes32 id) external returns (uint32 epoch) {
        bytes32 device = _twins[id].device;
        if (device == 0) revert TwinUnknown(id);
        // Also on a retired device, and on a twin that has ended: taking back is never refused.
        (Cut cut_, address steward, , , ) = deviceRegistry.standingWith(device, id);
        if (msg.sender != steward) revert NotSteward(device, msg.sender, steward);
        if (cut_.isSecurity()) revert SecurityTwinOnly(id);

        epoch = cut_.epoch() + 1;
        emit EpochRaised(id, epoch);
        deviceRegistry.setCut(device, id, cut_.withEpoch(epoch));
    }

    /// @inheritdoc ITwinRegistry
    function setConsentMask(bytes32 id, uint8 purposes) external {
        (bytes32 device, bytes32 assignmentId) = (_twins[id].device, _twins[id].assignment);
        if (device == 0) revert TwinUnknown(id);
        (Cut cut_, address steward, , , ) = deviceRegistry.standingWith(device, id);
        if (cut_.isSecurity()) revert SecurityTwinOnly(id);
        if (!_mayAsk(purposes)) revert ConsentMaskRefused(id, purposes);
        if (!_speaksFor(assignmentId, msg.sender)) {
            if (msg.sender != steward) revert NotSteward(device, msg.sender, steward);
            uint8 present = cut_.consent();
            if (present & ~purposes != 0) revert ConsentMaskShrinks(id, present, purposes);
        }

        emit ConsentMaskSet(id, purposes, msg.sender);
        deviceRegistry.setCut(device, id, cut_.withConsent(purposes));
    }

    /// @inheritdoc ITwinRegistry
    function speaksFor(bytes32 id, address speaker) external view returns (bool) {
        return _speaksFor(_twins[id].assignment, speaker);
    }

    /// @inheritdoc ITwinRegistry
    function twin(bytes32 id) external view returns (bytes32, bytes32, bytes32, uint64, uint64, bool, bool) {
        Twin storage entry = _twins[id];
        bytes32 device = entry.device;
        (Cut cut_, , , uint24 assignments, bool assigned) = deviceRegistry.standingWith(device, id);
        bool ended = cut_.exists() && cut_.isEnded(assignments, assigned);
        return (
            device,
            entry.assignment,
            entry.manifestHash,
            cut_.segments(),
            cut_.commands(),
            cut_.isSecurity(),
            ended
        );
    }

    /// @inheritdoc ITwinRegistry
    function deviceOf(bytes32 id) external view returns (bytes32) {
        return _twins[id].device;
    }

    /// @inheritdoc ITwinRegistry
    function cuts(bytes32 device, bytes32 id) external view returns (Cut) {
        return deviceRegistry.cuts(device, id);
    }

    /// @inheritdoc ITwinRegistry
    function assignment(bytes32 id) external view returns (bytes32, uint64, uint64, uint64) {
        Assignment storage entry = _assignments[id];
        uint64 end = entry.device != 0 && entry.endSequence == 0 ? type(uint64).max : entry.endSequence;
        return (entry.device, entry.fromSequence, end, entry.n);
    }

    /// @inheritdoc ITwinRegistry
    function openAssignment(bytes32 device) external view returns (bytes32) {
        (, , uint24 assignments, bool assigned) = deviceRegistry.standing(device);
        return assigned ? _assignmentId(device, assignments - 1) : bytes32(0);
    }

    function _twinId(bytes32 source, bytes32 manifestHash, uint64 segments) private returns (bytes32) {
        if (manifestHash == 0) revert ManifestHashZero();
        if (segments == 0) revert SegmentsMissing(manifestHash);
        uint64 n = _twinCount[source][manifestHash];
        _twinCount[source][manifestHash] = n + 1;
        return keccak256(abi.encode(block.chainid, address(this), source, manifestHash, n));
    }

    function _assignmentId(bytes32 device, uint64 n) private view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, address(this), device, n));
    }

    function _requireAssignment(bytes32 id) private view returns (Assignment storage entry) {
        entry = _assignments[id];
        if (entry.device == 0) revert AssignmentUnknown(id);
    }

    function _requireOpen(bytes32 id) internal view override returns (bytes32 device) {
        Assignment storage entry = _requireAssignment(id);
        device = entry.device;
        _requireSteward(device);
        if (entry.endSequence != 0) revert AssignmentAlreadyEnded(id, entry.endSequence);
    }

    function _requireSequence(uint64 sequence) private pure {
        if (sequence > SEQUENCE_MAX) revert SequenceTooLarge(sequence, SEQUENCE_MAX);
    }

    function _requireSteward(bytes32 device) private view returns (IDeviceRegistry.DeviceState, uint24, bool) {
        (address steward, IDeviceRegistry.DeviceState state, uint24 assignments, bool assigned) = deviceRegistry
            .standing(device);
        if (msg.sender != steward) revert NotSteward(device, msg.sender, steward);
        if (state == IDeviceRegistry.DeviceState.Retired) revert DeviceRetired(device);
        return (state, assignments, assigned);
    }
}
