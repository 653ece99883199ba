// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGrantRegistry} from "../../contracts/grants/IGrantRegistry.sol";
import {Consortium} from "./Consortium.sol";

/// @dev What people sign for the grant registry.
abstract contract SignedGrants is Consortium {
    uint40 internal constant LATER = uint40(NOW + 100);
    string internal constant GRANT =
        "Grant(bytes32 twin,address reader,uint40 from,uint40 until,uint64 segments,uint8 purposes,uint8 depth,bytes32 parent,uint32 epoch,uint256 nonce,uint40 deadline)";
    address internal relayer = vm.addr(0x77);

    function said(
        IGrantRegistry.Grant memory given,
        bytes32 parent,
        uint32 epoch,
        uint256 nonce,
        uint40 deadline
    ) internal pure returns (bytes32) {
        return keccak256(abi.encode(keccak256(bytes(GRANT)), given, parent, epoch, nonce, deadline));
    }

    function digestOf(bytes32 said_) internal view returns (bytes32) {
        return typedDigest("Twinward GrantRegistry", address(grants), said_);
    }

    function invalid(address signer, bytes32 said_) internal view returns (bytes memory) {
        return abi.encodeWithSelector(IGrantRegistry.SignatureInvalid.selector, signer, digestOf(said_));
    }

    /// @dev Of grants that are nobody's children, in their twins' first epoch.
    function batchOf(IGrantRegistry.Grant[] memory all, uint256[] memory nonces) internal pure returns (bytes32) {
        bytes32[] memory each = new bytes32[](all.length);
        for (uint256 i = 0; i < all.length; ++i) each[i] = said(all[i], 0, 0, nonces[i], LATER);
        bytes32 kind = keccak256(bytes(string.concat("GrantBatch(Grant[] grants)", GRANT)));
        return keccak256(abi.encode(kind, keccak256(abi.encodePacked(each))));
    }

    function revocationOf(bytes32 grant) internal pure returns (bytes32) {
        return keccak256(abi.encode(keccak256("Revocation(bytes32 grant,uint40 deadline)"), grant, LATER));
    }

    function consentOf(
        bytes32 twin,
        address to,
        uint8 purposes,
        uint256 nonce,
        uint40 deadline
    ) internal pure returns (bytes32) {
        bytes32 kind = keccak256("Consent(bytes32 twin,address reader,uint8 purposes,uint256 nonce,uint40 deadline)");
        return keccak256(abi.encode(kind, twin, to, purposes, nonce, deadline));
    }
}
