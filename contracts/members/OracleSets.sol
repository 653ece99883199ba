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

    /// @notice keccak256(abi.encode(keys)).
    function digestOf(OracleSet set) internal view returns (bytes32) {
        return address(set).codehash;
    }
}
