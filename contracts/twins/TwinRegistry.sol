// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDeviceRegistry} from "../devices/IDeviceRegistry.sol";
import {SEQUENCE_MAX} from "../lib/Sequence.sol";
import {IMemberRegistry} from "../members/IMemberRegistry.sol";
import {ITwinRegistry} from "./ITwinRegistry.sol";

/// @title Assignments and the twins cut from them
contract TwinRegistry is ITwinRegistry {
    struct Assignment {
        bytes32 device;
        uint64 fromSequence; // ┐ first sequence that belongs to it
        uint64 endSequence; // │ first that no longer does; zero while it is open
        uint64 n; // ┘ the device's n-th, from 0
    }

    struct Course {
        uint64 count; // ┐ assignments begun so far
        uint64 endSequence; // │ of the last one; zero: none has ended yet
        bool open; // ┘ whether the last one is open
    }

    /// @dev Two slots: what every decision reads.
    struct Cut {
        bytes32 device;
        uint64 segments;
        uint64 commands;
        uint64 n; // of its assignment; nothing for a security twin
        bool security;
    }

    struct Twin {
        Cut cut;
        bytes32 assignment;
        bytes32 manifestHash;
    }

    IMemberRegistry public immutable memberRegistry;
    IDeviceRegistry public immutable deviceRegistry;

    mapping(bytes32 id => Assignment) private _assignments;
    mapping(bytes32 device => Course) private _courses;
    mapping(bytes32 id => Twin) private _twins;
    mapping(bytes32 source => mapping(bytes32 manifestHash => uint64)) private _twinCount;
    mapping(bytes32 device => bytes32) public securityTwin;

    constructor(IMemberRegistry memberRegistry_, IDeviceRegistry deviceRegistry_) {
        memberRegistry = memberRegistry_;
        deviceRegistry = deviceRegistry_;
    }

    /// @inheritdoc ITwinRegistry
    function beginAssignment(bytes32 device, uint64 fromSequence) external returns (bytes32 id) {
        _requireSteward(device);
        Course storage course = _courses[device];
        uint64 n = course.count;
        if (course.open) revert AssignmentOpen(device, _assignmentId(device, n - 1));
        uint64 earliest = course.endSequence == 0 ? 1 : course.endSequence;
        if (fromSequence < earliest) revert AssignmentStartUnexpected(device, earliest, fromSequence);
        _requireSequence(fromSequence);

        id = _assignmentId(device, n);
        course.count = n + 1;
        course.open = true;
        _assignments[id] = Assignment(device, fromSequence, 0, n);
        emit AssignmentBegan(id, device, n, fromSequence);
    }

    /// @inheritdoc ITwinRegistry
    function endAssignment(bytes32 id, uint64 endSequence) external {
        Assignment storage entry = _requireAssignment(id);
        bytes32 device = entry.device;
        // A retired device's assignment may still be closed: closing takes nothing away that retirement left.
        (address steward, ) = deviceRegistry.standing(device);
        if (msg.sender != steward) revert NotSteward(device, msg.sender, steward);
        if (entry.endSequence != 0) revert AssignmentAlreadyEnded(id, entry.endSequence);
        if (endSequence < entry.fromSequence) {
            revert AssignmentEndUnexpected(id, entry.fromSequence, endSequence);
        }
        _requireSequence(endSequence);

        entry.endSequence = endSequence;
        _courses[device].endSequence = endSequence;
        _courses[device].open = false;
        emit AssignmentEnded(id, device, endSequence);
    }

    /// @inheritdoc ITwinRegistry
    function createTwin(
        bytes32 assignmentId,
        bytes32 manifestHash,
        uint64 segments,
        uint64 commands
    ) external returns (bytes32 id) {
        Assignment storage entry = _requireAssignment(assignmentId);
        bytes32 device = entry.device;
        _requireSteward(device);
        if (entry.endSequence != 0) revert AssignmentAlreadyEnded(assignmentId, entry.endSequence);
        id = _twinId(assignmentId, manifestHash, segments);

        _twins[id] = Twin(Cut(device, segments, commands, entry.n, false), assignmentId, manifestHash);
        emit TwinCreated(id, device, assignmentId, manifestHash, segments, commands, false);
    }

    /// @inheritdoc ITwinRegistry
    function createSecurityTwin(bytes32 device, bytes32 manifestHash, uint64 segments) external returns (bytes32 id) {
        IDeviceRegistry.DeviceState state = _requireSteward(device);
        bytes32 existing = securityTwin[device];
        if (existing != 0) revert SecurityTwinExists(device, existing);
        id = _twinId(device, manifestHash, segments);

        securityTwin[device] = id;
        _twins[id] = Twin(Cut(device, segments, 0, 0, true), 0, manifestHash);
        emit TwinCreated(id, device, 0, manifestHash, segments, 0, true);
        if (state == IDeviceRegistry.DeviceState.Registered) deviceRegistry.activate(device);
    }

    /// @inheritdoc ITwinRegistry
    function twin(bytes32 id) external view returns (bytes32, bytes32, bytes32, uint64, uint64, bool, bool) {
        Twin storage entry = _twins[id];
        Cut memory of_ = entry.cut;
        return (
            of_.device,
            entry.assignment,
            entry.manifestHash,
            of_.segments,
            of_.commands,
            of_.security,
            _isEnded(of_)
        );
    }

    /// @inheritdoc ITwinRegistry
    function cut(bytes32 id) external view returns (bytes32, uint64, uint64, bool, bool) {
        Cut memory of_ = _twins[id].cut;
        return (of_.device, of_.segments, of_.commands, of_.security, _isEnded(of_));
    }

    /// @inheritdoc ITwinRegistry
    function deviceOf(bytes32 id) external view returns (bytes32) {
        return _twins[id].cut.device;
    }

    /// @inheritdoc ITwinRegistry
    function assignment(bytes32 id) external view returns (bytes32, uint64, uint64, uint64) {
        Assignment storage entry = _assignments[id];
        uint64 end = entry.device != 0 && entry.endSequence == 0 ? type(uint64).max : entry.endSequence;
        return (entry.device, entry.fromSequence, end, entry.n);
    }

    /// @inheritdoc ITwinRegistry
    function openAssignment(bytes32 device) external view returns (bytes32) {
        Course storage course = _courses[device];
        return course.open ? _assignmentId(device, course.count - 1) : bytes32(0);
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

    /// @dev Assignments of a device are one after the other, so a twin lives exactly while its own is the last one and
    /// open: one read where asking the assignment would take two.
    function _isEnded(Cut memory of_) private view returns (bool) {
        if (of_.device == 0 || of_.security) return false;
        Course memory course = _courses[of_.device];
        return !course.open || course.count != of_.n + 1;
    }

    function _requireAssignment(bytes32 id) private view returns (Assignment storage entry) {
        entry = _assignments[id];
        if (entry.device == 0) revert AssignmentUnknown(id);
    }

    function _requireSequence(uint64 sequence) private pure {
        if (sequence > SEQUENCE_MAX) revert SequenceTooLarge(sequence, SEQUENCE_MAX);
    }

    function _requireSteward(bytes32 device) private view returns (IDeviceRegistry.DeviceState) {
        (address steward, IDeviceRegistry.DeviceState state) = deviceRegistry.standing(device);
        if (msg.sender != steward) revert NotSteward(device, msg.sender, steward);
        if (state == IDeviceRegistry.DeviceState.Retired) revert DeviceRetired(device);
        return state;
    }
}
