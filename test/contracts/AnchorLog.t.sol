// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AnchorLog} from "../../contracts/anchors/AnchorLog.sol";
import {IAnchorLog} from "../../contracts/anchors/IAnchorLog.sol";
import {Sha256Leaf} from "../../contracts/lib/Sha256Leaf.sol";
import {Consortium} from "./Consortium.sol";
import {NaiveTree} from "./NaiveTree.sol";

contract AnchorLogTest is Consortium {
    bytes32 private constant ROOT = keccak256("root");

    function test_refusesSendersOfNoGroup() public {
        refused(stranger, abi.encodeWithSelector(IAnchorLog.SenderNotOfGroup.selector, group, stranger));
        anchors.openStream(group);
        refused(sender, abi.encodeWithSelector(IAnchorLog.SenderNotOfGroup.selector, stranger, sender));
        anchors.openStream(stranger);
        refused(stranger, abi.encodeWithSelector(IAnchorLog.SenderNotOfGroup.selector, group, stranger));
        anchors.anchor(home, 0, ROOT, 1);
        // Stream ids derive from the group's identity; that gives it no right to send.
        refused(group, abi.encodeWithSelector(IAnchorLog.SenderNotOfGroup.selector, group, group));
        anchors.anchor(home, 0, ROOT, 1);
    }

    function testFuzz_comparesAndSwaps(uint64 number, uint8 before) public {
        anchorMany(home, before % 20);
        (, uint64 size, ) = anchors.stream(home);
        if (number != size) {
            refused(sender, abi.encodeWithSelector(IAnchorLog.AnchorNumberUnexpected.selector, home, size, number));
            anchors.anchor(home, number, ROOT, 1);
        }
        vm.prank(sender);
        anchors.anchor(home, size, ROOT, 1);
        // Sent again because its fate was unknown: it reverts and changes nothing.
        bytes32 root = anchors.logRoot(home);
        refused(secondSender, abi.encodeWithSelector(IAnchorLog.AnchorNumberUnexpected.selector, home, size + 1, size));
        anchors.anchor(home, size, ROOT, 1);
        checkEqual(root, anchors.logRoot(home), "nothing changed");
    }

    function test_refusesBatches() public {
        refused(sender, abi.encodeWithSelector(IAnchorLog.StreamUnknown.selector, ROOT));
        anchors.anchor(ROOT, 0, ROOT, 1);
        refused(sender, abi.encodeWithSelector(IAnchorLog.BatchEmpty.selector, home, 0));
        anchors.anchor(home, 0, ROOT, 0);
        uint64 most = type(uint48).max;
        refused(sender, abi.encodeWithSelector(IAnchorLog.LeavesTooMany.selector, home, 0, most + 1));
        anchors.anchor(home, 0, ROOT, most + 1);
        vm.prank(sender);
        anchors.anchor(home, 0, ROOT, most - 1);
        refused(sender, abi.encodeWithSelector(IAnchorLog.LeavesTooMany.selector, home, most - 1, 2));
        anchors.anchor(home, 1, ROOT, 2);
        vm.prank(sender);
        anchors.anchor(home, 1, ROOT, 1);
    }

    function test_streamsOfAGroupAreCounted() public {
        bytes32 expected = keccak256(abi.encode(block.chainid, address(anchors), group, uint64(1)));
        vm.expectEmit();
        emit IAnchorLog.StreamOpened(expected, group, 1);
        vm.prank(secondSender);
        bytes32 second = anchors.openStream(group);
        checkEqual(expected, second, "id");
        checkEqual(2, anchors.streamCount(group), "two streams");
        anchorMany(home, 3);
        (address owner, uint64 size, uint64 nextLeaf) = anchors.stream(second);
        checkEqual(group, owner, "group");
        checkEqual(0, size + nextLeaf, "one stream's anchors are not the other's");
        checkEqual(sha256(""), anchors.logRoot(second), "the empty root");
        checkEqual(0, anchors.frontier(second).length, "no peaks");
    }

    function test_emitsWhatItAnchors() public {
        anchorMany(home, 4);
        (, , uint64 nextLeaf) = anchors.stream(home);
        vm.expectEmit();
        emit IAnchorLog.Anchored(home, 4, ROOT, 17, nextLeaf);
        vm.prank(secondSender);
        anchors.anchor(home, 4, ROOT, 17);
        (, uint64 size, uint64 after_) = anchors.stream(home);
        checkEqual(5, size, "size");
        checkEqual(nextLeaf + 17, after_, "next leaf");
    }

    /// @dev The frontier against the naive tree over all anchor leaves, and every batch against the present state.
    function testFuzz_everyBatchIsProvable(uint256 seed, uint8 count) public {
        uint64 size = uint64(bound(count, 1, 40));
        bytes32[] memory leaves = new bytes32[](size);
        uint64 firstLeaf = 0;
        for (uint64 i = 0; i < size; ++i) {
            (bytes32 root, uint64 leavesOf) = batch(seed, i);
            leaves[i] = Sha256Leaf.anchorLeaf(home, i, root, leavesOf, firstLeaf);
            vm.prank(i % 2 == 0 ? sender : secondSender);
            anchors.anchor(home, i, root, leavesOf);
            firstLeaf += leavesOf;
        }
        checkEqual(NaiveTree.root(leaves, 0, size), anchors.logRoot(home), "log root");
        firstLeaf = 0;
        for (uint64 i = 0; i < size; ++i) {
            firstLeaf = checkBatch(seed, i, firstLeaf, size, NaiveTree.path(leaves, i, 0, size));
        }
    }

    function batch(uint256 seed, uint64 i) private pure returns (bytes32 root, uint64 count) {
        return (keccak256(abi.encode(seed, i)), 1 + uint64(uint256(keccak256(abi.encode(i, seed))) % 1_000));
    }

    function checkBatch(
        uint256 seed,
        uint64 i,
        uint64 firstLeaf,
        uint64 size,
        bytes32[] memory path
    ) private view returns (uint64) {
        (bytes32 root, uint64 count) = batch(seed, i);
        check(anchors.verifyBatch(home, i, root, count, firstLeaf, size, path), "provable");
        check(!anchors.verifyBatch(home, i, root, count, firstLeaf, size - 1, path), "not at another size");
        check(!anchors.verifyBatch(home, i, root, count, firstLeaf, size + 1, path), "not at another size");
        check(!anchors.verifyBatch(home, i, root, count + 1, firstLeaf, size, path), "not with another count");
        check(!anchors.verifyBatch(home, i, root, count, firstLeaf + 1, size, path), "not from another leaf");
        check(!anchors.verifyBatch(home, i, ~root, count, firstLeaf, size, path), "not with another root");
        check(!anchors.verifyBatch(home, i + 1, root, count, firstLeaf, size, path), "not with another number");
        check(!anchors.verifyBatch(ROOT, i, root, count, firstLeaf, size, path), "not in another stream");
        return firstLeaf + count;
    }
}
