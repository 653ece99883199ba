// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @dev RFC 6962 section 2.1 word for word, slow and plain: the reference for the clever code.
library NaiveTree {
    function root(bytes32[] memory leaves, uint256 from, uint256 until) internal pure returns (bytes32) {
        if (until == from) return sha256("");
        if (until == from + 1) return leaves[from];
        uint256 k = split(until - from);
        return node(root(leaves, from, from + k), root(leaves, from + k, until));
    }

    /// @dev PATH(m, D[from:until]), from the leaf upwards.
    function path(
        bytes32[] memory leaves,
        uint256 m,
        uint256 from,
        uint256 until
    ) internal pure returns (bytes32[] memory) {
        if (until <= from + 1) return new bytes32[](0);
        uint256 k = split(until - from);
        if (m < k) return append(path(leaves, m, from, from + k), root(leaves, from + k, until));
        return append(path(leaves, m - k, from + k, until), root(leaves, from, from + k));
    }

    function node(bytes32 left, bytes32 right) internal pure returns (bytes32) {
        return sha256(abi.encodePacked(bytes1(0x01), left, right));
    }

    /// @dev The largest power of two below n.
    function split(uint256 n) private pure returns (uint256 k) {
        for (k = 1; k * 2 < n; k *= 2) {}
    }

    function append(bytes32[] memory list, bytes32 last) private pure returns (bytes32[] memory longer) {
        longer = new bytes32[](list.length + 1);
        for (uint256 i = 0; i < list.length; ++i) longer[i] = list[i];
        longer[list.length] = last;
    }
}
