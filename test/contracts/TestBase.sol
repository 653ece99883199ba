// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @dev The few cheatcodes that these tests need; Hardhat answers them at a fixed address.
interface Vm {
    function addr(uint256 key) external pure returns (address);
    function assume(bool condition) external pure;
    function chainId(uint256 id) external;
    function etch(address target, bytes calldata code) external;
    function expectEmit() external;
    function expectRevert(bytes calldata evidence) external;
    function keyExistsJson(string calldata json, string calldata path) external view returns (bool);
    function parseJsonAddress(string calldata json, string calldata path) external pure returns (address);
    function parseJsonBool(string calldata json, string calldata path) external pure returns (bool);
    function parseJsonBytes(string calldata json, string calldata path) external pure returns (bytes memory);
    function parseJsonBytes32(string calldata json, string calldata path) external pure returns (bytes32);
    function parseJsonBytes32Array(string calldata json, string calldata path) external pure returns (bytes32[] memory);
    function parseJsonString(string calldata json, string calldata path) external pure returns (string memory);
    function parseJsonUint(string calldata json, string calldata path) external pure returns (uint256);
    function prank(address sender) external;
    function publicKeyP256(uint256 key) external pure returns (uint256 x, uint256 y);
    function readFile(string calldata path) external view returns (string memory);
    function signCompact(uint256 key, bytes32 digest) external pure returns (bytes32 r, bytes32 vs);
    function signP256(uint256 key, bytes32 digest) external pure returns (bytes32 r, bytes32 s);
    function toString(uint256 value) external pure returns (string memory);
    function warp(uint256 time) external;
}

abstract contract TestBase {
    Vm internal constant vm = Vm(0x7109709ECfa91a80626fF3989D68f67F5b1DD12D);

    error NotTrue(string claim);
    error NotEqual(string claim, bytes32 expected, bytes32 got);

    function check(bool condition, string memory claim) internal pure {
        if (!condition) revert NotTrue(claim);
    }

    function checkEqual(bytes32 expected, bytes32 got, string memory claim) internal pure {
        if (expected != got) revert NotEqual(claim, expected, got);
    }

    function checkEqual(uint256 expected, uint256 got, string memory claim) internal pure {
        if (expected != got) revert NotEqual(claim, bytes32(expected), bytes32(got));
    }

    function checkEqual(address expected, address got, string memory claim) internal pure {
        checkEqual(uint160(expected), uint160(got), claim);
    }

    /// @dev `value` folded into [low, high].
    function bound(uint256 value, uint256 low, uint256 high) internal pure returns (uint256) {
        return low + (value % (high - low + 1));
    }

    /// @dev The next call, made by `by`, must revert with exactly this evidence.
    function refused(address by, bytes memory evidence) internal {
        vm.expectRevert(evidence);
        vm.prank(by);
    }
}
