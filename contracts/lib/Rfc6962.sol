// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Sha256Leaf} from "./Sha256Leaf.sol";

/// @title RFC 6962 trees: root from a frontier, inclusion of a leaf
/// @notice Leaves come hashed (already prefixed with 0x00). A proof binds index and size, its length is exact.
library Rfc6962 {
    /// @notice Root of the empty tree: SHA-256 of nothing (RFC 6962 section 2.1).
    bytes32 internal constant EMPTY_ROOT = 0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855;

    /// @notice The root of the tree whose full subtrees have these roots.
    /// @param peaks largest subtree first, one for each set bit of the size; empty for the empty tree
    function rootOf(bytes32[] memory peaks) internal view returns (bytes32 root) {
        uint256 i = peaks.length;
        if (i == 0) return EMPTY_ROOT;
        root = peaks[--i];
        while (i > 0) root = Sha256Leaf.node(peaks[--i], root);
    }

    /// @notice Whether `leaf` is the leaf at `index` in the tree of `size` leaves with this root (RFC 9162, 2.1.3.2).
    /// @dev `last` walks with `index`: both are the node's and the last node's places on the level reached. A node that
    /// is last and even has no sibling there, so its levels are climbed without taking an element of the path.
    function verifyInclusion(
        bytes32 leaf,
        uint64 index,
        uint64 size,
        bytes32[] calldata path,
        bytes32 root
    ) internal view returns (bool) {
        if (index >= size) return false;
        uint64 last = size - 1;
        bytes32 hash = leaf;
        for (uint256 i = 0; i < path.length; ++i) {
            if (last == 0) return false;
            if (index & 1 == 1 || index == last) {
                hash = Sha256Leaf.node(path[i], hash);
                while (index & 1 == 0 && index != 0) {
                    index >>= 1;
                    last >>= 1;
                }
            } else {
                hash = Sha256Leaf.node(hash, path[i]);
            }
            index >>= 1;
            last >>= 1;
        }
        return last == 0 && hash == root;
    }
}
