// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @dev A twin as a decision needs it, in one word; zero: no such twin. From the lowest bit: segments 64 (never zero) ·
/// commands 64 · epoch 32 (grants of an earlier one have ended) · n 24 (which of the device's assignments it belongs to;
/// nothing for a security twin) · consent 8 (purposes that need it) · security 8 (1: the device's security twin).
type Cut is uint256;

using CutWord for Cut global;

library CutWord {
    function pack(uint64 segments_, uint64 commands_, uint24 n_, uint8 consent_) internal pure returns (Cut) {
        return
            Cut.wrap(
                uint256(segments_) | (uint256(commands_) << 64) | (uint256(n_) << 160) | (uint256(consent_) << 184)
            );
    }

    function packSecurity(uint64 segments_) internal pure returns (Cut) {
        return Cut.wrap(uint256(segments_) | (uint256(1) << 192));
    }

    function exists(Cut cut) internal pure returns (bool) {
        return Cut.unwrap(cut) != 0;
    }

    function segments(Cut cut) internal pure returns (uint64) {
        return uint64(Cut.unwrap(cut));
    }

    function commands(Cut cut) internal pure returns (uint64) {
        return uint64(Cut.unwrap(cut) >> 64);
    }

    function epoch(Cut cut) internal pure returns (uint32) {
        return uint32(Cut.unwrap(cut) >> 128);
    }

    function n(Cut cut) internal pure returns (uint24) {
        return uint24(Cut.unwrap(cut) >> 160);
    }

    function consent(Cut cut) internal pure returns (uint8) {
        return uint8(Cut.unwrap(cut) >> 184);
    }

    function isSecurity(Cut cut) internal pure returns (bool) {
        return Cut.unwrap(cut) >> 192 != 0;
    }

    /// @dev Of a twin that is no security twin: a device's assignments follow one another, so it lives exactly while its
    /// own is the last one and open.
    /// @param assignments begun so far, and `assigned` whether the last is open: `DeviceRegistry.standing`
    function isOpen(Cut cut, uint24 assignments, bool assigned) internal pure returns (bool) {
        return assigned && assignments == uint256(n(cut)) + 1;
    }

    /// @dev Of any twin: a security twin knows no assignment.
    function isEnded(Cut cut, uint24 assignments, bool assigned) internal pure returns (bool) {
        return !isSecurity(cut) && !isOpen(cut, assignments, assigned);
    }

    function withEpoch(Cut cut, uint32 epoch_) internal pure returns (Cut) {
        return Cut.wrap((Cut.unwrap(cut) & ~(uint256(type(uint32).max) << 128)) | (uint256(epoch_) << 128));
    }

    function withConsent(Cut cut, uint8 consent_) internal pure returns (Cut) {
        return Cut.wrap((Cut.unwrap(cut) & ~(uint256(type(uint8).max) << 184)) | (uint256(consent_) << 184));
    }
}
