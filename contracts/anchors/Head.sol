// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @dev How far a stream has come, in one word, because every anchor reads and writes it: the group (160 bits), the batches
/// (32), the leaves (48) and a tag (16). The tag is the period of the last anchor modulo 2¹⁴ over two bits of standing: a
/// batch that is not the first of its period finds in one comparison that the stream is open and nothing is to be recorded.
type Head is uint256;

using {groupOf, sizeOf, nextLeafOf, tagOf, isZero} for Head global;

uint256 constant SIZE_MAX = type(uint32).max;
uint256 constant LEAVES_MAX = type(uint48).max;

/// @dev Unchecked: each part must fit.
function packHead(address group, uint256 size, uint256 nextLeaf, uint256 tag) pure returns (Head) {
    return Head.wrap(uint256(uint160(group)) | (size << 160) | (nextLeaf << 192) | (tag << 240));
}

function groupOf(Head head) pure returns (address) {
    return address(uint160(Head.unwrap(head)));
}

function sizeOf(Head head) pure returns (uint64) {
    return uint32(Head.unwrap(head) >> 160);
}

function nextLeafOf(Head head) pure returns (uint64) {
    return uint48(Head.unwrap(head) >> 192);
}

function tagOf(Head head) pure returns (uint256) {
    return Head.unwrap(head) >> 240;
}

/// @dev Nobody has opened this stream.
function isZero(Head head) pure returns (bool) {
    return Head.unwrap(head) == 0;
}
