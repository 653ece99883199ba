// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Base64} from "@openzeppelin/contracts/utils/Base64.sol";
import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";
import {SEQUENCE_MAX} from "./Sequence.sol";

// JSON is full of double quotes.
/* solhint-disable quotes */

/// @title The beginning of a reading@1, as its device signed it
/// @notice A signing input is the ASCII of `base64url(header).base64url(payload)`. The header is one of few, and the
/// payload begins `{"iss":"urn:twinward:device:0x<64 hex>","seq":<decimal>,`: just enough to say whose it is, under which
/// key number, and which sequence it claims.
/// @dev Nothing behind the sequence is read. Who signs two inputs that begin alike and go on differently has signed two
/// things for one sequence, whatever the rest says; a device that signs no readings but these has nothing to fear.
library ReadingInput {
    /// @dev The payload's bytes up to the sequence are 102, a multiple of three: they end with a base64url character.
    uint256 private constant ISSUER_CHARS = 136;
    /// @dev 16 digits of the largest sequence and the comma, in whole groups: 18 bytes.
    uint256 private constant SEQUENCE_CHARS = 24;
    uint256 private constant SEQUENCE_BYTES = 18;

    /// @notice The sequence that the input claims for `device`; zero when it is no beginning of a reading of it.
    function sequenceOf(bytes calldata input, bytes32 device) internal pure returns (uint64) {
        uint256 from = _payloadOf(input);
        if (from == 0 || input.length < from + ISSUER_CHARS + SEQUENCE_CHARS) return 0;
        uint256 to = from + ISSUER_CHARS;
        if (keccak256(input[from:to]) != keccak256(bytes(_issuer(device)))) return 0;
        return _decimal(input[to:to + SEQUENCE_CHARS]);
    }

    /// @notice Whether the header is a reading's under this key number.
    function hasKeyNumber(bytes calldata input, uint32 number) internal pure returns (bool) {
        uint256 from = _payloadOf(input);
        if (from == 0) return false;
        bytes memory header = abi.encodePacked(
            '{"alg":"ES256","typ":"reading+sd-jwt","kid":"',
            Strings.toString(number),
            '"}'
        );
        return keccak256(input[:from - 1]) == keccak256(bytes(Base64.encodeURL(header)));
    }

    /// @dev The place after the first dot; zero when there is none.
    function _payloadOf(bytes calldata input) private pure returns (uint256) {
        for (uint256 i = 0; i < input.length; ++i) if (input[i] == ".") return i + 1;
        return 0;
    }

    function _issuer(bytes32 device) private pure returns (string memory) {
        bytes memory start = abi.encodePacked(
            '{"iss":"urn:twinward:device:',
            Strings.toHexString(uint256(device), 32),
            '","seq":'
        );
        return Base64.encodeURL(start);
    }

    /// @dev The decimal number before the first comma, in its one form; zero when there is none, or it is too large.
    function _decimal(bytes calldata chars) private pure returns (uint64) {
        uint256 bits = 0;
        for (uint256 i = 0; i < SEQUENCE_CHARS; ++i) {
            uint256 six = _valueOf(uint8(chars[i]));
            if (six > 63) return 0;
            bits = (bits << 6) | six;
        }
        uint256 value = 0;
        for (uint256 i = SEQUENCE_BYTES; i > 0; --i) {
            uint256 char = (bits >> (8 * (i - 1))) & 0xff;
            if (char == 0x2c) return value > SEQUENCE_MAX ? 0 : uint64(value);
            // Zero so far and not the first digit: a zero in front.
            if (char < 0x30 || char > 0x39 || (value == 0 && i < SEQUENCE_BYTES)) return 0;
            value = value * 10 + (char - 0x30);
        }
        return 0;
    }

    /// @dev Six bits of a base64url character; 64 for any other.
    function _valueOf(uint8 char) private pure returns (uint256) {
        if (char >= 0x61 && char <= 0x7a) return char - 0x61 + 26;
        if (char >= 0x41 && char <= 0x5a) return char - 0x41;
        if (char >= 0x30 && char <= 0x39) return char - 0x30 + 52;
        if (char == 0x2d) return 62;
        return char == 0x5f ? 63 : 64;
    }
}
