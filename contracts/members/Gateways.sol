// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EcdsaP256} from "../lib/EcdsaP256.sol";
import {IMemberRegistry} from "./IMemberRegistry.sol";
import {Quorum} from "./Quorum.sol";

/// @title Gateway groups, and which key was theirs at which time
abstract contract Gateways is Quorum {
    struct Key {
        bytes32 x;
        bytes32 y;
        uint64 since; // seconds; until the next one's
    }

    struct Group {
        uint16 member;
        uint64 closedAt; // seconds; zero: open
        Key[] keys; // in order; none: no such group
        address[] senders;
    }

    mapping(address group => Group) private _groups;
    mapping(address group => mapping(address sender => bool)) public isSender;
    mapping(uint16 member => uint256) private _openGroups;

    /// @inheritdoc IMemberRegistry
    function gatewayKey(address group) external view returns (bytes32 x, bytes32 y, uint16 memberIndex, uint64 since) {
        Group storage found = _requireOpen(group);
        Key storage key = found.keys[_numberAt(found, uint64(block.timestamp))];
        return (key.x, key.y, found.member, key.since);
    }

    /// @inheritdoc IMemberRegistry
    function gatewayKeyAt(address group, uint64 time) external view returns (bytes32 x, bytes32 y, uint64 until) {
        Group storage found = _groups[group];
        uint256 count = found.keys.length;
        uint64 closedAt = found.closedAt;
        if (count == 0 || (closedAt != 0 && time >= closedAt)) return (0, 0, 0);
        uint256 number = _numberAt(found, time);
        Key storage key = found.keys[number];
        until = number + 1 == count ? closedAt : found.keys[number + 1].since;
        // What was to come when the group closed never came.
        if (closedAt != 0 && until > closedAt) until = closedAt;
        return (key.x, key.y, until);
    }

    function _addGroup(uint256 index, GatewayGroup memory added) internal {
        if (added.group == address(0)) revert GroupZero(index);
        _requirePresent(added.member);
        Group storage made = _groups[added.group];
        // Streams are named after it, so it is never another's.
        if (made.keys.length != 0) revert GroupDuplicate(added.group);
        _requireCurve(added.x, added.y);
        made.member = added.member;
        made.keys.push(Key(added.x, added.y, uint64(block.timestamp)));
        _setSenders(made, added.group, added.senders);
        ++_openGroups[added.member];
        emit GatewayGroupAdded(added.group, added.member, added.x, added.y, added.senders);
    }

    function _changeGatewayKey(address group, bytes32 x, bytes32 y, uint64 since) internal {
        Group storage changed = _requireOpen(group);
        _requireCurve(x, y);
        uint64 earliest = changed.keys[changed.keys.length - 1].since + 1;
        if (earliest < block.timestamp) earliest = uint64(block.timestamp);
        if (since < earliest) revert KeySinceUnexpected(group, earliest, since);
        changed.keys.push(Key(x, y, since));
        emit GatewayKeyChanged(group, x, y, since);
    }

    function _changeSenders(address group, address[] memory senders) internal {
        Group storage changed = _requireOpen(group);
        _clearSenders(changed, group);
        _setSenders(changed, group, senders);
        emit SendersChanged(group, senders);
    }

    function _closeGroup(address group) internal {
        Group storage closed = _requireOpen(group);
        _clearSenders(closed, group);
        closed.closedAt = uint64(block.timestamp);
        --_openGroups[closed.member];
        emit GatewayGroupClosed(group);
    }

    function _requireNoGroups(uint16 index) internal view {
        uint256 groups = _openGroups[index];
        if (groups != 0) revert MemberHasGroups(index, groups);
    }

    function _setSenders(Group storage changed, address group, address[] memory senders) private {
        if (senders.length == 0) revert SendersMissing(group);
        for (uint256 i = 0; i < senders.length; ++i) {
            address sender = senders[i];
            if (sender == address(0)) revert SenderZero(group);
            if (isSender[group][sender]) revert SenderDuplicate(group, sender);
            isSender[group][sender] = true;
        }
        changed.senders = senders;
    }

    function _clearSenders(Group storage changed, address group) private {
        for (uint256 i = 0; i < changed.senders.length; ++i) isSender[group][changed.senders[i]] = false;
        delete changed.senders;
    }

    function _requireOpen(address group) private view returns (Group storage found) {
        found = _groups[group];
        if (found.keys.length == 0) revert GroupUnknown(group);
        if (found.closedAt != 0) revert GroupClosed(group);
    }

    function _requireCurve(bytes32 x, bytes32 y) private pure {
        if (!EcdsaP256.isOnCurve(x, y)) revert KeyNotOnCurve(x, y);
    }

    /// @dev Of at least one key, the last that had begun; the first where none had.
    function _numberAt(Group storage group, uint64 time) private view returns (uint256 number) {
        number = group.keys.length - 1;
        while (number > 0 && group.keys[number].since > time) --number;
    }
}
