// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IDeviceRegistry} from "../devices/IDeviceRegistry.sol";
import {IMemberRegistry} from "../members/IMemberRegistry.sol";
import {IPausable} from "../operators/IPausable.sol";
import {Cut} from "../twins/Cut.sol";
import {ITwinRegistry} from "../twins/ITwinRegistry.sol";
import {Decisions} from "./Decisions.sol";
import {IBreakGlass} from "./IBreakGlass.sol";
import {IGrantRegistry} from "./IGrantRegistry.sol";
import {Terms, TermsWord} from "./Terms.sol";

/// @title Giving, passing on and taking back
/// @dev One slot per grant. Who gave what to whom is in the id: whoever acts on a grant brings its twin, reader and source
/// and so proves them; terms never change but for the revocation, so that a child's stay inside its parent's.
contract GrantRegistry is IGrantRegistry, IPausable, Decisions, AccessManaged {
    uint8 private constant DEPTH_MAX = 3;
    /// @dev care, emergency, research, maintenance, audit: what a steward can give.
    uint8 private constant GRANTABLE = 0x1f;
    /// @dev care, emergency: where data that does not come can do more harm than data that should not.
    uint8 private constant CONTINUABLE = 0x03;
    bytes private constant GRANT =
        "Grant(bytes32 twin,address reader,uint40 from,uint40 until,uint64 segments,uint8 purposes,uint8 depth,bytes32 parent,uint32 epoch,uint256 nonce,uint40 deadline)";
    bytes32 private constant GRANT_TYPE = keccak256(GRANT);
    bytes32 private constant BATCH_TYPE = keccak256(bytes.concat("GrantBatch(Grant[] grants)", GRANT));
    bytes32 private constant REVOCATION_TYPE = keccak256("Revocation(bytes32 grant,uint40 deadline)");

    uint40 private constant PAUSED_AT_LEAST = 1 hours;

    /// @dev Seconds; zero: not paused.
    uint40 private _pausedAt;
    mapping(bytes32 grant => bool) public hasContinuity;

    constructor(
        IMemberRegistry memberRegistry_,
        IDeviceRegistry deviceRegistry_,
        ITwinRegistry twinRegistry_,
        IBreakGlass breakGlass_,
        address operators
    ) Decisions(memberRegistry_, deviceRegistry_, twinRegistry_, breakGlass_) AccessManaged(operators) {}

    /// @inheritdoc IPausable
    function pause() external restricted {
        // A second pause does not begin the hour again, or it would put off a resumption that everybody was told of.
        if (_pausedAt == 0) _pausedAt = uint40(block.timestamp);
        emit Paused(msg.sender);
    }

    /// @inheritdoc IPausable
    function resume() external restricted {
        uint40 since = _pausedAt;
        if (since == 0 || block.timestamp < since + PAUSED_AT_LEAST) revert ResumedTooEarly(since, block.timestamp);
        _pausedAt = 0;
        emit Resumed(msg.sender);
    }

    /// @inheritdoc IPausable
    function paused() external view returns (bool) {
        return _pausedAt != 0;
    }

    /// @inheritdoc IGrantRegistry
    function grant(bytes32 device, Grant calldata given, uint256 nonce) external returns (bytes32) {
        (Terms terms, address steward) = _requireGrantable(device, given);
        if (msg.sender != steward) revert NotSteward(device, msg.sender, steward);
        return _give(terms, given.twin, given.reader, msg.sender, 0, nonce);
    }

    /// @inheritdoc IGrantRegistry
    function relayGrant(
        bytes32 device,
        Grant calldata given,
        uint256 nonce,
        uint40 deadline,
        bytes calldata signature
    ) external returns (bytes32) {
        (Terms terms, address steward) = _requireGrantable(device, given);
        _requireSigned(steward, _said(given, terms, 0, nonce, deadline), deadline, signature);
        return _give(terms, given.twin, given.reader, steward, 0, nonce);
    }

    /// @inheritdoc IGrantRegistry
    function relayGrants(
        bytes32 device,
        Grant[] calldata given,
        uint256[] calldata nonces,
        uint40 deadline,
        bytes calldata signature
    ) external returns (bytes32[] memory ids) {
        if (given.length == 0 || nonces.length != given.length) revert BatchUneven(given.length, nonces.length);
        ids = new bytes32[](given.length);
        bytes32[] memory said = new bytes32[](given.length);
        address steward;
        for (uint256 i = 0; i < given.length; ++i) {
            Terms terms;
            (terms, steward) = _requireGrantable(device, given[i]);
            said[i] = _said(given[i], terms, 0, nonces[i], deadline);
            ids[i] = _give(terms, given[i].twin, given[i].reader, steward, 0, nonces[i]);
        }
        // Last, because it is over all of them: whatever was written above is undone where it is not the steward's.
        bytes32 all = keccak256(abi.encodePacked(said));
        _requireSigned(steward, keccak256(abi.encode(BATCH_TYPE, all)), deadline, signature);
    }

    /// @inheritdoc IGrantRegistry
    function relayDelegation(
        bytes32 device,
        Grant calldata given,
        uint256 nonce,
        address grantor,
        Source calldata source,
        uint40 deadline,
        bytes calldata signature
    ) external returns (bytes32) {
        (Terms terms, ) = _requireGrantable(device, given);
        bytes32 parent = _sourced(given.twin, grantor, source);
        _requireWithin(terms, given.twin, parent);
        _requireSigned(grantor, _said(given, terms, parent, nonce, deadline), deadline, signature);
        return _pass(terms, given, grantor, parent, nonce);
    }

    /// @inheritdoc IGrantRegistry
    function delegate(
        bytes32 device,
        Grant calldata given,
        uint256 nonce,
        Source calldata source
    ) external returns (bytes32) {
        (Terms terms, ) = _requireGrantable(device, given);
        bytes32 parent = _sourced(given.twin, msg.sender, source);
        _requireWithin(terms, given.twin, parent);
        return _pass(terms, given, msg.sender, parent, nonce);
    }

    /// @inheritdoc IGrantRegistry
    function revoke(bytes32 twin, address reader, Source calldata source) external {
        address grantor = source.grantor;
        bytes32 id = _idOf(twin, reader, grantor, source.parent, source.nonce);
        Terms terms = _requireGrant(id);
        if (msg.sender != grantor) _requireSteward(twin, msg.sender);

        _terms[id] = terms.revoke(block.timestamp);
        emit Revoked(id, msg.sender);
    }

    /// @inheritdoc IGrantRegistry
    function relayRevocation(
        bytes32 twin,
        address reader,
        address signer,
        Source calldata source,
        uint40 deadline,
        bytes calldata signature
    ) external {
        address grantor = source.grantor;
        bytes32 id = _idOf(twin, reader, grantor, source.parent, source.nonce);
        Terms terms = _requireGrant(id);
        if (signer != grantor) _requireSteward(twin, signer);
        _requireSigned(signer, keccak256(abi.encode(REVOCATION_TYPE, id, deadline)), deadline, signature);

        // Written out here too: a call of a shared function costs `revoke` more than it may.
        _terms[id] = terms.revoke(block.timestamp);
        emit Revoked(id, signer);
    }

    /// @inheritdoc IGrantRegistry
    function setContinuity(bytes32 twin, address reader, bool on, Source calldata source) external {
        bytes32 id = _idOf(twin, reader, source.grantor, source.parent, source.nonce);
        Terms terms = _requireGrant(id);
        _requireSteward(twin, msg.sender);
        uint8 purposes = terms.purposes();
        if (on && purposes & ~CONTINUABLE != 0) revert PurposesRefused(purposes);

        hasContinuity[id] = on;
        emit ContinuitySet(id, on);
    }

    /// @inheritdoc IGrantRegistry
    function grantOf(bytes32 id) external view returns (uint40, uint40, uint64, uint8, uint8, uint32, uint40) {
        Terms terms = _terms[id];
        return (
            terms.from(),
            terms.until(),
            terms.segments(),
            terms.purposes(),
            terms.depth(),
            terms.epoch(),
            terms.revokedAt()
        );
    }

    /// @dev What holds for every grant, whoever gives it.
    function _requireGrantable(
        bytes32 device,
        Grant calldata given
    ) private view returns (Terms terms, address steward) {
        if (_pausedAt != 0) revert GrantsPaused();
        // Packed first: calldata is checked anew at every look.
        terms = TermsWord.pack(given.from, given.until, given.segments, given.purposes, given.depth);
        uint40 until = terms.until();
        if (until <= terms.from()) revert GrantTermEmpty(terms.from(), until);
        if (until <= block.timestamp) revert GrantExpired(until, block.timestamp);
        uint8 purposes = terms.purposes();
        if (purposes == 0 || purposes > GRANTABLE) revert PurposesRefused(purposes);
        if (terms.depth() > DEPTH_MAX) revert DepthTooGreat(terms.depth(), DEPTH_MAX);
        bytes32 twin = given.twin;
        Cut cut;
        IDeviceRegistry.DeviceState state;
        uint24 assignments;
        bool assigned;
        (cut, steward, state, assignments, assigned) = deviceRegistry.standingWith(device, twin);
        if (!cut.exists()) revert TwinUnknown(twin);
        if (cut.isSecurity()) revert SecurityTwinOnly(twin);
        if (!cut.isOpen(assignments, assigned)) revert TwinEnded(twin);
        if (state == IDeviceRegistry.DeviceState.Retired) revert DeviceRetired(device);
        uint64 segments = terms.segments();
        if (segments == 0 || segments & cut.segments() != segments)
            revert SegmentsNotInTwin(twin, segments, cut.segments());
        terms = terms.inEpoch(cut.epoch());
    }

    function _requireWithin(Terms terms, bytes32 twin, bytes32 parent) private view {
        Terms above = _requireGrant(parent);
        if (above.epoch() != terms.epoch()) revert EpochRaised(twin, above.epoch(), terms.epoch());
        bool within =
            terms.segments() & ~above.segments() == 0 &&
                terms.purposes() & ~above.purposes() == 0 &&
                terms.from() >= above.from() &&
                terms.until() <= above.until() &&
                terms.depth() < above.depth();
        if (!within) revert DelegationExceedsParent(parent);
    }

    /// @dev Who acts is the steward of the twin's device at this time.
    function _requireSteward(bytes32 twin, address by) private view {
        bytes32 device = twinRegistry.deviceOf(twin);
        (address steward, , , ) = deviceRegistry.standing(device);
        if (by != steward) revert NotSteward(device, by, steward);
    }

    /// @dev A grant that was given and not revoked.
    function _requireGrant(bytes32 id) private view returns (Terms terms) {
        terms = _terms[id];
        if (!terms.exists()) revert GrantUnknown(id);
        uint40 revokedAt = terms.revokedAt();
        if (revokedAt != 0) revert GrantRevoked(id, revokedAt);
    }

    function _pass(
        Terms terms,
        Grant calldata given,
        address grantor,
        bytes32 parent,
        uint256 nonce
    ) private returns (bytes32 id) {
        id = _give(terms, given.twin, given.reader, grantor, parent, nonce);
        emit Delegated(id, parent);
    }

    function _give(
        Terms terms,
        bytes32 twin,
        address reader,
        address grantor,
        bytes32 parent,
        uint256 nonce
    ) private returns (bytes32 id) {
        if (reader == address(0)) revert ReaderZero();
        _useNonce(grantor, nonce);
        id = _idOf(twin, reader, grantor, parent, nonce);
        _terms[id] = terms;
        emit Granted(id, twin, reader, grantor, nonce, terms);
    }

    /// @dev The grant as its grantor signs it: in the twin's present epoch, so that raising that kills what was not used.
    function _said(
        Grant calldata given,
        Terms terms,
        bytes32 parent,
        uint256 nonce,
        uint40 deadline
    ) private pure returns (bytes32) {
        return
            keccak256(
                abi.encode(
                    GRANT_TYPE,
                    given.twin,
                    given.reader,
                    terms.from(),
                    terms.until(),
                    terms.segments(),
                    terms.purposes(),
                    terms.depth(),
                    parent,
                    terms.epoch(),
                    nonce,
                    deadline
                )
            );
    }
}
