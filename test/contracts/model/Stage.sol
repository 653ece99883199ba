// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @dev An account that does what it is told. It has signed whatever digest it is shown as a signature.
contract Player {
    function act(address target, bytes calldata data) external returns (bytes4 word) {
        (bool ok, bytes memory evidence) = target.call(data);
        return ok ? bytes4(0) : bytes4(evidence);
    }

    function isValidSignature(bytes32 digest, bytes calldata signature) external pure returns (bytes4) {
        return signature.length == 32 && bytes32(signature) == digest ? bytes4(0x1626ba7e) : bytes4(0xffffffff);
    }
}

/// @dev A whole scene in one transaction: who does what, and of each act the word of its refusal, zero where it was done.
contract Stage {
    struct Act {
        uint8 by;
        address target;
        bytes data;
    }

    event Played(bytes4[] words);

    Player[] public players;

    constructor(uint256 count) {
        for (uint256 i = 0; i < count; ++i) players.push(new Player());
    }

    function play(Act[] calldata acts) external {
        bytes4[] memory words = new bytes4[](acts.length);
        for (uint256 i = 0; i < acts.length; ++i) words[i] = players[acts[i].by].act(acts[i].target, acts[i].data);
        emit Played(words);
    }

    /// @dev The answers of views, one after the other.
    function ask(address target, bytes[] calldata calls) external view returns (bytes[] memory answers) {
        answers = new bytes[](calls.length);
        for (uint256 i = 0; i < calls.length; ++i) (, answers[i]) = target.staticcall(calls[i]);
    }
}
