// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @dev What a grant permits, in one word, which is all that is stored of it; zero: no such grant. From the lowest bit:
/// until 40 (seconds, exclusive, never zero) · from 40 (seconds) · segments 64 · purposes 8 · depth 8 · epoch 32 ·
/// revokedAt 40 (seconds; zero: not revoked).
type Terms is uint256;

using TermsWord for Terms global;

library TermsWord {
    uint256 private constant REVOKED_AT = 192;

    function pack(
        uint40 from_,
        uint40 until_,
        uint64 segments_,
        uint8 purposes_,
        uint8 depth_
    ) internal pure returns (Terms) {
        return
            Terms.wrap(
                uint256(until_) |
                    (uint256(from_) << 40) |
                    (uint256(segments_) << 80) |
                    (uint256(purposes_) << 144) |
                    (uint256(depth_) << 152)
            );
    }

    /// @dev Once, on terms that have no epoch yet.
    function inEpoch(Terms terms, uint32 epoch_) internal pure returns (Terms) {
        return Terms.wrap(Terms.unwrap(terms) | (uint256(epoch_) << 160));
    }

    function exists(Terms terms) internal pure returns (bool) {
        return Terms.unwrap(terms) != 0;
    }

    function until(Terms terms) internal pure returns (uint40) {
        return uint40(Terms.unwrap(terms));
    }

    function from(Terms terms) internal pure returns (uint40) {
        return uint40(Terms.unwrap(terms) >> 40);
    }

    function segments(Terms terms) internal pure returns (uint64) {
        return uint64(Terms.unwrap(terms) >> 80);
    }

    function purposes(Terms terms) internal pure returns (uint8) {
        return uint8(Terms.unwrap(terms) >> 144);
    }

    function depth(Terms terms) internal pure returns (uint8) {
        return uint8(Terms.unwrap(terms) >> 152);
    }

    function epoch(Terms terms) internal pure returns (uint32) {
        return uint32(Terms.unwrap(terms) >> 160);
    }

    function revokedAt(Terms terms) internal pure returns (uint40) {
        return uint40(Terms.unwrap(terms) >> REVOKED_AT);
    }

    /// @dev Once: what is revoked stays revoked.
    function revoke(Terms terms, uint256 time) internal pure returns (Terms) {
        return Terms.wrap(Terms.unwrap(terms) | (uint256(uint40(time)) << REVOKED_AT));
    }
}
