// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMemberRegistry} from "../../contracts/members/IMemberRegistry.sol";
import {IBreakGlass} from "../../contracts/grants/IBreakGlass.sol";
import {IGrantRegistry} from "../../contracts/grants/IGrantRegistry.sol";
import {Roles} from "../../contracts/operators/Roles.sol";
import {Consortium} from "./Consortium.sol";
import {Wallet1271} from "./Wallet1271.sol";

contract BreakGlassTest is Consortium {
    bytes32 private constant REASON = keccak256("salt and reason");
    bytes32 private constant NOTE = keccak256("salt and note");
    uint40 private constant UNTIL = uint40(NOW + 2 hours);

    bytes32 private device;
    bytes32 private assignment;
    bytes32 private twin;

    function setUp() public override {
        super.setUp();
        (device, ) = activeDevice(DEVICE_KEY);
        twin = openTwin(device, 0x0f, 0x03);
        assignment = twins.openAssignment(device);
        name_(twin);
    }

    function name_(bytes32 named) private {
        vm.prank(steward);
        breakGlass.nameEmergencyTwin(assignment, named, 0);
    }

    function claim() private view returns (IBreakGlass.Claim memory) {
        return IBreakGlass.Claim(twin, UNTIL, REASON);
    }

    function open() private returns (bytes32) {
        return open(claim(), nobody());
    }

    function open(IBreakGlass.Claim memory said, IBreakGlass.Second memory with) private returns (bytes32) {
        vm.prank(holder);
        return breakGlass.open(said, with);
    }

    function refusedOpen(IBreakGlass.Claim memory said, IBreakGlass.Second memory with, bytes memory evidence) private {
        refused(holder, evidence);
        breakGlass.open(said, with);
    }

    function signed(uint256 key, uint40 deadline) private view returns (IBreakGlass.Second memory) {
        bytes memory signature = signWith(key, claimDigest(claim(), holder, deadline));
        return IBreakGlass.Second(vm.addr(key), deadline, signature);
    }

    function explained(bytes32 opening, address who, uint8 purpose) private view returns (IGrantRegistry.Reason) {
        IGrantRegistry.Ask memory ask = readAsk(twin, opening, purpose);
        (ask.reader, ask.segments) = (who, 0x0f);
        return grants.explain(ask, new IGrantRegistry.Source[](0));
    }

    function checkReason(IGrantRegistry.Reason expected, IGrantRegistry.Reason got, string memory what) private pure {
        checkEqual(uint256(expected), uint256(got), what);
    }

    // Naming

    function test_refusesToNameWhatIsNotTheStewards() public {
        bytes memory notSteward = abi.encodeWithSelector(IBreakGlass.NotSteward.selector, device, stranger, steward);
        refused(stranger, notSteward);
        breakGlass.nameEmergencyTwin(assignment, twin, 0);
        refused(steward, abi.encodeWithSelector(IBreakGlass.NotSteward.selector, bytes32(0), steward, address(0)));
        breakGlass.nameEmergencyTwin(MODEL, twin, 0);
        bytes32 security = twins.securityTwin(device);
        refused(steward, abi.encodeWithSelector(IBreakGlass.TwinNotOfAssignment.selector, security, assignment));
        breakGlass.nameEmergencyTwin(assignment, security, 0);
        refused(steward, abi.encodeWithSelector(IBreakGlass.MemberNotPresent.selector, 1));
        breakGlass.nameEmergencyTwin(assignment, twin, 1);
        vm.prank(steward);
        twins.endAssignment(assignment, 9);
        refused(steward, abi.encodeWithSelector(IBreakGlass.AssignmentEnded.selector, assignment));
        breakGlass.nameEmergencyTwin(assignment, twin, 0);
    }

    /// @dev At most one: the one named last; none where none is.
    function test_thereIsOneOrNone() public {
        bytes32 other = openTwin(device, 0x01, 0);
        name_(other);
        bytes memory none = abi.encodeWithSelector(IBreakGlass.NoEmergencyTwin.selector, assignment);
        refusedOpen(claim(), nobody(), none);
        name_(0);
        IBreakGlass.Claim memory said = claim();
        said.twin = other;
        refusedOpen(said, nobody(), none);
        said.twin = 0;
        refusedOpen(said, nobody(), abi.encodeWithSelector(IBreakGlass.NoEmergencyTwin.selector, bytes32(0)));
    }

    // Opening

    function test_refusesOpenings() public {
        refused(stranger, abi.encodeWithSelector(IBreakGlass.NotHolder.selector, 0, stranger));
        breakGlass.open(claim(), nobody());
        IBreakGlass.Claim memory said = claim();
        said.reason = 0;
        refusedOpen(said, nobody(), abi.encodeWithSelector(IBreakGlass.ReasonMissing.selector));
        uint40[3] memory wrong = [uint40(NOW), uint40(NOW - 1), uint40(NOW + 4 hours + 1)];
        for (uint256 i = 0; i < wrong.length; ++i) {
            said = claim();
            said.until = wrong[i];
            refusedOpen(
                said,
                nobody(),
                abi.encodeWithSelector(IBreakGlass.OpeningTermUnexpected.selector, wrong[i], NOW, NOW + 4 hours)
            );
        }
        vm.prank(appointer);
        operators.revokeRole(Roles.holder(0), holder);
        refusedOpen(claim(), nobody(), abi.encodeWithSelector(IBreakGlass.NotHolder.selector, 0, holder));
    }

    function test_refusesOpeningsOfWhatHasEnded() public {
        vm.prank(steward);
        twins.endAssignment(assignment, 9);
        refusedOpen(claim(), nobody(), abi.encodeWithSelector(IBreakGlass.TwinEnded.selector, twin));
        vm.prank(steward);
        assignment = twins.beginAssignment(device, 9);
        twin = openTwin(device, 0x0f, 0);
        refusedOpen(claim(), nobody(), abi.encodeWithSelector(IBreakGlass.NoEmergencyTwin.selector, assignment));
        name_(twin);
        vm.prank(steward);
        devices.retire(device);
        refusedOpen(claim(), nobody(), abi.encodeWithSelector(IBreakGlass.DeviceRetired.selector, device));
    }

    /// @dev Loud: everything about it is in one event, which says when somebody must have looked at it.
    function test_opensLoudly() public {
        bytes32 id = keccak256(abi.encode(block.chainid, address(breakGlass), uint16(0), uint32(1)));
        vm.expectEmit();
        emit IBreakGlass.BreakGlassOpened(
            id,
            twin,
            holder,
            0,
            UNTIL,
            uint40(NOW + 3 days),
            REASON,
            address(0),
            keccak256(abi.encode(block.chainid, address(breakGlass), id))
        );
        checkEqual(id, open(), "its id");
    }

    /// @dev It permits the whole emergency twin to its opener for emergency, without consent, until it is over; nothing else.
    function test_permitsEmergencyAlone() public {
        bindSubject(assignment);
        vm.prank(subject);
        twins.setConsentMask(twin, 0x06);
        bytes32 opening = open();
        judge(device, 2);
        checkReason(IGrantRegistry.Reason.Permitted, explained(opening, holder, EMERGENCY), "emergency");
        checkReason(IGrantRegistry.Reason.PurposeNotGranted, explained(opening, holder, CARE), "care");
        checkReason(IGrantRegistry.Reason.GrantForOther, explained(opening, second, EMERGENCY), "somebody else");
        checkReason(IGrantRegistry.Reason.GrantUnknown, explained(MODEL, holder, EMERGENCY), "unknown");
        vm.warp(UNTIL - 1);
        checkReason(IGrantRegistry.Reason.Permitted, explained(opening, holder, EMERGENCY), "its last second");
        vm.warp(UNTIL);
        checkReason(IGrantRegistry.Reason.BreakGlassExpired, explained(opening, holder, EMERGENCY), "over");
    }

    function test_endsWithItsAssignment() public {
        bytes32 opening = open();
        vm.prank(steward);
        twins.endAssignment(assignment, 9);
        checkReason(IGrantRegistry.Reason.TwinEnded, explained(opening, holder, EMERGENCY), "with the assignment");
    }

    /// @dev Who has left the consortium opens nothing more, whatever roles its people still have.
    function test_aMembersRightLeavesWithIt() public {
        IMemberRegistry.Member memory other = someMembers()[0];
        other.signer = vm.addr(0x42);
        carryOut(0, abi.encodeCall(IMemberRegistry.addMember, (other)), 1);
        vm.prank(steward);
        breakGlass.nameEmergencyTwin(assignment, twin, 1);
        refusedOpen(claim(), nobody(), abi.encodeWithSelector(IBreakGlass.NotHolder.selector, 1, holder));
        carryOut(1, abi.encodeCall(IMemberRegistry.removeMember, (1)), 2);
        bytes memory gone = abi.encodeWithSelector(IBreakGlass.MemberNotPresent.selector, 1);
        refusedOpen(claim(), nobody(), gone);
        refused(steward, gone);
        breakGlass.nameEmergencyTwin(assignment, twin, 1);
    }

    /// @dev By all of the members that there are: signed by 0x41, and by 0x42 where there are two.
    function carryOut(uint64 number, bytes memory call_, uint256 signers) private {
        bytes[] memory calls = new bytes[](1);
        calls[0] = call_;
        bytes32 signedDigest = members.changeDigest(number, UNTIL, calls);
        bytes32[2][] memory signatures = new bytes32[2][](signers);
        for (uint256 i = 0; i < signers; ++i) {
            (bytes32 r, bytes32 vs) = vm.signCompact(0x41 + i, signedDigest);
            signatures[i] = [r, vs];
        }
        members.carryOut(number, UNTIL, calls, (1 << signers) - 1, signatures);
    }

    // Ending

    function test_endsEarlyByOpenerOrSteward() public {
        bytes32 opening = open();
        refused(stranger, abi.encodeWithSelector(IBreakGlass.NotOpener.selector, opening, stranger));
        breakGlass.end(opening);
        refused(steward, abi.encodeWithSelector(IBreakGlass.OpeningUnknown.selector, MODEL));
        breakGlass.end(MODEL);
        vm.prank(steward);
        breakGlass.end(opening);
        checkReason(IGrantRegistry.Reason.BreakGlassEnded, explained(opening, holder, EMERGENCY), "ended");
        refused(holder, abi.encodeWithSelector(IBreakGlass.OpeningOver.selector, opening));
        breakGlass.end(opening);
        opening = open();
        vm.warp(UNTIL);
        refused(holder, abi.encodeWithSelector(IBreakGlass.OpeningOver.selector, opening));
        breakGlass.end(opening);
    }

    // Reviewing

    function test_refusesReviews() public {
        bytes32 opening = open(claim(), signed(SECOND_KEY, UNTIL));
        refused(stranger, abi.encodeWithSelector(IBreakGlass.NotReviewer.selector, 0, stranger));
        breakGlass.review(opening, true, NOTE);
        refused(reviewer, abi.encodeWithSelector(IBreakGlass.OpeningUnknown.selector, MODEL));
        breakGlass.review(MODEL, true, NOTE);
        refused(reviewer, abi.encodeWithSelector(IBreakGlass.OpeningRuns.selector, opening, UNTIL));
        breakGlass.review(opening, true, NOTE);
        vm.warp(UNTIL);
        // Both are reviewers; not of what they did themselves.
        refused(holder, abi.encodeWithSelector(IBreakGlass.ReviewOfOwn.selector, opening, holder));
        breakGlass.review(opening, true, NOTE);
        refused(second, abi.encodeWithSelector(IBreakGlass.ReviewOfOwn.selector, opening, second));
        breakGlass.review(opening, true, NOTE);
        refused(reviewer, abi.encodeWithSelector(IBreakGlass.NoteMissing.selector));
        breakGlass.review(opening, true, 0);
        vm.expectEmit();
        emit IBreakGlass.BreakGlassReviewed(opening, reviewer, false, NOTE);
        vm.prank(reviewer);
        breakGlass.review(opening, false, NOTE);
        refused(reviewer, abi.encodeWithSelector(IBreakGlass.AlreadyReviewed.selector, opening, UNTIL));
        breakGlass.review(opening, true, NOTE);
    }

    /// @dev Overdue costs a second holder, never more; a review frees it again. Others that wait but are not due cost nothing.
    function test_anOverdueReviewCostsASecondHolder() public {
        bytes32 first = open();
        vm.warp(NOW + 3 days - 1);
        IBreakGlass.Claim memory said = IBreakGlass.Claim(twin, uint40(block.timestamp + 10), REASON);
        bytes32 later = open(said, nobody());
        vm.warp(NOW + 3 days);
        said.until = uint40(block.timestamp + 10);
        bytes memory overdue = abi.encodeWithSelector(IBreakGlass.ReviewOverdue.selector, 0, first, NOW + 3 days);
        refusedOpen(said, nobody(), overdue);
        uint40 deadline = uint40(block.timestamp);
        bytes memory signature = signWith(SECOND_KEY, claimDigest(said, holder, deadline));
        open(said, IBreakGlass.Second(second, deadline, signature));
        vm.prank(reviewer);
        breakGlass.review(first, true, NOTE);
        open(said, nobody());
        (bytes32 oldest, uint40 due) = breakGlass.oldestUnreviewed(0);
        checkEqual(later, oldest, "the next oldest");
        checkEqual(NOW + 6 days - 1, due, "and when it is due");
    }

    /// @dev Reviews in any order leave the oldest that waits in front.
    function testFuzz_theOldestWaits(uint256 seed) public {
        bytes32[6] memory ids;
        bool[6] memory reviewed;
        for (uint256 i = 0; i < 6; ++i) ids[i] = open();
        vm.warp(UNTIL);
        for (uint256 left = 6; left > 0; --left) {
            uint256 chosen = seed % 6;
            seed = uint256(keccak256(abi.encode(seed)));
            while (reviewed[chosen]) chosen = (chosen + 1) % 6;
            vm.prank(reviewer);
            breakGlass.review(ids[chosen], true, NOTE);
            reviewed[chosen] = true;
            uint256 expected = 0;
            while (expected < 6 && reviewed[expected]) ++expected;
            (bytes32 oldest, ) = breakGlass.oldestUnreviewed(0);
            checkEqual(expected < 6 ? ids[expected] : bytes32(0), oldest, "the oldest unreviewed");
        }
    }

    // Signatures

    function test_refusesSecondsThatAreNone() public {
        IBreakGlass.Second memory with = signed(SECOND_KEY, UNTIL);
        with.holder = holder;
        refusedOpen(claim(), with, abi.encodeWithSelector(IBreakGlass.SecondIsOpener.selector, holder));
        with.holder = reviewer;
        refusedOpen(claim(), with, abi.encodeWithSelector(IBreakGlass.NotHolder.selector, 0, reviewer));
        with = signed(SECOND_KEY, uint40(NOW - 1));
        refusedOpen(claim(), with, abi.encodeWithSelector(IBreakGlass.SignatureExpired.selector, NOW - 1, NOW));
        // A signature serves once.
        with = signed(SECOND_KEY, UNTIL);
        open(claim(), with);
        bytes32 again = claimDigest(claim(), holder, UNTIL);
        refusedOpen(claim(), with, abi.encodeWithSelector(IBreakGlass.SignatureInvalid.selector, second, again));
    }

    /// @dev Every field of what is signed counts, and so does whose signature it is.
    function testFuzz_refusesWhatTheOpenerDidNotSign(uint8 way, uint32 much) public {
        IBreakGlass.Claim memory said = claim();
        address opener = holder;
        uint40 deadline = UNTIL;
        way = uint8(bound(way, 0, 5));
        if (way == 0) said.twin = keccak256(abi.encode(much));
        if (way == 1) said.until -= uint40(bound(much, 1, 1_000));
        if (way == 2) said.reason = keccak256(abi.encode(much));
        if (way == 3) opener = second;
        if (way == 4) deadline -= uint40(bound(much, 1, 1_000));
        bytes memory signature = signWith(way == 5 ? SECOND_KEY : HOLDER_KEY, claimDigest(said, opener, deadline));
        bytes32 wanted = claimDigest(claim(), holder, UNTIL);
        refused(stranger, abi.encodeWithSelector(IBreakGlass.SignatureInvalid.selector, holder, wanted));
        breakGlass.relayOpen(claim(), holder, UNTIL, signature, nobody());
    }

    function test_opensBySignatureOfAPersonOrAWallet() public {
        bytes memory signature = signWith(HOLDER_KEY, claimDigest(claim(), holder, UNTIL));
        vm.prank(stranger);
        bytes32 opening = breakGlass.relayOpen(claim(), holder, UNTIL, signature, nobody());
        checkReason(IGrantRegistry.Reason.Permitted, explained(opening, holder, EMERGENCY), "the opener's");
        bytes32 next = claimDigest(claim(), holder, UNTIL);
        refused(stranger, abi.encodeWithSelector(IBreakGlass.SignatureInvalid.selector, holder, next));
        breakGlass.relayOpen(claim(), holder, UNTIL, signature, nobody());

        Wallet1271 wallet = new Wallet1271(vm.addr(0x1234));
        vm.prank(appointer);
        operators.grantRole(Roles.holder(0), address(wallet), 0);
        vm.warp(NOW + 1 days);
        IBreakGlass.Claim memory said = IBreakGlass.Claim(twin, uint40(block.timestamp + 60), REASON);
        signature = signWith(0x1234, claimDigest(said, address(wallet), said.until));
        opening = breakGlass.relayOpen(said, address(wallet), said.until, signature, nobody());
        checkReason(IGrantRegistry.Reason.Permitted, explained(opening, address(wallet), EMERGENCY), "the wallet's");
        // And as the second beside a person.
        IBreakGlass.Second memory with = IBreakGlass.Second(address(wallet), said.until, "");
        with.signature = signWith(0x1234, claimDigest(said, holder, said.until));
        open(said, with);
    }

    /// @dev A pause stops new grants; whoever must read in an emergency still can.
    function test_goesOnWhileGrantsArePaused() public {
        vm.prank(pauser);
        grants.pause();
        bytes32 opening = open();
        checkReason(IGrantRegistry.Reason.Permitted, explained(opening, holder, EMERGENCY), "reads");
        vm.prank(holder);
        breakGlass.end(opening);
        vm.prank(reviewer);
        breakGlass.review(opening, true, NOTE);
    }
}
