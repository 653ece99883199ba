// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDeviceRegistry} from "../devices/IDeviceRegistry.sol";
import {IMemberRegistry} from "../members/IMemberRegistry.sol";
import {ITwinRegistry} from "../twins/ITwinRegistry.sol";
import {IGrantRegistry} from "./IGrantRegistry.sol";

/// @title Grants and the one rule about them
contract GrantRegistry is IGrantRegistry {
    struct Entry {
        bytes32 twin;
        address reader; // ┐
        uint40 from; // │ seconds
        uint40 until; // │ seconds, exclusive
        uint8 purposes; // ┘ bitmap
        address grantor; // ┐ zero: no such grant
        uint64 segments; // │
        uint32 revokedAt; // ┘ seconds, to the year 2106; zero: not revoked
    }

    uint8 private constant RESEARCH = 2;
    uint8 private constant AUDIT = 4;
    uint8 private constant SECURITY = 5;
    /// @dev care, emergency, research, maintenance, audit: what a steward can give.
    uint8 private constant GRANTABLE = 0x1f;
    /// @dev Purposes that a command may have: care, emergency, maintenance.
    uint8 private constant COMMANDING = 0x0b;

    IMemberRegistry public immutable memberRegistry;
    IDeviceRegistry public immutable deviceRegistry;
    ITwinRegistry public immutable twinRegistry;

    mapping(bytes32 id => Entry) private _grants;
    mapping(address grantor => mapping(uint256 word => uint256 bits)) private _nonces;

    constructor(IMemberRegistry memberRegistry_, IDeviceRegistry deviceRegistry_, ITwinRegistry twinRegistry_) {
        memberRegistry = memberRegistry_;
        deviceRegistry = deviceRegistry_;
        twinRegistry = twinRegistry_;
    }

    /// @inheritdoc IGrantRegistry
    function grant(Grant calldata given, uint256 nonce) external returns (bytes32 id) {
        _requireGrantable(given);
        id = keccak256(abi.encode(given.twin, given.reader, msg.sender, bytes32(0), nonce));

        _useNonce(nonce);
        _grants[id] = Entry({
            twin: given.twin,
            reader: given.reader,
            from: given.from,
            until: given.until,
            purposes: given.purposes,
            grantor: msg.sender,
            segments: given.segments,
            revokedAt: 0
        });
        emit Granted(id, given.twin, given.reader, msg.sender, given.from, given.until, given.segments, given.purposes);
    }

    /// @inheritdoc IGrantRegistry
    function revoke(bytes32 id) external {
        Entry storage entry = _grants[id];
        if (entry.grantor == address(0)) revert GrantUnknown(id);
        bytes32 twin = entry.twin;
        bytes32 device = twinRegistry.deviceOf(twin);
        (address steward, ) = deviceRegistry.standing(device);
        if (msg.sender != steward) revert NotSteward(device, msg.sender, steward);
        if (entry.revokedAt != 0) revert GrantAlreadyRevoked(id, entry.revokedAt);

        entry.revokedAt = uint32(block.timestamp);
        emit Revoked(id, twin, msg.sender);
    }

    /// @inheritdoc IGrantRegistry
    function grantOf(bytes32 id) external view returns (Grant memory given, address grantor, uint40 revokedAt) {
        Entry storage entry = _grants[id];
        given = Grant(entry.twin, entry.reader, entry.from, entry.until, entry.segments, entry.purposes);
        return (given, entry.grantor, entry.revokedAt);
    }

    /// @inheritdoc IGrantRegistry
    function canRead(Ask calldata ask) external view returns (bool) {
        return explain(ask) == Reason.Permitted;
    }

    /// @inheritdoc IGrantRegistry
    function nonceUsed(address grantor, uint256 nonce) external view returns (bool) {
        return (_nonces[grantor][nonce >> 8] >> (nonce & 0xff)) & 1 == 1;
    }

    /// @inheritdoc IGrantRegistry
    function explain(Ask calldata ask) public view returns (Reason) {
        (bytes32 device, uint64 segments, uint64 commands, bool security, bool ended) = twinRegistry.cut(ask.twin);
        if (device == 0) return Reason.TwinUnknown;
        if (ended) return Reason.TwinEnded;

        (, IDeviceRegistry.DeviceState state) = deviceRegistry.standing(device);
        bool isCommand = ask.action == Action.Command;
        uint8 purpose = ask.purpose;
        if (state == IDeviceRegistry.DeviceState.Retired) {
            // What a retired device said stays open to those who look for what went wrong.
            if (isCommand || (purpose != SECURITY && purpose != AUDIT)) return Reason.DeviceRetired;
        }
        if (security != (purpose == SECURITY)) return Reason.SecurityTwinOnly;
        if (security) {
            // A current oracle needs no grant: the steward cannot close what detection sees.
            if (!memberRegistry.isOracle(ask.reader)) return Reason.ReaderNotOracle;
        } else {
            Entry memory entry = _grants[ask.grant];
            Reason reason = _explainGrant(ask, entry);
            if (reason != Reason.Permitted) return reason;
            segments &= entry.segments;
        }
        if (ask.segments == 0 || ask.segments & ~segments != 0) return Reason.SegmentsNotGranted;

        if (state == IDeviceRegistry.DeviceState.Quarantined) {
            // Care, emergency, maintenance and audit read on: a verdict never takes data away from care.
            if (isCommand || purpose == RESEARCH) return Reason.DeviceQuarantined;
        }
        if (isCommand) {
            if (ask.segments & ~commands != 0 || !_has(COMMANDING, purpose)) return Reason.CommandNotInTwin;
        }
        return Reason.Permitted;
    }

    /// @dev Checks 6 to 11: the grant itself, without its segments.
    function _explainGrant(Ask calldata ask, Entry memory entry) private view returns (Reason) {
        if (entry.grantor == address(0)) return Reason.GrantUnknown;
        if (entry.twin != ask.twin || entry.reader != ask.reader) return Reason.GrantForOther;
        if (entry.revokedAt != 0) return Reason.GrantRevoked;
        if (block.timestamp < entry.from) return Reason.GrantNotStarted;
        if (block.timestamp >= entry.until) return Reason.GrantExpired;
        if (!_has(entry.purposes, ask.purpose)) return Reason.PurposeNotGranted;
        return Reason.Permitted;
    }

    function _requireGrantable(Grant calldata given) private view {
        if (given.reader == address(0)) revert ReaderZero();
        if (given.until <= given.from) revert GrantTermEmpty(given.from, given.until);
        if (given.until <= block.timestamp) revert GrantExpired(given.until, block.timestamp);
        if (given.purposes == 0 || given.purposes & ~GRANTABLE != 0) revert PurposesRefused(given.purposes);
        (bytes32 device, uint64 segments, , bool security, bool ended) = twinRegistry.cut(given.twin);
        if (device == 0) revert TwinUnknown(given.twin);
        (address steward, IDeviceRegistry.DeviceState state) = deviceRegistry.standing(device);
        if (msg.sender != steward) revert NotSteward(device, msg.sender, steward);
        if (ended) revert TwinEnded(given.twin);
        if (security) revert SecurityTwinOnly(given.twin);
        if (state == IDeviceRegistry.DeviceState.Retired) revert DeviceRetired(device);
        if (given.segments == 0 || given.segments & ~segments != 0) {
            revert SegmentsNotInTwin(given.twin, given.segments, segments);
        }
    }

    function _useNonce(uint256 nonce) private {
        uint256 bit = 1 << (nonce & 0xff);
        uint256 bits = _nonces[msg.sender][nonce >> 8];
        if (bits & bit != 0) revert NonceUsed(msg.sender, nonce);
        _nonces[msg.sender][nonce >> 8] = bits | bit;
    }

    /// @dev False for a purpose that does not exist.
    function _has(uint8 purposes, uint8 purpose) private pure returns (bool) {
        return (uint256(purposes) >> purpose) & 1 == 1;
    }
}
