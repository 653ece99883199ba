// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDeviceRegistry} from "../devices/IDeviceRegistry.sol";
import {IMemberRegistry} from "../members/IMemberRegistry.sol";
import {Cut} from "../twins/Cut.sol";
import {ITwinRegistry} from "../twins/ITwinRegistry.sol";
import {IGrantRegistry} from "./IGrantRegistry.sol";
import {Terms, TermsWord} from "./Terms.sol";

/// @title Grants and the one rule about them
/// @dev One slot per grant. Who gave what to whom is in the id: whoever acts on a grant brings its twin, reader and source
/// and so proves them; terms never change but for the revocation, so that a child's stay inside its parent's.
contract GrantRegistry is IGrantRegistry {
    struct Used {
        uint256 bits; // one for each of 256 nonces
    }

    uint8 private constant RESEARCH = 2;
    uint8 private constant AUDIT = 4;
    uint8 private constant SECURITY = 5;
    uint8 private constant DEPTH_MAX = 3;
    /// @dev care, emergency, research, maintenance, audit: what a steward can give.
    uint8 private constant GRANTABLE = 0x1f;
    /// @dev Purposes that a command may have: care, emergency, maintenance.
    uint8 private constant COMMANDING = 0x0b;

    IMemberRegistry public immutable memberRegistry;
    IDeviceRegistry public immutable deviceRegistry;
    ITwinRegistry public immutable twinRegistry;

    mapping(bytes32 id => Terms) private _terms;
    mapping(address grantor => mapping(uint256 nonces => Used)) private _nonces;

    constructor(IMemberRegistry memberRegistry_, IDeviceRegistry deviceRegistry_, ITwinRegistry twinRegistry_) {
        memberRegistry = memberRegistry_;
        deviceRegistry = deviceRegistry_;
        twinRegistry = twinRegistry_;
    }

    /// @inheritdoc IGrantRegistry
    function grant(bytes32 device, Grant calldata given, uint256 nonce) external returns (bytes32) {
        (Terms terms, address steward) = _requireGrantable(device, given);
        if (msg.sender != steward) revert NotSteward(device, msg.sender, steward);
        return _give(terms, given.twin, given.reader, msg.sender, 0, nonce);
    }

    /// @inheritdoc IGrantRegistry
    function delegate(
        bytes32 device,
        Grant calldata given,
        uint256 nonce,
        Source calldata source
    ) external returns (bytes32 id) {
        (Terms terms, ) = _requireGrantable(device, given);
        bytes32 parent = _sourced(given.twin, msg.sender, source);
        _requireWithin(terms, given.twin, parent);
        id = _give(terms, given.twin, given.reader, msg.sender, parent, nonce);
        emit Delegated(id, parent);
    }

    /// @inheritdoc IGrantRegistry
    function revoke(bytes32 twin, address reader, Source calldata source) external {
        bytes32 id = _sourced(twin, reader, source);
        Terms terms = _requireGrant(id);
        if (msg.sender != source.grantor) {
            bytes32 device = twinRegistry.deviceOf(twin);
            (address steward, , , ) = deviceRegistry.standing(device);
            if (msg.sender != steward) revert NotSteward(device, msg.sender, steward);
        }

        _terms[id] = terms.revoke(block.timestamp);
        emit Revoked(id, msg.sender);
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

    /// @inheritdoc IGrantRegistry
    function canRead(Ask calldata ask, Source[] calldata chain) external view returns (bool) {
        return explain(ask, chain) == Reason.Permitted;
    }

    /// @inheritdoc IGrantRegistry
    function nonceUsed(address grantor, uint256 nonce) external view returns (bool) {
        return (_nonces[grantor][nonce >> 8].bits >> (nonce & 0xff)) & 1 == 1;
    }

    /// @inheritdoc IGrantRegistry
    function explain(Ask calldata ask, Source[] calldata chain) public view returns (Reason) {
        Cut cut = twinRegistry.cuts(ask.device, ask.twin);
        if (!cut.exists()) return Reason.TwinUnknown;
        (, IDeviceRegistry.DeviceState state, uint24 assignments, bool assigned) = deviceRegistry.standing(ask.device);
        if (cut.isEnded(assignments, assigned)) return Reason.TwinEnded;

        bool isCommand = ask.action == Action.Command;
        uint8 purpose = ask.purpose;
        if (state == IDeviceRegistry.DeviceState.Retired) {
            // What a retired device said stays open to those who look for what went wrong.
            if (isCommand || (purpose != SECURITY && purpose != AUDIT)) return Reason.DeviceRetired;
        }
        if (cut.isSecurity() != (purpose == SECURITY)) return Reason.SecurityTwinOnly;
        uint64 segments = cut.segments();
        if (purpose == SECURITY) {
            // A current oracle needs no grant: the steward cannot close what detection sees.
            if (!memberRegistry.isOracle(ask.reader)) return Reason.ReaderNotOracle;
        } else {
            Terms terms = _terms[ask.grant];
            Reason reason = _explainGrant(ask, chain, terms, cut);
            if (reason != Reason.Permitted) return reason;
            segments &= terms.segments();
        }
        if (ask.segments == 0 || ask.segments & ~segments != 0) return Reason.SegmentsNotGranted;

        if (state == IDeviceRegistry.DeviceState.Quarantined) {
            // Care, emergency, maintenance and audit read on: a verdict never takes data away from care.
            if (isCommand || purpose == RESEARCH) return Reason.DeviceQuarantined;
        }
        if (isCommand) {
            if (ask.segments & ~cut.commands() != 0 || !_has(COMMANDING, purpose)) return Reason.CommandNotInTwin;
        }
        return Reason.Permitted;
    }

    /// @dev Checks 6 to 13: the grant and those above it, without the segments.
    function _explainGrant(
        Ask calldata ask,
        Source[] calldata chain,
        Terms terms,
        Cut cut
    ) private view returns (Reason) {
        if (!terms.exists()) return Reason.GrantUnknown;
        if (!_leadsTo(ask, chain)) return Reason.GrantForOther;
        if (terms.revokedAt() != 0) return Reason.GrantRevoked;
        // Of a chain all grants have one epoch: a parent's was the present one when its child was given.
        if (terms.epoch() != cut.epoch()) return Reason.EpochRaised;
        for (uint256 i = 1; i < chain.length; ++i) {
            if (_terms[chain[i - 1].parent].revokedAt() != 0) return Reason.ParentRevoked;
        }
        if (block.timestamp < terms.from()) return Reason.GrantNotStarted;
        if (block.timestamp >= terms.until()) return Reason.GrantExpired;
        if (!_has(terms.purposes(), ask.purpose)) return Reason.PurposeNotGranted;
        return Reason.Permitted;
    }

    /// @dev Whether the sources make the grant asked under out of its twin and reader, each parent likewise, up to a
    /// steward's own. A grant that exists was given by these very people: its id is the hash of them.
    function _leadsTo(Ask calldata ask, Source[] calldata chain) private pure returns (bool) {
        bytes32 expected = ask.grant;
        address reader = ask.reader;
        for (uint256 i = 0; i < chain.length; ++i) {
            Source calldata source = chain[i];
            if (_sourced(ask.twin, reader, source) != expected) return false;
            (expected, reader) = (source.parent, source.grantor);
        }
        return chain.length != 0 && expected == 0;
    }

    /// @dev What holds for every grant, whoever gives it.
    function _requireGrantable(
        bytes32 device,
        Grant calldata given
    ) private view returns (Terms terms, address steward) {
        // Packed first: calldata is checked anew at every look.
        terms = TermsWord.pack(given.from, given.until, given.segments, given.purposes, given.depth);
        uint40 until = terms.until();
        if (given.reader == address(0)) revert ReaderZero();
        if (until <= terms.from()) revert GrantTermEmpty(terms.from(), until);
        if (until <= block.timestamp) revert GrantExpired(until, block.timestamp);
        uint8 purposes = terms.purposes();
        if (purposes == 0 || purposes & ~GRANTABLE != 0) revert PurposesRefused(purposes);
        if (terms.depth() > DEPTH_MAX) revert DepthTooGreat(terms.depth(), DEPTH_MAX);
        bytes32 twin = given.twin;
        Cut cut = twinRegistry.cuts(device, twin);
        if (!cut.exists()) revert TwinUnknown(twin);
        IDeviceRegistry.DeviceState state;
        uint24 assignments;
        bool assigned;
        (steward, state, assignments, assigned) = deviceRegistry.standing(device);
        if (cut.isEnded(assignments, assigned)) revert TwinEnded(twin);
        if (cut.isSecurity()) revert SecurityTwinOnly(twin);
        if (state == IDeviceRegistry.DeviceState.Retired) revert DeviceRetired(device);
        uint64 segments = terms.segments();
        if (segments == 0 || segments & ~cut.segments() != 0) revert SegmentsNotInTwin(twin, segments, cut.segments());
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

    /// @dev A grant that was given and not revoked.
    function _requireGrant(bytes32 id) private view returns (Terms terms) {
        terms = _terms[id];
        if (!terms.exists()) revert GrantUnknown(id);
        uint40 revokedAt = terms.revokedAt();
        if (revokedAt != 0) revert GrantRevoked(id, revokedAt);
    }

    function _give(
        Terms terms,
        bytes32 twin,
        address reader,
        address grantor,
        bytes32 parent,
        uint256 nonce
    ) private returns (bytes32 id) {
        _useNonce(grantor, nonce);
        id = _idOf(twin, reader, grantor, parent, nonce);
        _terms[id] = terms;
        emit Granted(id, twin, reader, grantor, nonce, terms);
    }

    function _useNonce(address grantor, uint256 nonce) private {
        Used storage used = _nonces[grantor][nonce >> 8];
        uint256 bit = 1 << (nonce & 0xff);
        uint256 bits = used.bits;
        if (bits & bit != 0) revert NonceUsed(grantor, nonce);
        used.bits = bits | bit;
    }

    function _sourced(bytes32 twin, address reader, Source calldata source) private pure returns (bytes32) {
        return _idOf(twin, reader, source.grantor, source.parent, source.nonce);
    }

    /// @dev keccak256(abi.encode(…)) of the five, above the free memory pointer and leaving that as it is.
    function _idOf(
        bytes32 twin,
        address reader,
        address grantor,
        bytes32 parent,
        uint256 nonce
    ) private pure returns (bytes32 id) {
        assembly ("memory-safe") {
            let start := mload(0x40)
            mstore(start, twin)
            mstore(add(start, 0x20), shr(96, shl(96, reader)))
            mstore(add(start, 0x40), shr(96, shl(96, grantor)))
            mstore(add(start, 0x60), parent)
            mstore(add(start, 0x80), nonce)
            id := keccak256(start, 0xa0)
        }
    }

    /// @dev False for a purpose that does not exist.
    function _has(uint8 purposes, uint8 purpose) private pure returns (bool) {
        return (uint256(purposes) >> purpose) & 1 == 1;
    }
}
