// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AnchorLog} from "../../contracts/anchors/AnchorLog.sol";
import {IAnchorLog} from "../../contracts/anchors/IAnchorLog.sol";
import {Sha256Leaf} from "../../contracts/lib/Sha256Leaf.sol";
import {IMemberRegistry} from "../../contracts/members/IMemberRegistry.sol";
import {MemberRegistry} from "../../contracts/members/MemberRegistry.sol";
import {Consortium} from "./Consortium.sol";

/// @dev Four members, of whom three decide.
contract FenceTest is Consortium {
    uint256 private constant ALL = 0xf;
    bytes32 private constant REASON = keccak256("two databases");

    function setUp() public override {
        super.setUp();
        found(4);
    }

    function memberKey(uint256 bit) private pure returns (uint256) {
        return 0x4100 + bit;
    }

    function found(uint256 count) private {
        IMemberRegistry.Member[] memory list = new IMemberRegistry.Member[](count);
        for (uint256 i = 0; i < count; ++i) {
            list[i] = someMembers()[0];
            list[i].signer = vm.addr(memberKey(i));
        }
        members = new MemberRegistry(list, someGroups(), someOracles(4));
        anchors = new AnchorLog(members);
        vm.prank(sender);
        home = anchors.openStream(group);
    }

    function signMembers(bytes32 digest, uint256 bits) private pure returns (bytes32[2][] memory signatures) {
        uint256 count = 0;
        for (uint256 rest = bits; rest != 0; rest &= rest - 1) ++count;
        signatures = new bytes32[2][](count);
        uint256 next = 0;
        for (uint256 bit = 0; bits >> bit != 0; ++bit) {
            if ((bits >> bit) & 1 == 0) continue;
            (bytes32 r, bytes32 vs) = vm.signCompact(memberKey(bit), digest);
            signatures[next++] = [r, vs];
        }
    }

    function fenceBy(uint256 bits) private {
        anchors.fence(home, REASON, bits, signMembers(anchors.fenceDigest(home, REASON), bits));
    }

    function suspend() private {
        IAnchorLog.Ack memory ack;
        ack.count = 100;
        ack.anchorBy = uint64(block.timestamp);
        (ack.r, ack.s) = vm.signP256(0xc2, anchors.ackDigest(home, ack));
        vm.warp(block.timestamp + 1);
        anchors.challengeOverdue(home, ack);
    }

    function resumeBy(uint32 suspension, uint256 bits) private {
        bytes32[2][] memory signatures = signMembers(anchors.resumeDigest(home, suspension, REASON), bits);
        anchors.resume(home, suspension, REASON, bits, signatures);
    }

    function standingOf(bytes32 id) private view returns (IAnchorLog.Standing now_) {
        (now_, , , ) = anchors.standing(id);
    }

    // Refusals

    function testFuzz_refusesAllButAQuorum(uint256 bits) public {
        bits = bound(bits, 0, ALL);
        bytes32[2][] memory signatures = signMembers(anchors.fenceDigest(home, REASON), bits);
        if (signatures.length == 3) return;
        refused(
            stranger,
            abi.encodeWithSelector(IMemberRegistry.SignatureCountUnexpected.selector, 3, signatures.length)
        );
        anchors.fence(home, REASON, bits, signatures);
        check(standingOf(home) == IAnchorLog.Standing.Open, "still open");
    }

    function test_refusesSignaturesOfOthers() public {
        bytes32 digest = anchors.fenceDigest(home, REASON);
        bytes32[2][] memory signatures = signMembers(digest, 0x7);
        // Signed by members 0, 1, 2, said to be by 0, 1, 3.
        address second = vm.addr(memberKey(2));
        refused(stranger, abi.encodeWithSelector(IMemberRegistry.SignatureNotMember.selector, 3, second));
        anchors.fence(home, REASON, 0xb, signatures);
        refused(stranger, abi.encodeWithSelector(IMemberRegistry.MemberBitUnknown.selector, 0x13, 4));
        anchors.fence(home, REASON, 0x13, signatures);
        refused(stranger, abi.encodeWithSelector(IMemberRegistry.SignatureCountUnexpected.selector, 3, 4));
        anchors.fence(home, REASON, 0xf, signatures);
        // One member three times.
        signatures[1] = signatures[0];
        signatures[2] = signatures[0];
        address first = vm.addr(memberKey(0));
        refused(stranger, abi.encodeWithSelector(IMemberRegistry.SignatureNotMember.selector, 1, first));
        anchors.fence(home, REASON, 0x7, signatures);
        // Nobody's signature.
        signatures[0] = [bytes32(0), bytes32(0)];
        refused(stranger, abi.encodeWithSelector(IMemberRegistry.SignatureNotMember.selector, 0, address(0)));
        anchors.fence(home, REASON, 0x7, signatures);
    }

    function test_aSignatureIsForOneStreamOneReasonAndOneAct() public {
        vm.prank(sender);
        bytes32 other = anchors.openStream(group);
        bytes32[2][] memory signatures = signMembers(anchors.fenceDigest(other, REASON), 0x7);
        refusedByAnybody(signatures);
        signatures = signMembers(anchors.fenceDigest(home, keccak256("another reason")), 0x7);
        refusedByAnybody(signatures);
        signatures = signMembers(anchors.resumeDigest(home, 1, REASON), 0x7);
        refusedByAnybody(signatures);
        bytes32 same = anchors.fenceDigest(home, REASON);
        vm.chainId(1);
        check(same != anchors.fenceDigest(home, REASON), "not on another chain");
    }

    function refusedByAnybody(bytes32[2][] memory signatures) private {
        try anchors.fence(home, REASON, 0x7, signatures) {
            revert NotTrue("fenced by signatures over something else");
        } catch (bytes memory evidence) {
            check(bytes4(evidence) == IMemberRegistry.SignatureNotMember.selector, "not a member's");
        }
    }

    function test_refusesWhatDoesNotStandSo() public {
        bytes32[2][] memory none = new bytes32[2][](0);
        refused(stranger, abi.encodeWithSelector(IAnchorLog.StreamUnknown.selector, MODEL));
        anchors.fence(MODEL, REASON, 0, none);
        refused(stranger, abi.encodeWithSelector(IAnchorLog.StreamUnknown.selector, MODEL));
        anchors.resume(MODEL, 0, REASON, 0, none);
        refused(stranger, abi.encodeWithSelector(IAnchorLog.StreamUnknown.selector, MODEL));
        anchors.openSuccessor(MODEL);
        refused(stranger, abi.encodeWithSelector(IAnchorLog.StreamNotSuspended.selector, home));
        anchors.resume(home, 0, REASON, 0, none);
        refused(sender, abi.encodeWithSelector(IAnchorLog.StreamNotFenced.selector, home));
        anchors.openSuccessor(home);
        suspend();
        refused(sender, abi.encodeWithSelector(IAnchorLog.StreamNotFenced.selector, home));
        anchors.openSuccessor(home);
        fenceBy(0x7);
        refused(stranger, abi.encodeWithSelector(IAnchorLog.StreamFenced.selector, home));
        anchors.fence(home, REASON, 0, none);
        refused(stranger, abi.encodeWithSelector(IAnchorLog.StreamNotSuspended.selector, home));
        anchors.resume(home, 1, REASON, 0, none);
    }

    function test_aResumeLiftsOneSuspensionOnly() public {
        suspend();
        bytes32[2][] memory signatures = signMembers(anchors.resumeDigest(home, 1, REASON), 0xb);
        anchors.resume(home, 1, REASON, 0xb, signatures);
        vm.warp(block.timestamp + anchors.RESUME_GRACE());
        suspend();
        // The same signatures again.
        refused(sender, abi.encodeWithSelector(IAnchorLog.SuspensionUnexpected.selector, home, 2, 1));
        anchors.resume(home, 1, REASON, 0xb, signatures);
        try anchors.resume(home, 2, REASON, 0xb, signatures) {
            revert NotTrue("lifted by old signatures");
        } catch (bytes memory evidence) {
            check(bytes4(evidence) == IMemberRegistry.SignatureNotMember.selector, "signed for another");
        }
        check(standingOf(home) == IAnchorLog.Standing.Suspended, "still suspended");
    }

    // What they do

    function test_aResumedStreamGoesOn() public {
        anchorMany(home, 2);
        suspend();
        vm.expectEmit();
        emit IAnchorLog.Resumed(home, 1, REASON, 0xe);
        resumeBy(1, 0xe);
        check(standingOf(home) == IAnchorLog.Standing.Open, "open");
        (, , uint64 resumedAt, ) = anchors.standing(home);
        checkEqual(block.timestamp, resumedAt, "resumed now");
        anchorMany(home, 3);
        (, uint64 size, ) = anchors.stream(home);
        checkEqual(5, size, "it goes on where it stopped");
    }

    function testFuzz_aFencedStreamNeverMoves(uint8 count, bool suspended) public {
        anchorMany(home, count % 20);
        if (suspended) suspend();
        (, uint64 size, uint64 nextLeaf) = anchors.stream(home);
        bytes32 root = anchors.logRoot(home);
        bytes32[2][] memory signatures = signMembers(anchors.fenceDigest(home, REASON), 0x7);
        vm.expectEmit();
        emit IAnchorLog.Fenced(home, size, nextLeaf, root, REASON, 0x7);
        anchors.fence(home, REASON, 0x7, signatures);
        refused(sender, abi.encodeWithSelector(IAnchorLog.StreamFenced.selector, home));
        anchors.anchor(home, size, REASON, 1);
        vm.warp(block.timestamp + 10_000);
        refused(secondSender, abi.encodeWithSelector(IAnchorLog.StreamFenced.selector, home));
        anchors.anchor(home, size, REASON, 1);
        checkEqual(root, anchors.logRoot(home), "the end stays");
    }

    function testFuzz_theSuccessorBindsTheEnd(uint8 count) public {
        anchorMany(home, count % 20);
        fenceBy(0xd);
        (, uint64 size, ) = anchors.stream(home);
        bytes32 end = Sha256Leaf.leaf(12, home, size, anchors.logRoot(home));
        bytes32 expected = anchors.streamId(group, 1);
        refused(stranger, abi.encodeWithSelector(IAnchorLog.SenderNotOfGroup.selector, group, stranger));
        anchors.openSuccessor(home);
        vm.expectEmit();
        emit IAnchorLog.StreamOpened(expected, group, 1);
        vm.expectEmit();
        emit IAnchorLog.Anchored(expected, 0, end, 1, 0);
        vm.expectEmit();
        emit IAnchorLog.Succeeded(home, expected, end);
        vm.prank(secondSender);
        bytes32 next = anchors.openSuccessor(home);
        checkEqual(expected, next, "the group's next stream");
        (, , , bytes32 successor) = anchors.standing(home);
        checkEqual(next, successor, "the one successor");
        refused(sender, abi.encodeWithSelector(IAnchorLog.SuccessorExists.selector, home, next));
        anchors.openSuccessor(home);

        // The successor is an ordinary stream whose first leaf is the end of the other one.
        checkEqual(Sha256Leaf.anchorLeaf(next, 0, end, 1, 0), anchors.logRoot(next), "its log");
        anchorMany(next, 7);
        (address owner, uint64 newSize, ) = anchors.stream(next);
        checkEqual(group, owner, "of the same group");
        checkEqual(8, newSize, "and it goes on");
        check(standingOf(next) == IAnchorLog.Standing.Open, "open");
    }

    function test_aFencedGroupGoesOnInTheSuccessorOnly() public {
        fenceBy(0x7);
        refused(sender, abi.encodeWithSelector(IAnchorLog.StreamFenced.selector, home));
        anchors.openStream(group);
        vm.prank(sender);
        bytes32 next = anchors.openSuccessor(home);
        vm.prank(sender);
        bytes32 another = anchors.openStream(group);
        check(next != another && standingOf(another) == IAnchorLog.Standing.Open, "then another one too");
    }

    /// @dev n − f of n, by any of them; and any two quorums share more members than may be faulty.
    function testFuzz_quorum(uint256 count, uint256 seed) public {
        count = bound(count, 1, 12);
        found(count);
        uint256 f = (count - 1) / 3;
        uint256 quorum = members.memberQuorum();
        checkEqual(count - f, quorum, "n - f");
        check(2 * quorum - count > f, "two quorums share an honest member");
        // Some members leave until a quorum is left.
        uint256 bits = (1 << count) - 1;
        for (uint256 left = count; left > quorum; seed /= 12) {
            uint256 bit = 1 << (seed % count);
            if (bits & bit != 0) --left;
            bits &= ~bit;
            if (seed == 0) seed = uint256(keccak256(abi.encode(bits)));
        }
        fenceBy(bits);
        check(standingOf(home) == IAnchorLog.Standing.Fenced, "fenced");
    }
}
