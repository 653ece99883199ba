// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGrantRegistry} from "../../contracts/grants/IGrantRegistry.sol";
import {Terms, TermsWord} from "../../contracts/grants/Terms.sol";
import {Consortium} from "./Consortium.sol";

contract GrantRegistryTest is Consortium {
    bytes32 private device;
    bytes32 private securityTwin;
    bytes32 private twin;

    function setUp() public override {
        super.setUp();
        (device, securityTwin) = activeDevice(DEVICE_KEY);
        twin = openTwin(device, 0x0f, 0x03);
        bindSubject(twins.openAssignment(device));
    }

    function refuses(IGrantRegistry.Grant memory given, bytes memory evidence) private {
        refused(steward, evidence);
        grants.grant(device, given, 9);
    }

    /// @dev Under the grant that the steward gave with nonce 1.
    function reasonOf(IGrantRegistry.Ask memory ask) private view returns (IGrantRegistry.Reason) {
        return grants.explain(ask, chainOf(direct(1)));
    }

    function expects(IGrantRegistry.Reason reason, IGrantRegistry.Ask memory ask, string memory claim) private view {
        checkEqual(uint8(reason), uint8(reasonOf(ask)), claim);
    }

    function reads(IGrantRegistry.Ask memory ask) private view returns (bool) {
        return grants.canRead(ask, chainOf(direct(1)));
    }

    // Refusals

    function test_refusesGrants() public {
        IGrantRegistry.Grant memory given = someGrant(twin);
        refused(stranger, abi.encodeWithSelector(IGrantRegistry.NotSteward.selector, device, stranger, steward));
        grants.grant(device, given, 9);
        refused(steward, abi.encodeWithSelector(IGrantRegistry.TwinUnknown.selector, twin));
        grants.grant(MODEL, given, 9);

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
        check(grants.isNonceUsed(steward, nonce), "used");
        check(!grants.isNonceUsed(steward, other) && !grants.isNonceUsed(reader, nonce), "no other is");
        refused(steward, abi.encodeWithSelector(IGrantRegistry.NonceUsed.selector, steward, nonce));
        grants.grant(device, someGrant(twin), nonce);
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

    function testFuzz_refusesDepths(uint8 depth) public {
        IGrantRegistry.Grant memory given = someGrant(twin);
        given.depth = depth;
        if (depth > 3) refuses(given, abi.encodeWithSelector(IGrantRegistry.DepthTooGreat.selector, depth, 3));
        else give(given, 9);
    }

    function test_refusesToRevoke() public {
        bytes32 id = give(someGrant(twin), 1);
        bytes32 other = idOf(twin, reader, direct(2));
        refused(steward, abi.encodeWithSelector(IGrantRegistry.GrantUnknown.selector, other));
        grants.revoke(twin, reader, direct(2));
        refused(reader, abi.encodeWithSelector(IGrantRegistry.NotSteward.selector, device, reader, steward));
        grants.revoke(twin, reader, direct(1));
        vm.prank(steward);
        grants.revoke(twin, reader, direct(1));
        refused(steward, abi.encodeWithSelector(IGrantRegistry.GrantRevoked.selector, id, NOW));
        grants.revoke(twin, reader, direct(1));
    }

    /// @dev The steward of the day revokes, and so does whoever gave the grant; nobody else.
    function test_whoRevokes() public {
        bytes32 id = give(someGrant(twin), 1);
        give(someGrant(twin), 2);
        vm.prank(steward);
        devices.offerSteward(device, stranger);
        vm.prank(stranger);
        devices.acceptSteward(device);
        vm.prank(stranger);
        grants.revoke(twin, reader, direct(1));
        (, , , , , , uint40 revokedAt) = grants.grantOf(id);
        checkEqual(NOW, revokedAt, "when it ended is not forgotten");
        vm.prank(steward);
        grants.revoke(twin, reader, direct(2));
    }

    function revocationDigest(bytes32 id, uint40 deadline) private view returns (bytes32) {
        bytes32 kind = keccak256("Revocation(bytes32 grant,uint40 deadline)");
        return typedDigest("Twinward GrantRegistry", address(grants), keccak256(abi.encode(kind, id, deadline)));
    }

    /// @dev A signature revokes what its signer could revoke, until its deadline, once, whoever sends it.
    function testFuzz_aSignatureRevokes(uint8 way) public {
        way = uint8(bound(way, 0, 5));
        bytes32 id = give(someGrant(twin), 1);
        uint40 deadline = uint40(way == 1 ? NOW - 1 : NOW);
        address signer = way == 2 ? reader : steward;
        bytes32 digest = revocationDigest(id, deadline);
        bytes32 signed = way == 4 ? revocationDigest(idOf(twin, reader, direct(2)), deadline) : digest;
        bytes memory signature = signWith(way == 2 || way == 3 ? 0x52 : STEWARD_KEY, signed);
        if (way == 5) grants.relayRevocation(twin, reader, signer, direct(1), deadline, signature);

        bytes memory evidence;
        if (way == 1) evidence = abi.encodeWithSelector(IGrantRegistry.SignatureExpired.selector, deadline, NOW);
        if (way == 2) evidence = abi.encodeWithSelector(IGrantRegistry.NotSteward.selector, device, reader, steward);
        if (way == 3 || way == 4)
            evidence = abi.encodeWithSelector(IGrantRegistry.SignatureInvalid.selector, signer, digest);
        if (way == 5) evidence = abi.encodeWithSelector(IGrantRegistry.GrantRevoked.selector, id, NOW);
        if (way != 0) vm.expectRevert(evidence);
        vm.prank(stranger);
        grants.relayRevocation(twin, reader, signer, direct(1), deadline, signature);
        (, , , , , , uint40 revokedAt) = grants.grantOf(id);
        checkEqual(way == 0 || way == 5 ? NOW : 0, revokedAt, "ended by its signer's word alone");
    }

    // Continuity

    function test_theStewardOfTheDaySetsContinuity() public {
        IGrantRegistry.Grant memory given = someGrant(twin);
        given.purposes = 0x03;
        bytes32 id = give(given, 1);
        check(!grants.hasContinuity(id), "off at first");
        refused(reader, abi.encodeWithSelector(IGrantRegistry.NotSteward.selector, device, reader, steward));
        grants.setContinuity(twin, reader, true, direct(1));
        vm.expectEmit();
        emit IGrantRegistry.ContinuitySet(id, true);
        vm.prank(steward);
        grants.setContinuity(twin, reader, true, direct(1));
        check(grants.hasContinuity(id), "on");
        vm.prank(steward);
        grants.setContinuity(twin, reader, false, direct(1));
        check(!grants.hasContinuity(id), "off again");

        vm.prank(steward);
        devices.offerSteward(device, stranger);
        vm.prank(stranger);
        devices.acceptSteward(device);
        refused(steward, abi.encodeWithSelector(IGrantRegistry.NotSteward.selector, device, steward, stranger));
        grants.setContinuity(twin, reader, true, direct(1));
        vm.prank(stranger);
        grants.setContinuity(twin, reader, true, direct(1));
    }

    function testFuzz_continuityIsForCareAndEmergencyAlone(uint8 purposes) public {
        purposes = uint8(bound(purposes, 1, 0x1f));
        IGrantRegistry.Grant memory given = someGrant(twin);
        given.purposes = purposes;
        bytes32 id = give(given, 1);
        if (purposes > 0x03) {
            refused(steward, abi.encodeWithSelector(IGrantRegistry.PurposesRefused.selector, purposes));
            grants.setContinuity(twin, reader, true, direct(1));
        } else {
            vm.prank(steward);
            grants.setContinuity(twin, reader, true, direct(1));
        }
        checkEqual(purposes <= 0x03 ? 1 : 0, grants.hasContinuity(id) ? 1 : 0, "only where lives depend on it");
        // To take it away is refused to no steward.
        vm.prank(steward);
        grants.setContinuity(twin, reader, false, direct(1));
    }

    function test_refusesContinuityOfWhatIsNotGiven() public {
        bytes32 other = idOf(twin, reader, direct(2));
        refused(steward, abi.encodeWithSelector(IGrantRegistry.GrantUnknown.selector, other));
        grants.setContinuity(twin, reader, true, direct(2));
        bytes32 id = give(someGrant(twin), 1);
        vm.prank(steward);
        grants.revoke(twin, reader, direct(1));
        refused(steward, abi.encodeWithSelector(IGrantRegistry.GrantRevoked.selector, id, NOW));
        grants.setContinuity(twin, reader, true, direct(1));
    }

    // What a grant permits

    function test_tellsWhatWasGiven() public {
        IGrantRegistry.Grant memory given = someGrant(twin);
        given.depth = 2;
        bytes32 expected = keccak256(abi.encode(twin, reader, steward, bytes32(0), uint256(1)));
        Terms terms = TermsWord.pack(given.from, given.until, given.segments, given.purposes, given.depth);
        vm.expectEmit();
        emit IGrantRegistry.Granted(expected, twin, reader, steward, 1, terms);
        vm.prank(steward);
        bytes32 id = grants.grant(device, given, 1);
        checkEqual(expected, id, "id");
        (
            uint40 from,
            uint40 until,
            uint64 segments,
            uint8 purposes,
            uint8 depth,
            uint32 epoch,
            uint40 revokedAt
        ) = grants.grantOf(id);
        IGrantRegistry.Grant memory got = IGrantRegistry.Grant(twin, reader, from, until, segments, purposes, depth);
        checkEqual(keccak256(abi.encode(given)), keccak256(abi.encode(got)), "what was given");
        checkEqual(0, epoch, "in the first epoch");
        checkEqual(0, revokedAt, "not revoked");
        check(reads(readAsk(twin, id, CARE)), "it permits");
        vm.expectEmit();
        emit IGrantRegistry.Revoked(id, steward);
        vm.prank(steward);
        grants.revoke(twin, reader, direct(1));
        check(!reads(readAsk(twin, id, CARE)), "revoked it does not");
    }

    /// @dev Every field of a grant comes back out of its one word, whatever the others are.
    function testFuzz_termsKeepTheirFields(
        uint40 from,
        uint40 until,
        uint64 segments,
        uint8 purposes,
        uint8 depth,
        uint32 epoch,
        uint40 time
    ) public pure {
        Terms terms = TermsWord.pack(from, until, segments, purposes, depth).inEpoch(epoch).revoke(time);
        checkEqual(
            keccak256(abi.encode(from, until, segments, purposes, depth, epoch, time)),
            keccak256(
                abi.encode(
                    terms.from(),
                    terms.until(),
                    terms.segments(),
                    terms.purposes(),
                    terms.depth(),
                    terms.epoch(),
                    terms.revokedAt()
                )
            ),
            "every field"
        );
    }

    /// @dev A grant is shown by its id together with what the id was made of; anything else makes another id.
    function testFuzz_aGrantOpensOnlyToItsOwn(uint8 which, uint256 seed) public {
        bytes32 id = give(someGrant(twin), 1);
        IGrantRegistry.Ask memory ask = readAsk(twin, id, CARE);
        IGrantRegistry.Source[] memory chain = chainOf(direct(1));
        which = uint8(bound(which, 0, 4));
        if (which == 0) chain[0].nonce = seed == 1 ? 2 : seed;
        if (which == 1) chain[0].grantor = address(uint160(seed));
        if (which == 2) chain[0].parent = bytes32(seed | 1);
        if (which == 3) ask.reader = address(uint160(seed));
        if (which == 4) chain = new IGrantRegistry.Source[](0);
        checkEqual(uint8(IGrantRegistry.Reason.GrantForOther), uint8(grants.explain(ask, chain)), "another's");
        bytes32 sibling = openTwin(device, 0x0f, 0);
        ask = readAsk(sibling, id, CARE);
        expects(IGrantRegistry.Reason.GrantForOther, ask, "on another twin");
        ask.device = MODEL;
        expects(IGrantRegistry.Reason.TwinUnknown, ask, "of another device");
    }

    /// @dev canRead against the same rule written the naive way, over random grants, asks and times.
    function testFuzz_permitsExactlyWhatCovers(
        uint64 granted,
        uint8 purposes,
        uint32 from,
        uint32 length,
        uint32 time,
        uint8 purpose,
        uint64 segments,
        bool agreed
    ) public {
        IGrantRegistry.Grant memory given = someGrant(twin);
        if (agreed) agree(twin, reader, 0x04);
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
                (agreed || ask.purpose != RESEARCH) &&
                ask.segments != 0 &&
                ask.segments & given.segments == ask.segments;
        check(reads(ask) == covered, "permits exactly what the grant covers");
    }

    /// @dev A verdict never takes data away from care: whatever the verdict, care and emergency read as before.
    function testFuzz_noVerdictClosesCare(uint8 kind, bool emergency, uint64 segments) public {
        bytes32 id = give(someGrant(twin), 1);
        IGrantRegistry.Ask memory ask = readAsk(twin, id, emergency ? EMERGENCY : CARE);
        ask.segments = uint64(bound(segments, 1, 0x0f));
        judge(device, uint8(bound(kind, 1, 2)));
        check(reads(ask), "care reads on");
    }

    function test_aQuarantineClosesResearchAndCommands() public {
        bytes32 id = give(someGrant(twin), 1);
        agree(twin, reader, 0x04);
        judge(device, 2);
        expects(IGrantRegistry.Reason.DeviceQuarantined, readAsk(twin, id, RESEARCH), "research is denied");
        expects(IGrantRegistry.Reason.Permitted, readAsk(twin, id, MAINTENANCE), "maintenance reads on");
        expects(IGrantRegistry.Reason.Permitted, readAsk(twin, id, AUDIT), "audit reads on");
        IGrantRegistry.Ask memory ask = readAsk(twin, id, CARE);
        ask.action = IGrantRegistry.Action.Command;
        expects(IGrantRegistry.Reason.DeviceQuarantined, ask, "commands are refused");
        judge(device, 3);
        expects(IGrantRegistry.Reason.Permitted, ask, "readmitted");
        expects(IGrantRegistry.Reason.Permitted, readAsk(twin, id, RESEARCH), "readmitted");
    }

    function test_nobodyButOraclesReadsTheSecurityTwin() public {
        IGrantRegistry.Ask memory ask = readAsk(securityTwin, 0, SECURITY);
        expects(IGrantRegistry.Reason.ReaderNotOracle, ask, "a reader");
        ask.reader = steward;
        expects(IGrantRegistry.Reason.ReaderNotOracle, ask, "not even the steward");
        ask.reader = vm.addr(oracleKey(3));
        expects(IGrantRegistry.Reason.Permitted, ask, "an oracle, without a grant");
        vm.prank(steward);
        devices.retire(device);
        expects(IGrantRegistry.Reason.Permitted, ask, "and after retirement");
    }

    function testFuzz_purposesThatDoNotExist(uint8 purpose, uint8 action) public {
        bytes32 id = give(someGrant(twin), 1);
        IGrantRegistry.Ask memory ask = readAsk(twin, id, uint8(bound(purpose, 6, 255)));
        ask.action = IGrantRegistry.Action(action % 2);
        expects(IGrantRegistry.Reason.PurposeNotGranted, ask, "no grant covers them");
    }
}
