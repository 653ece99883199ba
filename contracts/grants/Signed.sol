// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {IGrantRegistry} from "./IGrantRegistry.sol";

/// @title Whose word it is, and that it is used once
abstract contract Signed is IGrantRegistry, EIP712 {
    struct Used {
        uint256 bits; // one for each of 256 nonces
    }

    mapping(address signer => mapping(uint256 nonces => Used)) private _nonces;

    constructor() EIP712("Twinward GrantRegistry", "1") {}

    /// @inheritdoc IGrantRegistry
    function cancelNonce(uint256 nonce) external {
        _useNonce(msg.sender, nonce);
        emit NonceCancelled(msg.sender, nonce);
    }

    /// @inheritdoc IGrantRegistry
    function isNonceUsed(address signer, uint256 nonce) external view returns (bool) {
        return (_nonces[signer][nonce >> 8].bits >> (nonce & 0xff)) & 1 == 1;
    }

    function _useNonce(address signer, uint256 nonce) internal {
        Used storage used = _nonces[signer][nonce >> 8];
        uint256 bit = 1 << (nonce & 0xff);
        uint256 bits = used.bits;
        if (bits & bit != 0) revert NonceUsed(signer, nonce);
        used.bits = bits | bit;
    }

    function _requireSigned(address signer, bytes32 said, uint40 deadline, bytes calldata signature) internal view {
        if (block.timestamp > deadline) revert SignatureExpired(deadline, block.timestamp);
        bytes32 digest = _hashTypedDataV4(said);
        if (!SignatureChecker.isValidSignatureNowCalldata(signer, digest, signature)) {
            revert SignatureInvalid(signer, digest);
        }
    }
}
