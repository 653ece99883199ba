// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Rfc6962} from "../../contracts/lib/Rfc6962.sol";
import {Sha256Leaf} from "../../contracts/lib/Sha256Leaf.sol";
import {NaiveTree} from "./NaiveTree.sol";
import {TestBase} from "./TestBase.sol";

/// @dev The clever tree against the naive one.
contract Rfc6962Test is TestBase {
    function someLeaves(uint256 seed, uint256 size) private pure returns (bytes32[] memory leaves) {
        leaves = new bytes32[](size);
        for (uint256 i = 0; i < size; ++i) leaves[i] = keccak256(abi.encode(seed, i));
    }

    function verify(
        bytes32 leaf,
        uint64 index,
        uint64 size,
        bytes32[] calldata path,
        bytes32 root
    ) external view returns (bool) {
        return Rfc6962.verifyInclusion(leaf, index, size, path, root);
    }

    function testFuzz_nodeIsTheNaiveNode(bytes32 left, bytes32 right, bytes calldata noise) public view {
        bytes memory before = noise;
        checkEqual(NaiveTree.node(left, right), Sha256Leaf.node(left, right), "node");
        bytes memory later = abi.encode(left);
        checkEqual(keccak256(noise), keccak256(before), "memory before it is untouched");
        checkEqual(left, abi.decode(later, (bytes32)), "memory after it is usable");
    }

    function testFuzz_everyLeafIsIncluded(uint256 seed, uint256 size, uint256 index) public view {
        size = bound(size, 1, 70);
        index = bound(index, 0, size - 1);
        bytes32[] memory leaves = someLeaves(seed, size);
        bytes32 root = NaiveTree.root(leaves, 0, size);
        bytes32[] memory path = NaiveTree.path(leaves, index, 0, size);
        check(this.verify(leaves[index], uint64(index), uint64(size), path, root), "included");
    }

    /// @dev One flipped bit anywhere, another index, another size or another length: refused.
    function testFuzz_nothingElseIsIncluded(
        uint256 seed,
        uint256 size,
        uint256 index,
        uint256 choice,
        uint8 bit
    ) public view {
        size = bound(size, 1, 70);
        index = bound(index, 0, size - 1);
        bytes32[] memory leaves = someLeaves(seed, size);
        bytes32 root = NaiveTree.root(leaves, 0, size);
        bytes32[] memory path = NaiveTree.path(leaves, index, 0, size);
        bytes32 flip = bytes32(uint256(1) << bit);
        bytes32 leaf = leaves[index];
        choice = bound(choice, 0, path.length + 4);
        if (choice == 0) leaf ^= flip;
        else if (choice == 1) root ^= flip;
        else if (choice == 2) index = size + bit;
        else if (choice == 3) path = longer(path, flip);
        else if (choice == 4) {
            if (path.length == 0) return;
            path = shorter(path);
        } else path[choice - 5] ^= flip;
        check(!this.verify(leaf, uint64(index), uint64(size), path, root), "not included");
    }

    function testFuzz_noOtherIndexOrSize(uint256 seed, uint256 size, uint256 index, uint64 other) public view {
        size = bound(size, 2, 70);
        index = bound(index, 0, size - 1);
        bytes32[] memory leaves = someLeaves(seed, size);
        bytes32 root = NaiveTree.root(leaves, 0, size);
        bytes32[] memory path = NaiveTree.path(leaves, index, 0, size);
        uint64 wrong = uint64(bound(other, 0, size - 1));
        if (wrong != index) check(!this.verify(leaves[index], wrong, uint64(size), path, root), "another index");
        check(!this.verify(leaves[index], other, uint64(size), path, root) || other == index, "any index");
    }

    function test_edges() public view {
        bytes32[] memory none = new bytes32[](0);
        checkEqual(sha256(""), Rfc6962.EMPTY_ROOT, "the empty root");
        checkEqual(sha256(""), Rfc6962.rootOf(none), "of no peaks");
        check(!this.verify(Rfc6962.EMPTY_ROOT, 0, 0, none, Rfc6962.EMPTY_ROOT), "the empty tree has no leaf");
        uint64 last = type(uint64).max;
        check(!this.verify(bytes32(0), last, last, none, bytes32(0)), "index beyond the size");
    }

    function longer(bytes32[] memory path, bytes32 more) private pure returns (bytes32[] memory list) {
        list = new bytes32[](path.length + 1);
        for (uint256 i = 0; i < path.length; ++i) list[i] = path[i];
        list[path.length] = more;
    }

    function shorter(bytes32[] memory path) private pure returns (bytes32[] memory list) {
        list = new bytes32[](path.length - 1);
        for (uint256 i = 0; i < list.length; ++i) list[i] = path[i];
    }
}
