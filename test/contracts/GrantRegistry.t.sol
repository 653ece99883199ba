// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGrantRegistry} from "../../contracts/grants/IGrantRegistry.sol";
import {Consortium} from "./Consortium.sol";

contract GrantRegistryTest is Consortium {
    bytes32 private device;
    bytes32 private securityTwin;
    bytes32 private twin;

    function setUp() public override {
        super.setUp();
        (device, securityTwin) = activeDevice(DEVICE_KEY);
        twin = openTwin(device, 0x0f, 0x03);
    }

    function refuses(IGrantRegistry.Grant memory given, bytes memory evidence) private {
        refused(steward, evidence);
        grants.grant(given, 9);
    }

    function reasonOf(IGrantRegistry.Ask memory ask) private view returns (uint8) {
        return uint8(grants.explain(ask));
    }

    // Refusals

    function test_refusesGrants() public {
        IGrantRegistry.Grant memory given = someGrant(twin);
        refused(stranger, abi.encodeWithSelector(IGrantRegistry.NotSteward.selector, device, stranger, steward));
        grants.grant(given, 9);

        given.reader = address(0);
        refuses(given, abi.encodeWithSelector(IGrantRegistry.ReaderZero.selector));
        given = someGrant(twin);
        given.twin = MODEL;
        refuses(given, abi.encodeWithSelector(IGrantRegistry.TwinUnknown.selector, MODEL));
        given.twin = securityTwin;
        refuses(given, abi.encodeWithSelector(IGrantRegistry.SecurityTwinOnly.selector, securityTwin));
    }

    function testFuzz_refusesTerms(uint40 from, uint40 until) public {
        IGrantRegistry.Grant memory given = someGrant(twin);
        (given.from, given.until) = (from, until);
        if (until <= from) {
            refuses(given, abi.encodeWithSelector(IGrantRegistry.GrantTermEmpty.selector, from, until));
        } else if (until <= NOW) {
            refuses(given, abi.encodeWithSelector(IGrantRegistry.GrantExpired.selector, until, NOW));
        } else {
            give(given, 9);
        }
    }

    function testFuzz_refusesSegmentsBeyondTheTwin(uint64 segments) public {
        IGrantRegistry.Grant memory given = someGrant(twin);
        given.segments = segments;
        if (segments == 0 || segments & ~uint64(0x0f) != 0) {
            refuses(
                given,
                abi.encodeWithSelector(IGrantRegistry.SegmentsNotInTwin.selector, twin, segments, uint64(0x0f))
            );
        } else {
            give(given, 9);
        }
    }

    /// @dev Security can never be granted: it is the oracles' by standing.
    function testFuzz_refusesPurposes(uint8 purposes) public {
        IGrantRegistry.Grant memory given = someGrant(twin);
        given.purposes = purposes;
        if (purposes == 0 || purposes > 0x1f) {
            refuses(given, abi.encodeWithSelector(IGrantRegistry.PurposesRefused.selector, purposes));
        } else {
            give(given, 9);
        }
    }

    function testFuzz_aNonceServesOnce(uint256 nonce, uint256 other) public {
        vm.assume(nonce != other);
        give(someGrant(twin), nonce);
        check(grants.nonceUsed(steward, nonce), "used");
        check(!grants.nonceUsed(steward, other) && !grants.nonceUsed(reader, nonce), "no other is");
        refused(steward, abi.encodeWithSelector(IGrantRegistry.NonceUsed.selector, steward, nonce));
        grants.grant(someGrant(twin), nonce);
        give(someGrant(twin), other);
    }

    function test_refusesWhatHasEnded() public {
        bytes32 assignment = twins.openAssignment(device);
        vm.prank(steward);
        twins.endAssignment(assignment, 50);
        refuses(someGrant(twin), abi.encodeWithSelector(IGrantRegistry.TwinEnded.selector, twin));
        bytes32 next = nextTwin();
        vm.prank(steward);
        devices.retire(device);
        refuses(someGrant(next), abi.encodeWithSelector(IGrantRegistry.DeviceRetired.selector, device));
    }

    function nextTwin() private returns (bytes32) {
        vm.prank(steward);
        bytes32 assignment = twins.beginAssignment(device, 50);
        vm.prank(steward);
        return twins.createTwin(assignment, MANIFEST, 0x0f, 0);
    }

    function test_refusesToRevoke() public {
        bytes32 id = give(someGrant(twin), 1);
        refused(steward, abi.encodeWithSelector(IGrantRegistry.GrantUnknown.selector, MODEL));
        grants.revoke(MODEL);
        refused(reader, abi.encodeWithSelector(IGrantRegistry.NotSteward.selector, device, reader, steward));
        grants.revoke(id);
        vm.prank(steward);
        grants.revoke(id);
        refused(steward, abi.encodeWithSelector(IGrantRegistry.GrantAlreadyRevoked.selector, id, NOW));
        grants.revoke(id);
    }

    function test_theStewardOfTheDayRevokes() public {
        bytes32 id = give(someGrant(twin), 1);
        vm.prank(steward);
        devices.offerSteward(device, stranger);
        vm.prank(stranger);
        devices.acceptSteward(device);
        refused(steward, abi.encodeWithSelector(IGrantRegistry.NotSteward.selector, device, steward, stranger));
        grants.revoke(id);
        vm.prank(stranger);
        grants.revoke(id);
        (, address grantor, uint40 revokedAt) = grants.grantOf(id);
        checkEqual(steward, grantor, "who gave it is not forgotten");
        checkEqual(NOW, revokedAt, "nor when it ended");
    }

    // What a grant permits

    function test_tellsWhatWasGiven() public {
        IGrantRegistry.Grant memory given = someGrant(twin);
        bytes32 expected = keccak256(abi.encode(twin, reader, steward, bytes32(0), uint256(7)));
        vm.expectEmit();
        emit IGrantRegistry.Granted(
            expected,
            twin,
            reader,
            steward,
            given.from,
            given.until,
            given.segments,
            given.purposes
        );
        bytes32 id = give(given, 7);
        checkEqual(expected, id, "id");
        (IGrantRegistry.Grant memory got, address grantor, uint40 revokedAt) = grants.grantOf(id);
        checkEqual(keccak256(abi.encode(given)), keccak256(abi.encode(got)), "what was given");
        checkEqual(steward, grantor, "by whom");
        checkEqual(0, revokedAt, "not revoked");
        check(grants.canRead(readAsk(twin, id, CARE)), "it permits");
        vm.expectEmit();
        emit IGrantRegistry.Revoked(id, twin, steward);
        vm.prank(steward);
        grants.revoke(id);
        check(!grants.canRead(readAsk(twin, id, CARE)), "revoked it does not");
    }

    /// @dev canRead against the same rule written the naive way, over random grants, asks and times.
    function testFuzz_permitsExactlyWhatCovers(
        uint64 granted,
        uint8 purposes,
        uint32 from,
        uint32 length,
        uint32 time,
        uint8 purpose,
        uint64 segments
    ) public {
        IGrantRegistry.Grant memory given = someGrant(twin);
        given.segments = uint64(bound(granted, 1, 0x0f));
        given.purposes = uint8(bound(purposes, 1, 0x1f));
        given.from = uint40(bound(from, NOW - 1_000, NOW + 1_000));
        given.until = uint40(bound(length, NOW + 1_001, NOW + 3_000));
        bytes32 id = give(given, 1);
        IGrantRegistry.Ask memory ask = readAsk(twin, id, uint8(bound(purpose, 0, 7)));
        ask.segments = uint64(bound(segments, 0, 0x1f));
        uint256 then = bound(time, NOW - 1_000, NOW + 3_100);
        vm.warp(then);
        bool covered =
            then >= given.from &&
                then < given.until &&
                ask.purpose < 5 &&
                given.purposes & (1 << ask.purpose) != 0 &&
                ask.segments != 0 &&
                ask.segments & given.segments == ask.segments;
        check(grants.canRead(ask) == covered, "permits exactly what the grant covers");
    }

    /// @dev A verdict never takes data away from care: whatever the verdict, care and emergency read as before.
    function testFuzz_noVerdictClosesCare(uint8 kind, bool emergency, uint64 segments) public {
        bytes32 id = give(someGrant(twin), 1);
        IGrantRegistry.Ask memory ask = readAsk(twin, id, emergency ? EMERGENCY : CARE);
        ask.segments = uint64(bound(segments, 1, 0x0f));
        judge(device, uint8(bound(kind, 1, 2)));
        check(grants.canRead(ask), "care reads on");
    }

    function test_aQuarantineClosesResearchAndCommands() public {
        bytes32 id = give(someGrant(twin), 1);
        judge(device, 2);
        checkEqual(13, reasonOf(readAsk(twin, id, RESEARCH)), "research is denied");
        checkEqual(0, reasonOf(readAsk(twin, id, MAINTENANCE)), "maintenance reads on");
        checkEqual(0, reasonOf(readAsk(twin, id, AUDIT)), "audit reads on");
        IGrantRegistry.Ask memory ask = readAsk(twin, id, CARE);
        ask.action = IGrantRegistry.Action.Command;
        checkEqual(13, reasonOf(ask), "commands are refused");
        judge(device, 3);
        checkEqual(0, reasonOf(ask), "readmitted");
        checkEqual(0, reasonOf(readAsk(twin, id, RESEARCH)), "readmitted");
    }

    function test_nobodyButOraclesReadsTheSecurityTwin() public {
        IGrantRegistry.Ask memory ask = readAsk(securityTwin, 0, SECURITY);
        checkEqual(5, reasonOf(ask), "a reader");
        ask.reader = steward;
        checkEqual(5, reasonOf(ask), "not even the steward");
        ask.reader = vm.addr(oracleKey(3));
        checkEqual(0, reasonOf(ask), "an oracle, without a grant");
        vm.prank(steward);
        devices.retire(device);
        checkEqual(0, reasonOf(ask), "and after retirement");
    }

    function testFuzz_purposesThatDoNotExist(uint8 purpose, uint8 action) public {
        bytes32 id = give(someGrant(twin), 1);
        IGrantRegistry.Ask memory ask = readAsk(twin, id, uint8(bound(purpose, 6, 255)));
        ask.action = IGrantRegistry.Action(action % 2);
        checkEqual(11, reasonOf(ask), "no grant covers them");
    }
}
