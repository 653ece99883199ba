// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {IDeviceRegistry} from "../devices/IDeviceRegistry.sol";
import {IMemberRegistry} from "../members/IMemberRegistry.sol";
import {Roles} from "../operators/Roles.sol";
import {ITwinRegistry} from "../twins/ITwinRegistry.sol";
import {IBreakGlass} from "./IBreakGlass.sol";

/// @title Reading in an emergency, and the review of it
contract BreakGlass is IBreakGlass, EIP712 {
    struct Emergency {
        bytes32 twin;
        uint16 member;
    }

    /// @dev A member's openings that wait for a review, oldest first: a list through `before` and `next`, because reviews
    /// come in any order and whether one is overdue must cost the same however many wait.
    struct Waiting {
        uint32 count; // ┐ openings so far, reviewed or not
        uint32 oldest; // │ n; zero: none waits
        uint32 newest; // ┘
    }

    bytes32 private constant CLAIM_TYPE = keccak256(
        "BreakGlass(bytes32 twin,address opener,uint40 until,bytes32 reason,uint256 nonce,uint40 deadline)"
    );

    uint40 public constant MOST_SECONDS = 4 hours;
    uint40 public constant REVIEW_SECONDS = 3 days;

    IMemberRegistry public immutable memberRegistry;
    IDeviceRegistry public immutable deviceRegistry;
    ITwinRegistry public immutable twinRegistry;
    IAccessManager public immutable operators;

    mapping(bytes32 assignment => Emergency) public emergencyTwin;
    mapping(address opener => uint256) public nonceOf;
    mapping(bytes32 id => Opening) private _openings;
    mapping(uint16 member => Waiting) private _waiting;

    constructor(
        IMemberRegistry memberRegistry_,
        IDeviceRegistry deviceRegistry_,
        ITwinRegistry twinRegistry_,
        IAccessManager operators_
    ) EIP712("Twinward BreakGlass", "1") {
        memberRegistry = memberRegistry_;
        deviceRegistry = deviceRegistry_;
        twinRegistry = twinRegistry_;
        operators = operators_;
    }

    /// @inheritdoc IBreakGlass
    function nameEmergencyTwin(bytes32 assignment, bytes32 twin, uint16 member) external {
        (bytes32 device, , uint64 endSequence, ) = twinRegistry.assignment(assignment);
        (address steward, , , ) = deviceRegistry.standing(device);
        if (msg.sender != steward) revert NotSteward(device, msg.sender, steward);
        if (endSequence != type(uint64).max) revert AssignmentEnded(assignment);
        if (twin != 0) {
            (, bytes32 of_, , , , , ) = twinRegistry.twin(twin);
            if (of_ != assignment) revert TwinNotOfAssignment(twin, assignment);
            _requirePresent(member);
        }

        emergencyTwin[assignment] = Emergency(twin, member);
        emit EmergencyTwinNamed(assignment, twin, member);
    }

    /// @inheritdoc IBreakGlass
    function open(Claim calldata claim, Second calldata second) external returns (bytes32) {
        return _open(claim, msg.sender, second);
    }

    /// @inheritdoc IBreakGlass
    function relayOpen(
        Claim calldata claim,
        address opener,
        uint40 deadline,
        bytes calldata signature,
        Second calldata second
    ) external returns (bytes32) {
        _requireSigned(opener, claim, opener, deadline, signature);
        return _open(claim, opener, second);
    }

    /// @inheritdoc IBreakGlass
    function end(bytes32 id) external {
        Opening storage entry = _requireOpening(id);
        if (msg.sender != entry.opener) {
            (address steward, , , ) = deviceRegistry.standing(twinRegistry.deviceOf(entry.twin));
            if (msg.sender != steward) revert NotOpener(id, msg.sender);
        }
        if (_isOver(entry)) revert OpeningOver(id);

        entry.ended = true;
        emit BreakGlassEnded(id, msg.sender);
    }

    /// @inheritdoc IBreakGlass
    function review(bytes32 id, bool justified, bytes32 note) external {
        Opening storage entry = _requireOpening(id);
        uint16 member = entry.member;
        if (!_has(Roles.reviewer(member), msg.sender)) revert NotReviewer(member, msg.sender);
        if (msg.sender == entry.opener || msg.sender == entry.second) revert ReviewOfOwn(id, msg.sender);
        if (entry.reviewedAt != 0) revert AlreadyReviewed(id, entry.reviewedAt);
        if (!_isOver(entry)) revert OpeningRuns(id, entry.until);
        if (note == 0) revert NoteMissing();

        (entry.reviewedAt, entry.justified) = (uint40(block.timestamp), justified);
        _leave(member, entry);
        emit BreakGlassReviewed(id, msg.sender, justified, note);
    }

    /// @inheritdoc IBreakGlass
    function openingOf(bytes32 id) external view returns (Opening memory) {
        return _openings[id];
    }

    /// @inheritdoc IBreakGlass
    function standing(bytes32 id) external view returns (bytes32, address, uint40, bool) {
        Opening storage entry = _openings[id];
        return (entry.twin, entry.opener, entry.until, entry.ended);
    }

    /// @inheritdoc IBreakGlass
    function oldestUnreviewed(uint16 member) public view returns (bytes32 opening, uint40 due) {
        uint32 oldest = _waiting[member].oldest;
        if (oldest == 0) return (0, 0);
        opening = _idOf(member, oldest);
        due = _openings[opening].openedAt + REVIEW_SECONDS;
    }

    function _open(Claim calldata claim, address opener, Second calldata second) private returns (bytes32 id) {
        uint16 member = _requireOpenable(claim.twin);
        if (!_has(Roles.holder(member), opener)) revert NotHolder(member, opener);
        uint40 until = claim.until;
        if (until <= block.timestamp || until > block.timestamp + MOST_SECONDS) {
            revert OpeningTermUnexpected(until, block.timestamp, block.timestamp + MOST_SECONDS);
        }
        if (claim.reason == 0) revert ReasonMissing();
        _requireSecond(claim, member, opener, second);

        ++nonceOf[opener];
        id = _record(claim, member, opener, second.holder);
        emit BreakGlassOpened(
            id,
            claim.twin,
            opener,
            member,
            until,
            uint40(block.timestamp) + REVIEW_SECONDS,
            claim.reason,
            second.holder,
            _caseOf(id)
        );
    }

    function _record(Claim calldata claim, uint16 member, address opener, address holder) private returns (bytes32 id) {
        Waiting storage waiting = _waiting[member];
        uint32 n = ++waiting.count;
        id = _idOf(member, n);
        Opening storage entry = _openings[id];
        (entry.twin, entry.opener, entry.openedAt) = (claim.twin, opener, uint40(block.timestamp));
        (entry.until, entry.member, entry.second, entry.n) = (claim.until, member, holder, n);
        _join(waiting, member, entry);
    }

    /// @dev The twin is the one that its assignment's steward named, and lives.
    function _requireOpenable(bytes32 twin) private view returns (uint16 member) {
        (bytes32 device, bytes32 assignment, , , , , bool ended) = twinRegistry.twin(twin);
        Emergency storage named = emergencyTwin[assignment];
        if (twin == 0 || named.twin != twin) revert NoEmergencyTwin(assignment);
        if (ended) revert TwinEnded(twin);
        (, IDeviceRegistry.DeviceState state, , ) = deviceRegistry.standing(device);
        if (state == IDeviceRegistry.DeviceState.Retired) revert DeviceRetired(device);
        member = named.member;
        _requirePresent(member);
    }

    function _requirePresent(uint16 member) private view {
        if ((memberRegistry.presentMembers() >> member) & 1 == 0) {
            revert MemberNotPresent(member);
        }
    }

    /// @dev A second holder where one is named, and one is named where a review is overdue.
    function _requireSecond(Claim calldata claim, uint16 member, address opener, Second calldata second) private view {
        address holder = second.holder;
        if (holder == address(0)) {
            (bytes32 oldest, uint40 due) = oldestUnreviewed(member);
            if (oldest != 0 && block.timestamp >= due) revert ReviewOverdue(member, oldest, due);
            return;
        }
        if (holder == opener) revert SecondIsOpener(opener);
        if (!_has(Roles.holder(member), holder)) revert NotHolder(member, holder);
        _requireSigned(holder, claim, opener, second.deadline, second.signature);
    }

    function _requireSigned(
        address signer,
        Claim calldata claim,
        address opener,
        uint40 deadline,
        bytes calldata signature
    ) private view {
        if (block.timestamp > deadline) revert SignatureExpired(deadline, block.timestamp);
        bytes32 said = keccak256(
            abi.encode(CLAIM_TYPE, claim.twin, opener, claim.until, claim.reason, nonceOf[opener], deadline)
        );
        bytes32 digest = _hashTypedDataV4(said);
        if (!SignatureChecker.isValidSignatureNowCalldata(signer, digest, signature)) {
            revert SignatureInvalid(signer, digest);
        }
    }

    function _join(Waiting storage waiting, uint16 member, Opening storage entry) private {
        uint32 newest = waiting.newest;
        if (newest == 0) waiting.oldest = entry.n;
        else _openings[_idOf(member, newest)].next = entry.n;
        entry.before = newest;
        waiting.newest = entry.n;
    }

    function _leave(uint16 member, Opening storage entry) private {
        Waiting storage waiting = _waiting[member];
        (uint32 before, uint32 next) = (entry.before, entry.next);
        if (before == 0) waiting.oldest = next;
        else _openings[_idOf(member, before)].next = next;
        if (next == 0) waiting.newest = before;
        else _openings[_idOf(member, next)].before = before;
    }

    function _requireOpening(bytes32 id) private view returns (Opening storage entry) {
        entry = _openings[id];
        if (entry.openedAt == 0) revert OpeningUnknown(id);
    }

    function _isOver(Opening storage entry) private view returns (bool) {
        return entry.ended || block.timestamp >= entry.until;
    }

    function _has(uint64 role, address account) private view returns (bool has) {
        (has, ) = operators.hasRole(role, account);
    }

    function _caseOf(bytes32 id) private view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, address(this), id));
    }

    function _idOf(uint16 member, uint32 n) private view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, address(this), member, n));
    }
}
