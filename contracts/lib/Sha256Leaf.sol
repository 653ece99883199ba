// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title The hashes that leaves, nodes and anchors are made of
/// @notice DESIGN.md section 6. One hash, SHA-256, because devices and transparency logs speak it.
/// @dev Assumption: the SHA-256 precompile (address 2) answers; it has since the first Ethereum block.
library Sha256Leaf {
    /// @notice leaf@1: SHA-256(0x00 ‖ kind u8 ‖ subject 32 ‖ sequence u64 BE ‖ content 32).
    function leaf(uint8 kind, bytes32 subject, uint64 sequence, bytes32 content) internal pure returns (bytes32) {
        return sha256(abi.encodePacked(bytes1(0x00), kind, subject, sequence, content));
    }

    /// @notice Anchor leaf: SHA-256(0x00 ‖ stream 32 ‖ number u64 ‖ root 32 ‖ count u64 ‖ firstLeaf u64).
    /// @dev Laid out by hand beyond the free pointer, which does not move: every anchor pays for this.
    function anchorLeaf(
        bytes32 stream,
        uint64 batch,
        bytes32 root,
        uint64 count,
        uint64 firstLeaf
    ) internal view returns (bytes32 result) {
        assembly ("memory-safe") {
            let place := mload(0x40)
            mstore(place, 0)
            mstore(add(place, 0x01), stream)
            mstore(add(place, 0x21), shl(192, batch))
            mstore(add(place, 0x29), root)
            mstore(add(place, 0x49), or(shl(192, count), shr(64, shl(192, firstLeaf))))
            if iszero(staticcall(gas(), 0x02, place, 0x59, 0x00, 0x20)) {
                revert(0x00, 0x00)
            }
            result := mload(0x00)
        }
    }

    /// @notice Node: SHA-256(0x01 ‖ left ‖ right).
    /// @dev The 65 bytes lie in scratch memory over the free pointer, which is put back: proofs hash many nodes, and
    /// allocating for each would cost more than the hash.
    function node(bytes32 left, bytes32 right) internal view returns (bytes32 result) {
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore(0x00, 0x01)
            mstore(0x20, left)
            mstore(0x40, right)
            if iszero(staticcall(gas(), 0x02, 0x1f, 0x41, 0x00, 0x20)) {
                // Only for lack of gas: the outer frame has a 64th left, too little to go on in silence.
                revert(0x00, 0x00)
            }
            result := mload(0x00)
            mstore(0x40, free)
        }
    }
}
