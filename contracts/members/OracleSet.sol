// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title A set of oracle keys as the code of a contract of its own
/// @dev Reading it costs one cold access and not a slot per key, every verdict reads it, and the hash of the code is
/// the digest of the set. The code is abi.encode(address[]): it begins with a zero byte, STOP, so that calling it does
/// nothing.
contract OracleSet {
    constructor(address[] memory keys) {
        bytes memory code = abi.encode(keys);
        assembly ("memory-safe") {
            return(add(code, 0x20), mload(code))
        }
    }
}
