// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {OracleSet} from "./OracleSet.sol";

/// @title What the code of an oracle set says
library OracleSets {
    uint256 private constant HEAD = 64; // offset and length

    function size(OracleSet set) internal view returns (uint256) {
        return (address(set).code.length - HEAD) / 32;
    }

    function keysOf(OracleSet set) internal view returns (address[] memory) {
        return abi.decode(address(set).code, (address[]));
    }

    /// @notice The key at a bit, in a set's code that was read once; the caller looks that there is one (`sizeIn`).
    function keyIn(bytes memory code, uint256 bit) internal pure returns (address key) {
        assembly ("memory-safe") {
            key := mload(add(add(code, 0x60), mul(bit, 0x20))) // after the length of `code`, the offset and the count
        }
    }

    function sizeIn(bytes memory code) internal pure returns (uint256) {
        return (code.length - HEAD) / 32;
    }

    /// @notice keccak256(abi.encode(keys)).
    function digestOf(OracleSet set) internal view returns (bytes32) {
        return address(set).codehash;
    }
}
