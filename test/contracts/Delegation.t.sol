// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGrantRegistry} from "../../contracts/grants/IGrantRegistry.sol";
import {ITwinRegistry} from "../../contracts/twins/ITwinRegistry.sol";
import {SignedGrants} from "./SignedGrants.sol";

/// @dev Passing grants on, and ending many at once: one suite, through both doors.
abstract contract Delegations is SignedGrants {
    bytes32 internal device;
    bytes32 private securityTwin;
    bytes32 internal twin;
    address private nurse = vm.addr(0x71);
    address private locum = vm.addr(0x72);
    address private student = vm.addr(0x73);

    function setUp() public override {
        super.setUp();
        (device, securityTwin) = activeDevice(DEVICE_KEY);
        twin = openTwin(device, 0x0f, 0x03);
    }

    function terms(address to, uint8 depth) private view returns (IGrantRegistry.Grant memory given) {
        given = someGrant(twin);
        (given.reader, given.depth) = (to, depth);
    }

    function reasonOf(
        address who,
        bytes32 id,
        IGrantRegistry.Source[] memory chain
    ) private view returns (IGrantRegistry.Reason) {
        IGrantRegistry.Ask memory ask = readAsk(twin, id, CARE);
        ask.reader = who;
        return grants.explain(ask, chain);
    }

    function expects(
        IGrantRegistry.Reason reason,
        address who,
        bytes32 id,
        IGrantRegistry.Source[] memory chain,
        string memory claim
    ) private view {
        checkEqual(uint8(reason), uint8(reasonOf(who, id, chain)), claim);
    }

    /// @dev steward → nurse → locum → student, `links` of them; every id, and the student's chain first.
    function passDown(
        uint256 links
    ) private returns (bytes32[] memory ids, IGrantRegistry.Source[] memory chain, address[4] memory people) {
        people = [steward, nurse, locum, student];
        ids = new bytes32[](links);
        chain = new IGrantRegistry.Source[](links);
        for (uint8 i = 0; i < links; ++i) {
            IGrantRegistry.Grant memory given = terms(people[i + 1], 3 - i);
            ids[i] = i == 0 ? give(given, 1) : enter(people[i], given, 1, chain[links - i]);
            chain[links - 1 - i] = IGrantRegistry.Source(people[i], i == 0 ? bytes32(0) : ids[i - 1], 1);
        }
    }

    /// @dev Passes on through this door; `evidence`, where there is any, is what it must be refused with.
    function enter(
        address by,
        IGrantRegistry.Grant memory given,
        uint256 nonce,
        IGrantRegistry.Source memory source,
        bytes memory evidence
    ) internal virtual returns (bytes32);

    function enter(
        address by,
        IGrantRegistry.Grant memory given,
        uint256 nonce,
        IGrantRegistry.Source memory source
    ) private returns (bytes32) {
        return enter(by, given, nonce, source, "");
    }

    // Refusals

    function refuses(IGrantRegistry.Grant memory given, bytes memory evidence) private {
        enter(nurse, given, 5, direct(1), evidence);
    }

    function test_refusesWhatIsNotTheirs() public {
        bytes32 unknown = idOf(twin, nurse, direct(1));
        refuses(terms(locum, 0), abi.encodeWithSelector(IGrantRegistry.GrantUnknown.selector, unknown));
        give(terms(nurse, 1), 1);
        unknown = idOf(twin, stranger, direct(1));
        bytes memory evidence = abi.encodeWithSelector(IGrantRegistry.GrantUnknown.selector, unknown);
        enter(stranger, terms(locum, 0), 5, direct(1), evidence);
        bytes32 sibling = openTwin(device, 0x0f, 0);
        IGrantRegistry.Grant memory given = terms(locum, 0);
        given.twin = sibling;
        unknown = idOf(sibling, nurse, direct(1));
        refuses(given, abi.encodeWithSelector(IGrantRegistry.GrantUnknown.selector, unknown));
    }

    /// @dev Each way to exceed the parent, alone; and what does not exceed it.
    function testFuzz_refusesMoreThanTheParentHas(uint8 way, uint32 much) public {
        IGrantRegistry.Grant memory above = terms(nurse, 2);
        (above.segments, above.purposes) = (0x05, 0x11);
        bytes32 parent = give(above, 1);
        IGrantRegistry.Grant memory given = terms(locum, 1);
        (given.segments, given.purposes) = (0x04, 0x10);
        way = uint8(bound(way, 0, 5));
        uint40 more = uint40(bound(much, 1, 3_000));
        if (way == 0) given.segments |= 0x02;
        if (way == 1) given.purposes |= 0x02;
        if (way == 2) given.from -= more;
        if (way == 3) given.until += more;
        if (way == 4) given.depth = 2;
        if (way < 5) refuses(given, abi.encodeWithSelector(IGrantRegistry.DelegationExceedsParent.selector, parent));
        else enter(nurse, given, 5, direct(1));
    }

    function test_whatMayNotBePassedOnIsNot() public {
        bytes32 parent = give(terms(nurse, 0), 1);
        refuses(terms(locum, 0), abi.encodeWithSelector(IGrantRegistry.DelegationExceedsParent.selector, parent));
    }

    function test_refusesWhatHasEnded() public {
        bytes32 parent = give(terms(nurse, 1), 1);
        vm.prank(steward);
        twins.raiseEpoch(twin);
        refuses(terms(locum, 0), abi.encodeWithSelector(IGrantRegistry.EpochRaised.selector, twin, 0, 1));
        vm.prank(steward);
        grants.revoke(twin, nurse, direct(1));
        refuses(terms(locum, 0), abi.encodeWithSelector(IGrantRegistry.GrantRevoked.selector, parent, NOW));
        vm.warp(NOW + 3600);
        refuses(
            terms(locum, 0),
            abi.encodeWithSelector(IGrantRegistry.GrantExpired.selector, uint40(NOW + 3600), NOW + 3600)
        );
    }

    function test_aNonceIsTheGrantorsOwn() public {
        give(terms(nurse, 1), 1);
        enter(nurse, terms(locum, 0), 1, direct(1));
        bytes memory evidence = abi.encodeWithSelector(IGrantRegistry.NonceUsed.selector, nurse, 1);
        enter(nurse, terms(student, 0), 1, direct(1), evidence);
    }

    // What is passed on

    function test_tellsWhatWasPassedOn() public {
        bytes32 parent = give(terms(nurse, 1), 1);
        IGrantRegistry.Source memory source = IGrantRegistry.Source(nurse, parent, 8);
        bytes32 expected = idOf(twin, locum, source);
        vm.expectEmit();
        emit IGrantRegistry.Delegated(expected, parent);
        bytes32 id = enter(nurse, terms(locum, 0), 8, direct(1));
        checkEqual(expected, id, "id");
    }

    /// @dev Whichever link is revoked: all before it read on, it and all after it do not.
    function testFuzz_aRevokedLinkEndsAllBelow(uint8 which) public {
        (bytes32[] memory ids, IGrantRegistry.Source[] memory chain, address[4] memory people) = passDown(3);
        which = uint8(bound(which, 0, 3));
        if (which < 3) {
            vm.prank(people[which]);
            grants.revoke(twin, people[which + 1], chain[2 - which]);
        }
        for (uint256 i = 0; i < 3; ++i) {
            IGrantRegistry.Source[] memory own = new IGrantRegistry.Source[](i + 1);
            for (uint256 k = 0; k <= i; ++k) own[k] = chain[2 - i + k];
            IGrantRegistry.Reason expected =
                i == which
                    ? IGrantRegistry.Reason.GrantRevoked
                    : i > which
                        ? IGrantRegistry.Reason.ParentRevoked
                        : IGrantRegistry.Reason.Permitted;
            expects(expected, people[i + 1], ids[i], own, "by its place in the chain");
        }
    }

    /// @dev A chain that is cut short, turned round or mended with somebody else's links shows nothing.
    function test_onlyTheWholeChainCounts() public {
        (bytes32[] memory ids, IGrantRegistry.Source[] memory chain, ) = passDown(3);
        expects(IGrantRegistry.Reason.Permitted, student, ids[2], chain, "whole");
        IGrantRegistry.Source[] memory part = new IGrantRegistry.Source[](2);
        (part[0], part[1]) = (chain[0], chain[1]);
        expects(IGrantRegistry.Reason.GrantForOther, student, ids[2], part, "without its beginning");
        (part[0], part[1]) = (chain[1], chain[2]);
        expects(IGrantRegistry.Reason.GrantForOther, student, ids[2], part, "without its end");
        (chain[1], chain[2]) = (chain[2], chain[1]);
        expects(IGrantRegistry.Reason.GrantForOther, student, ids[2], chain, "in another order");
        (chain[1], chain[2]) = (chain[2], direct(2));
        expects(IGrantRegistry.Reason.GrantForOther, student, ids[2], chain, "with another beginning");
    }

    function test_stewardsRevokeWhatWasPassedOn() public {
        (bytes32[] memory ids, IGrantRegistry.Source[] memory chain, ) = passDown(2);
        refused(stranger, abi.encodeWithSelector(IGrantRegistry.NotSteward.selector, device, stranger, steward));
        grants.revoke(twin, locum, chain[0]);
        vm.prank(steward);
        grants.revoke(twin, locum, chain[0]);
        expects(IGrantRegistry.Reason.GrantRevoked, locum, ids[1], chain, "ended");
        expects(IGrantRegistry.Reason.Permitted, nurse, ids[0], chainOf(direct(1)), "the parent reads on");
    }

    // All grants of a twin

    function test_refusesToRaise() public {
        refused(stranger, abi.encodeWithSelector(ITwinRegistry.NotSteward.selector, device, stranger, steward));
        twins.raiseEpoch(twin);
        refused(steward, abi.encodeWithSelector(ITwinRegistry.TwinUnknown.selector, MODEL));
        twins.raiseEpoch(MODEL);
        refused(steward, abi.encodeWithSelector(ITwinRegistry.SecurityTwinOnly.selector, securityTwin));
        twins.raiseEpoch(securityTwin);
    }

    /// @dev All that was given before ends, what is given after reads, and other twins do not notice.
    function test_anEpochEndsAllGrantsOfItsTwin() public {
        (bytes32[] memory ids, IGrantRegistry.Source[] memory chain, ) = passDown(2);
        bytes32 sibling = openTwin(device, 0x0f, 0);
        IGrantRegistry.Grant memory given = terms(nurse, 0);
        given.twin = sibling;
        bytes32 other = give(given, 2);
        vm.expectEmit();
        emit ITwinRegistry.EpochRaised(twin, 1);
        vm.prank(steward);
        twins.raiseEpoch(twin);
        expects(IGrantRegistry.Reason.EpochRaised, nurse, ids[0], chainOf(direct(1)), "the first");
        expects(IGrantRegistry.Reason.EpochRaised, locum, ids[1], chain, "and what was passed on");
        IGrantRegistry.Ask memory ask = readAsk(sibling, other, CARE);
        ask.reader = nurse;
        check(grants.canRead(ask, chainOf(direct(2))), "the other twin's reads");
        bytes32 next = give(terms(nurse, 0), 3);
        expects(IGrantRegistry.Reason.Permitted, nurse, next, chainOf(direct(3)), "a new one reads");
    }

    /// @dev Taking back is refused neither after the end of the twin nor after retirement.
    function test_whatHasEndedCanStillBeTakenBack() public {
        give(terms(nurse, 1), 1);
        bytes32 assignment = twins.openAssignment(device);
        vm.prank(steward);
        twins.endAssignment(assignment, 9);
        vm.prank(steward);
        devices.retire(device);
        vm.prank(steward);
        twins.raiseEpoch(twin);
        vm.prank(steward);
        grants.revoke(twin, nurse, direct(1));
    }
}

contract DirectDelegationTest is Delegations {
    function enter(
        address by,
        IGrantRegistry.Grant memory given,
        uint256 nonce,
        IGrantRegistry.Source memory source,
        bytes memory evidence
    ) internal override returns (bytes32) {
        if (evidence.length != 0) vm.expectRevert(evidence);
        vm.prank(by);
        return grants.delegate(device, given, nonce, source);
    }
}

contract SignedDelegationTest is Delegations {
    function enter(
        address by,
        IGrantRegistry.Grant memory given,
        uint256 nonce,
        IGrantRegistry.Source memory source,
        bytes memory evidence
    ) internal override returns (bytes32) {
        uint256 key = by == stranger ? 0x53 : 0x71;
        while (vm.addr(key) != by) ++key;
        uint32 epoch = twins.cuts(device, given.twin).epoch();
        bytes32 said_ = said(given, idOf(given.twin, by, source), epoch, nonce, LATER);
        bytes memory signature = signWith(key, digestOf(said_));
        if (evidence.length != 0) vm.expectRevert(evidence);
        vm.prank(relayer);
        return grants.relayDelegation(device, given, nonce, by, source, LATER, signature);
    }
}
