// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {P256} from "@openzeppelin/contracts/utils/cryptography/P256.sol";
import {IAnchorLog} from "../../contracts/anchors/IAnchorLog.sol";
import {Sha256Leaf} from "../../contracts/lib/Sha256Leaf.sol";
import {Consortium} from "./Consortium.sol";
import {NaiveTree} from "./NaiveTree.sol";

contract ChallengeTest is Consortium {
    uint256 private constant GATEWAY_KEY = 0xc2;
    uint64 private constant DUE = uint64(NOW + 60);

    /// @dev Leaves as the gateway has them, by position.
    function leafAt(uint256 position) private pure returns (bytes32) {
        return keccak256(abi.encode("leaf", position));
    }

    function leavesFrom(uint64 first, uint64 count) private pure returns (bytes32[] memory leaves) {
        leaves = new bytes32[](count);
        for (uint64 i = 0; i < count; ++i) leaves[i] = leafAt(first + i);
    }

    function signedAck(
        uint256 key,
        uint64 first,
        bytes32[] memory leaves,
        uint64 anchorBy
    ) private view returns (IAnchorLog.Ack memory ack) {
        ack.first = first;
        ack.count = uint64(leaves.length);
        ack.root = NaiveTree.root(leaves, 0, leaves.length);
        ack.acceptedAt = uint64(1000 * NOW);
        ack.anchorBy = anchorBy;
        (ack.r, ack.s) = vm.signP256(key, anchors.ackDigest(home, ack));
    }

    function ackOf(uint64 first, uint64 count, uint64 anchorBy) private view returns (IAnchorLog.Ack memory) {
        return signedAck(GATEWAY_KEY, first, leavesFrom(first, count), anchorBy);
    }

    function placeIn(bytes32[] memory leaves, uint64 index) private pure returns (IAnchorLog.Place memory) {
        return IAnchorLog.Place(leaves[index], index, NaiveTree.path(leaves, index, 0, leaves.length));
    }

    function anchorLeaves(bytes32[] memory leaves) private {
        (, uint64 size, ) = anchors.stream(home);
        bytes32 root = NaiveTree.root(leaves, 0, leaves.length);
        vm.prank(sender);
        anchors.anchor(home, size, root, uint64(leaves.length));
    }

    function standingOf(bytes32 stream) private view returns (IAnchorLog.Standing now_, uint32 suspensions) {
        (now_, suspensions, , ) = anchors.standing(stream);
    }

    function checkOpen() private view {
        (IAnchorLog.Standing now_, uint32 suspensions) = standingOf(home);
        check(now_ == IAnchorLog.Standing.Open && suspensions == 0, "open");
    }

    function expectSuspended(IAnchorLog.Breach breach, IAnchorLog.Ack memory ack) private {
        bytes32 digest = anchors.ackDigest(home, ack);
        vm.expectEmit();
        emit IAnchorLog.Suspended(home, 1, breach, digest, stranger);
    }

    function checkSuspended() private {
        (IAnchorLog.Standing now_, uint32 suspensions) = standingOf(home);
        check(now_ == IAnchorLog.Standing.Suspended && suspensions == 1, "suspended");
        (, uint64 size, ) = anchors.stream(home);
        refused(sender, abi.encodeWithSelector(IAnchorLog.StreamSuspended.selector, home));
        anchors.anchor(home, size, keccak256("root"), 1);
    }

    function resumeAt(uint256 time, uint32 suspension) private {
        vm.warp(time);
        bytes32[2][] memory signatures = new bytes32[2][](1);
        (bytes32 r, bytes32 vs) = vm.signCompact(0x41, anchors.resumeDigest(home, suspension, "looked"));
        signatures[0] = [r, vs];
        anchors.resume(home, suspension, "looked", 1, signatures);
    }

    // What the gateway signs

    function test_theDigestIsThatOfTheFormat() public {
        string memory json = vm.readFile("test/vectors/ids.json");
        vm.chainId(vm.parseJsonUint(json, ".chainId"));
        address target = vm.parseJsonAddress(json, ".ack.anchorLog");
        vm.etch(target, address(anchors).code);
        IAnchorLog.Ack memory ack;
        ack.first = uint64(vm.parseJsonUint(json, ".ack.first"));
        ack.count = uint64(vm.parseJsonUint(json, ".ack.count"));
        ack.root = vm.parseJsonBytes32(json, ".ack.root");
        ack.acceptedAt = uint64(vm.parseJsonUint(json, ".ack.acceptedAt"));
        ack.anchorBy = uint64(vm.parseJsonUint(json, ".ack.anchorBy"));
        bytes32 stream = vm.parseJsonBytes32(json, ".ack.stream");
        bytes32 digest = IAnchorLog(target).ackDigest(stream, ack);
        checkEqual(vm.parseJsonBytes32(json, ".ack.sha256"), digest, "what the gateway signs");
    }

    // Refusals that all challenges share

    function test_refusesWhatTheGatewayDidNotSign() public {
        vm.warp(DUE + 1);
        bytes32[] memory leaves = leavesFrom(0, 3);
        IAnchorLog.Ack memory ack = signedAck(0xbad, 0, leaves, DUE);
        bytes memory unsigned = abi.encodeWithSelector(
            IAnchorLog.AckNotSigned.selector,
            home,
            anchors.ackDigest(home, ack)
        );
        refused(stranger, unsigned);
        anchors.challengeOverdue(home, ack);
        refused(stranger, unsigned);
        anchors.challengeLate(home, ack, DUE);
        IAnchorLog.Batch memory batch;
        IAnchorLog.Place memory place = placeIn(leaves, 0);
        refused(stranger, unsigned);
        anchors.challengeMisplaced(home, ack, place, batch, place);
        IAnchorLog.Ack memory good = ackOf(0, 3, DUE);
        refused(stranger, unsigned);
        anchors.challengeContradicted(home, ack, place, good, place);
        refused(stranger, unsigned);
        anchors.challengeContradicted(home, good, place, ack, place);
    }

    function testFuzz_refusesChangedAcks(uint64 first, uint64 count, uint64 anchorBy, uint64 accepted) public {
        vm.warp(DUE + 1);
        IAnchorLog.Ack memory ack = ackOf(0, 3, DUE);
        bool same = ack.first == first && ack.count == count && ack.anchorBy == anchorBy && ack.acceptedAt == accepted;
        vm.assume(!same && anchorBy > 0);
        (ack.first, ack.count, ack.anchorBy, ack.acceptedAt) = (first, count, anchorBy, accepted);
        bytes32 digest = anchors.ackDigest(home, ack);
        refused(stranger, abi.encodeWithSelector(IAnchorLog.AckNotSigned.selector, home, digest));
        anchors.challengeOverdue(home, ack);
    }

    function test_refusesAcksOfAnotherStreamAndUnknownStreams() public {
        vm.prank(sender);
        bytes32 other = anchors.openStream(group);
        vm.warp(DUE + 1);
        IAnchorLog.Ack memory ack = ackOf(0, 3, DUE);
        bytes32 digest = anchors.ackDigest(other, ack);
        refused(stranger, abi.encodeWithSelector(IAnchorLog.AckNotSigned.selector, other, digest));
        anchors.challengeOverdue(other, ack);
        refused(stranger, abi.encodeWithSelector(IAnchorLog.StreamUnknown.selector, MODEL));
        anchors.challengeOverdue(MODEL, ack);
    }

    // Overdue

    function test_refusesPromisesThatAreNotDueOrKept() public {
        IAnchorLog.Ack memory ack = ackOf(0, 3, DUE);
        refused(stranger, abi.encodeWithSelector(IAnchorLog.AckNotDue.selector, home, DUE, NOW));
        anchors.challengeOverdue(home, ack);
        vm.warp(DUE);
        refused(stranger, abi.encodeWithSelector(IAnchorLog.AckNotDue.selector, home, DUE, DUE));
        anchors.challengeOverdue(home, ack);
        anchorLeaves(leavesFrom(0, 3));
        vm.warp(DUE + 1);
        refused(stranger, abi.encodeWithSelector(IAnchorLog.AckKept.selector, home, 3, 3));
        anchors.challengeOverdue(home, ack);
        checkOpen();
    }

    function testFuzz_suspendsWhatIsOverdue(uint64 first, uint64 count, uint64 anchored, bool flip) public {
        first = uint64(bound(first, 0, 5));
        count = uint64(bound(count, 1, 6));
        anchored = uint64(bound(anchored, 0, first + count - 1));
        if (anchored > 0) anchorLeaves(leavesFrom(0, anchored));
        IAnchorLog.Ack memory ack = ackOf(first, count, DUE);
        if (flip) ack.s = bytes32(P256.N - uint256(ack.s));
        vm.warp(DUE + 1);
        expectSuspended(IAnchorLog.Breach.Overdue, ack);
        vm.prank(stranger);
        anchors.challengeOverdue(home, ack);
        checkSuspended();
    }

    /// @dev Numbers that no honest gateway signs end nothing but the transaction.
    function test_aPromiseBeyondAllNumbersReverts() public {
        IAnchorLog.Ack memory ack = ackOf(0, 3, DUE);
        ack.first = type(uint64).max;
        (ack.r, ack.s) = vm.signP256(GATEWAY_KEY, anchors.ackDigest(home, ack));
        vm.warp(DUE + 1);
        try anchors.challengeOverdue(home, ack) {
            revert NotTrue("it must revert");
        } catch {}
        checkOpen();
    }

    // Late

    function test_recordsWhatWasReachedBeforeEachPeriod() public {
        uint64 period = uint64(NOW / 600);
        anchorMany(home, 3);
        (bool known, uint64 leaves) = anchors.reachedBefore(home, period);
        check(known && leaves == 0, "nothing before the first");
        (, , uint64 nextLeaf) = anchors.stream(home);
        vm.warp((period + 2) * 600);
        (known, ) = anchors.reachedBefore(home, period + 2);
        check(!known, "no anchor yet");
        anchorMany(home, 2);
        (known, leaves) = anchors.reachedBefore(home, period + 2);
        check(known && leaves == nextLeaf, "what the periods before had reached");
        (known, ) = anchors.reachedBefore(home, period + 1);
        check(!known, "silence is not recorded");
    }

    function test_refusesPeriodsThatProveNothing() public {
        IAnchorLog.Ack memory ack = ackOf(0, 3, DUE);
        uint64 period = DUE / 600;
        vm.warp((period + 1) * 600);
        anchorLeaves(leavesFrom(0, 2));
        // The period in which it is due: its first batch may have come before.
        refused(stranger, abi.encodeWithSelector(IAnchorLog.PeriodNotProving.selector, home, period));
        anchors.challengeLate(home, ack, period);
        refused(stranger, abi.encodeWithSelector(IAnchorLog.PeriodNotProving.selector, home, period + 2));
        anchors.challengeLate(home, ack, period + 2);
        // A period that begins in the very second in which the promise is due.
        ack = ackOf(0, 3, (period + 1) * 600);
        refused(stranger, abi.encodeWithSelector(IAnchorLog.PeriodNotProving.selector, home, period + 1));
        anchors.challengeLate(home, ack, period + 1);
        checkOpen();
    }

    /// @dev Anchored in time or up to one period late: kept, or unproven. More than a period late: always convicted.
    function testFuzz_convictsOfEveryDelayBeyondAPeriod(uint256 delay, uint256 due, uint64 before) public {
        uint64 anchorBy = uint64(bound(due, NOW, NOW + 2_000));
        delay = bound(delay, 0, 5_000);
        before = uint64(bound(before, 0, 2));
        IAnchorLog.Ack memory ack = ackOf(0, 3, anchorBy);
        if (before > 0) anchorLeaves(leavesFrom(0, before));
        vm.warp(anchorBy + delay);
        anchorLeaves(leavesFrom(before, 3 - before));
        vm.warp(anchorBy + 100_000);
        anchorLeaves(leavesFrom(3, 5));
        uint64 period = uint64((anchorBy + delay) / 600);
        if (uint256(period) * 600 > anchorBy) {
            expectSuspended(IAnchorLog.Breach.Late, ack);
            vm.prank(stranger);
            anchors.challengeLate(home, ack, period);
            checkSuspended();
        } else {
            check(delay <= 600, "a longer delay is provable");
            refused(stranger, abi.encodeWithSelector(IAnchorLog.PeriodNotProving.selector, home, period));
            anchors.challengeLate(home, ack, period);
        }
    }

    function test_convictsNobodyOfBeingLateWhoWasInTime() public {
        IAnchorLog.Ack memory ack = ackOf(0, 3, DUE);
        anchorLeaves(leavesFrom(0, 3));
        for (uint64 period = DUE / 600 + 1; period < DUE / 600 + 5; ++period) {
            vm.warp(period * 600);
            anchorLeaves(leavesFrom(0, 1));
            refused(stranger, abi.encodeWithSelector(IAnchorLog.AckKept.selector, home, 3, 3 + period - DUE / 600 - 1));
            anchors.challengeLate(home, ack, period);
        }
    }

    // Misplaced

    /// @dev Five batches of four leaves, where the gateway has swapped two; and an ack over positions 6 to 10.
    function swappedWorld(
        uint64 swapped
    ) private returns (IAnchorLog.Ack memory ack, bytes32[] memory promised, bytes32[] memory anchored) {
        promised = leavesFrom(6, 5);
        ack = signedAck(GATEWAY_KEY, 6, promised, DUE);
        bytes32[] memory all = leavesFrom(0, 20);
        all[swapped] = keccak256("another");
        for (uint64 b = 0; b < 5; ++b) {
            bytes32[] memory leaves = new bytes32[](4);
            for (uint64 i = 0; i < 4; ++i) leaves[i] = all[4 * b + i];
            if (b == swapped / 4) anchored = leaves;
            anchorLeaves(leaves);
        }
    }

    function batchOf(
        uint64 number,
        bytes32[] memory swapped,
        uint64 there
    ) private pure returns (IAnchorLog.Batch memory) {
        bytes32[] memory leaves = number == there ? swapped : leavesFrom(4 * number, 4);
        return IAnchorLog.Batch(number, NaiveTree.root(leaves, 0, 4), 4, 4 * number, new bytes32[](0));
    }

    function provenBatch(bytes32[] memory swapped, uint64 there) private view returns (IAnchorLog.Batch memory batch) {
        bytes32[] memory log = new bytes32[](5);
        for (uint64 b = 0; b < 5; ++b) {
            batch = batchOf(b, swapped, there);
            log[b] = Sha256Leaf.anchorLeaf(home, b, batch.root, 4, 4 * b);
        }
        batch = batchOf(there, swapped, there);
        batch.path = NaiveTree.path(log, there, 0, 5);
    }

    function testFuzz_suspendsWhatIsMisplaced(uint64 position) public {
        position = uint64(bound(position, 6, 10));
        (IAnchorLog.Ack memory ack, bytes32[] memory promised, bytes32[] memory anchored) = swappedWorld(position);
        IAnchorLog.Batch memory batch = provenBatch(anchored, position / 4);
        IAnchorLog.Place memory place = placeIn(promised, position - 6);
        IAnchorLog.Place memory there = placeIn(anchored, position % 4);
        expectSuspended(IAnchorLog.Breach.Misplaced, ack);
        vm.prank(stranger);
        anchors.challengeMisplaced(home, ack, place, batch, there);
        checkSuspended();
    }

    function test_refusesLeavesThatAreWherePromised() public {
        (IAnchorLog.Ack memory ack, bytes32[] memory promised, bytes32[] memory anchored) = swappedWorld(6);
        IAnchorLog.Batch memory batch = provenBatch(anchored, 1);
        IAnchorLog.Place memory place = placeIn(promised, 1);
        IAnchorLog.Place memory there = placeIn(anchored, 3);
        // Position 7 is anchored where it was promised.
        refused(stranger, abi.encodeWithSelector(IAnchorLog.LeafSame.selector, leafAt(7)));
        anchors.challengeMisplaced(home, ack, place, batch, there);
        there = placeIn(anchored, 2);
        // Position 7 against position 6.
        refused(stranger, abi.encodeWithSelector(IAnchorLog.PlacesDiffer.selector, 7, 6));
        anchors.challengeMisplaced(home, ack, place, batch, there);
        checkOpen();
    }

    function test_refusesBatchesAndPlacesThatAreNotThere() public {
        (IAnchorLog.Ack memory ack, bytes32[] memory promised, bytes32[] memory anchored) = swappedWorld(6);
        IAnchorLog.Place memory place = placeIn(promised, 0);
        IAnchorLog.Place memory there = placeIn(anchored, 2);
        IAnchorLog.Batch memory batch = provenBatch(anchored, 1);
        batch.firstLeaf = 3;
        refused(stranger, abi.encodeWithSelector(IAnchorLog.BatchNotInLog.selector, home, 1));
        anchors.challengeMisplaced(home, ack, place, batch, there);
        batch = provenBatch(anchored, 1);
        batch.path[0] = ~batch.path[0];
        refused(stranger, abi.encodeWithSelector(IAnchorLog.BatchNotInLog.selector, home, 1));
        anchors.challengeMisplaced(home, ack, place, batch, there);
        batch = provenBatch(anchored, 1);
        there.leaf = ~there.leaf;
        refused(stranger, abi.encodeWithSelector(IAnchorLog.PlaceInvalid.selector, there.leaf, 2));
        anchors.challengeMisplaced(home, ack, place, batch, there);
        there = placeIn(anchored, 2);
        place.leaf = keccak256("never promised");
        refused(stranger, abi.encodeWithSelector(IAnchorLog.PlaceInvalid.selector, place.leaf, 0));
        anchors.challengeMisplaced(home, ack, place, batch, there);
        // An inner node for a leaf: its path is too short.
        place = placeIn(promised, 0);
        there = IAnchorLog.Place(Sha256Leaf.node(anchored[2], anchored[3]), 2, new bytes32[](1));
        there.path[0] = Sha256Leaf.node(anchored[0], anchored[1]);
        refused(stranger, abi.encodeWithSelector(IAnchorLog.PlaceInvalid.selector, there.leaf, 2));
        anchors.challengeMisplaced(home, ack, place, batch, there);
        checkOpen();
    }

    // Contradicted

    function test_refusesPromisesThatAgree() public {
        IAnchorLog.Ack memory ack = ackOf(0, 4, DUE);
        IAnchorLog.Ack memory other = ackOf(2, 4, DUE + 5);
        IAnchorLog.Place memory place = placeIn(leavesFrom(0, 4), 3);
        IAnchorLog.Place memory there = placeIn(leavesFrom(2, 4), 1);
        refused(stranger, abi.encodeWithSelector(IAnchorLog.LeafSame.selector, leafAt(3)));
        anchors.challengeContradicted(home, ack, place, other, there);
        there.index = 2;
        refused(stranger, abi.encodeWithSelector(IAnchorLog.PlaceInvalid.selector, there.leaf, 2));
        anchors.challengeContradicted(home, ack, place, other, there);
        there = placeIn(leavesFrom(2, 4), 0);
        refused(stranger, abi.encodeWithSelector(IAnchorLog.PlacesDiffer.selector, 3, 2));
        anchors.challengeContradicted(home, ack, place, other, there);
        checkOpen();
    }

    function testFuzz_suspendsWhatIsContradicted(uint64 position) public {
        position = uint64(bound(position, 2, 3));
        bytes32[] memory one = leavesFrom(0, 4);
        bytes32[] memory two = leavesFrom(2, 4);
        two[position - 2] = keccak256("another");
        IAnchorLog.Ack memory ack = signedAck(GATEWAY_KEY, 0, one, DUE);
        IAnchorLog.Ack memory other = signedAck(GATEWAY_KEY, 2, two, DUE);
        IAnchorLog.Place memory place = placeIn(one, position);
        IAnchorLog.Place memory there = placeIn(two, position - 2);
        expectSuspended(IAnchorLog.Breach.Contradicted, ack);
        vm.prank(stranger);
        anchors.challengeContradicted(home, ack, place, other, there);
        checkSuspended();
    }

    // What comes after

    function test_aSuspendedStreamCannotBeSuspendedAgain() public {
        IAnchorLog.Ack memory ack = ackOf(0, 3, DUE);
        vm.warp(DUE + 1);
        anchors.challengeOverdue(home, ack);
        refused(stranger, abi.encodeWithSelector(IAnchorLog.StreamSuspended.selector, home));
        anchors.challengeOverdue(home, ack);
    }

    function test_whatWasDueIsForgivenByResuming() public {
        IAnchorLog.Ack memory ack = ackOf(0, 3, DUE);
        IAnchorLog.Ack memory also = ackOf(0, 4, DUE + 100);
        IAnchorLog.Ack memory later = ackOf(0, 5, DUE + 200);
        vm.warp(DUE + 1);
        anchors.challengeOverdue(home, ack);
        resumeAt(DUE + 100, 1);
        refused(stranger, abi.encodeWithSelector(IAnchorLog.AckForgiven.selector, home, DUE, DUE + 100));
        anchors.challengeOverdue(home, ack);
        refused(stranger, abi.encodeWithSelector(IAnchorLog.AckForgiven.selector, home, DUE + 100, DUE + 100));
        anchors.challengeOverdue(home, also);
        anchorLeaves(leavesFrom(0, 3));
        // Ten minutes for what had waited: nobody who was resumed is convicted before its first anchor can be there.
        uint64 due = DUE + 100 + anchors.RESUME_GRACE();
        vm.warp(DUE + 201);
        refused(stranger, abi.encodeWithSelector(IAnchorLog.AckNotDue.selector, home, due, DUE + 201));
        anchors.challengeOverdue(home, later);
        vm.warp(due);
        refused(stranger, abi.encodeWithSelector(IAnchorLog.AckNotDue.selector, home, due, due));
        anchors.challengeOverdue(home, later);
        vm.warp(due + 1);
        anchors.challengeOverdue(home, later);
        (IAnchorLog.Standing now_, uint32 suspensions) = standingOf(home);
        check(now_ == IAnchorLog.Standing.Suspended && suspensions == 2, "a later promise still counts");
    }

    /// @dev Due when it says, or ten minutes after the resume, whichever is later; both challenges judge by it.
    function testFuzz_nothingFallsDueRightAfterAResume(uint64 after_, uint64 late) public {
        IAnchorLog.Ack memory broken = ackOf(0, 3, DUE);
        vm.warp(DUE + 1);
        anchors.challengeOverdue(home, broken);
        uint64 resumedAt = DUE + 2;
        resumeAt(resumedAt, 1);
        uint64 anchorBy = resumedAt + 1 + (after_ % 2000);
        uint64 due = anchorBy > resumedAt + 600 ? anchorBy : resumedAt + 600;
        IAnchorLog.Ack memory ack = ackOf(0, 4, anchorBy);
        vm.warp(due + 1 + (late % 10_000));
        uint64 period = uint64(block.timestamp / anchors.PERIOD());
        anchorLeaves(leavesFrom(0, 3));
        // The period's first batch finds the fourth leaf missing: that convicts only where the period began when it was due.
        bool convicts = period * anchors.PERIOD() > due;
        if (!convicts) refused(stranger, abi.encodeWithSelector(IAnchorLog.PeriodNotProving.selector, home, period));
        anchors.challengeLate(home, ack, period);
        if (convicts) return;
        anchors.challengeOverdue(home, ack);
    }

    /// @dev Who was convicted cannot go on elsewhere before members have decided.
    function test_noStreamIsOpenedWhileOneIsSuspended() public {
        vm.prank(sender);
        bytes32 other = anchors.openStream(group);
        IAnchorLog.Ack memory ack = ackOf(0, 3, DUE);
        vm.warp(DUE + 1);
        anchors.challengeOverdue(home, ack);
        refused(sender, abi.encodeWithSelector(IAnchorLog.StreamSuspended.selector, home));
        anchors.openStream(group);
        // What was opened before goes on, and what members resume lets the group open more.
        anchorMany(other, 1);
        resumeAt(DUE + 2, 1);
        vm.prank(sender);
        anchors.openStream(group);
    }
}
