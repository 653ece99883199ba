// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDeviceRegistry} from "../devices/IDeviceRegistry.sol";
import {IMemberRegistry} from "../members/IMemberRegistry.sol";
import {Cut} from "../twins/Cut.sol";
import {ITwinRegistry} from "../twins/ITwinRegistry.sol";
import {Consents} from "./Consents.sol";
import {IBreakGlass} from "./IBreakGlass.sol";
import {IGrantRegistry} from "./IGrantRegistry.sol";
import {Terms} from "./Terms.sol";

/// @title The one rule about what may be done with a twin
abstract contract Decisions is IGrantRegistry, Consents {
    uint8 private constant EMERGENCY = 1;
    uint8 private constant RESEARCH = 2;
    uint8 private constant AUDIT = 4;
    uint8 private constant SECURITY = 5;
    /// @dev Purposes that a command may have: care, emergency, maintenance.
    uint8 private constant COMMANDING = 0x0b;

    IMemberRegistry public immutable memberRegistry;
    IDeviceRegistry public immutable deviceRegistry;
    IBreakGlass private immutable _breakGlass;

    mapping(bytes32 id => Terms) internal _terms;

    constructor(
        IMemberRegistry memberRegistry_,
        IDeviceRegistry deviceRegistry_,
        ITwinRegistry twinRegistry_,
        IBreakGlass breakGlass_
    ) Consents(twinRegistry_) {
        memberRegistry = memberRegistry_;
        deviceRegistry = deviceRegistry_;
        _breakGlass = breakGlass_;
    }

    /// @inheritdoc IGrantRegistry
    function canRead(Ask calldata ask, Source[] calldata chain) external view returns (bool) {
        return explain(ask, chain) == Reason.Permitted;
    }

    /// @inheritdoc IGrantRegistry
    function explain(Ask calldata ask, Source[] calldata chain) public view returns (Reason) {
        (Cut cut, , IDeviceRegistry.DeviceState state, uint24 assignments, bool assigned) = deviceRegistry.standingWith(
            ask.device,
            ask.twin
        );
        if (!cut.exists()) return Reason.TwinUnknown;
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
            Reason reason = terms.exists() ? _explainGrant(ask, chain, terms, cut) : _explainOpening(ask);
            if (reason != Reason.Permitted) return reason;
            // Whoever broke the glass reads the whole emergency twin and needs nobody's consent.
            if (terms.exists()) {
                // At the end of the chain of grants: whoever reads is whom the subject agreed to, not those before.
                if (_has(cut.consent(), purpose) && !_has(consentOf[ask.twin][ask.reader].purposes, purpose)) {
                    return Reason.ConsentMissing;
                }
                segments &= terms.segments();
            }
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

    /// @dev Where no grant has this id: whether the glass was broken under it. So who reads by a grant pays nothing for this.
    function _explainOpening(Ask calldata ask) private view returns (Reason) {
        (bytes32 twin, address opener, uint40 until, bool ended) = _breakGlass.standing(ask.grant);
        if (opener == address(0)) return Reason.GrantUnknown;
        if (twin != ask.twin || opener != ask.reader) return Reason.GrantForOther;
        if (ended) return Reason.BreakGlassEnded;
        if (block.timestamp >= until) return Reason.BreakGlassExpired;
        return ask.purpose == EMERGENCY ? Reason.Permitted : Reason.PurposeNotGranted;
    }

    /// @dev Checks 6 to 13: the grant and those above it, without the segments.
    function _explainGrant(
        Ask calldata ask,
        Source[] calldata chain,
        Terms terms,
        Cut cut
    ) private view returns (Reason) {
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

    function _sourced(bytes32 twin, address reader, Source calldata source) internal pure returns (bytes32) {
        return _idOf(twin, reader, source.grantor, source.parent, source.nonce);
    }

    /// @dev keccak256(abi.encode(…)) of the five, above the free memory pointer and leaving that as it is.
    function _idOf(
        bytes32 twin,
        address reader,
        address grantor,
        bytes32 parent,
        uint256 nonce
    ) internal pure returns (bytes32 id) {
        (uint256 to, uint256 by) = (uint160(reader), uint160(grantor));
        assembly ("memory-safe") {
            let start := mload(0x40)
            mstore(start, twin)
            mstore(add(start, 0x20), to)
            mstore(add(start, 0x40), by)
            mstore(add(start, 0x60), parent)
            mstore(add(start, 0x80), nonce)
            id := keccak256(start, 0xa0)
        }
    }

    /// @dev False for a purpose that does not exist.
    function _has(uint8 purposes, uint8 purpose) internal pure returns (bool) {
        return (uint256(purposes) >> purpose) & 1 == 1;
    }
}
