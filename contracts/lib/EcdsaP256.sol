// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {P256} from "@openzeppelin/contracts/utils/cryptography/P256.sol";

/// @title ES256 signatures of devices and gateways
/// @notice Any s is accepted, as off chain: half of all signers in hardware give a high one.
/// @dev Assumption: where the P-256 precompile (EIP-7951, address 0x100) answers, it answers right; where it does not,
/// OpenZeppelin's Solidity does. Nothing of ours may ever depend on the bytes of a signature: they are malleable.
library EcdsaP256 {
    /// @notice Whether (r, s) signs `digest` by the key (x, y).
    /// @dev OpenZeppelin refuses s > N/2; N − s signs the same digest. A zero s or one beyond N stays and is refused.
    function verify(bytes32 digest, bytes32 r, bytes32 s, bytes32 x, bytes32 y) internal view returns (bool) {
        uint256 value = uint256(s);
        if (value > P256.N / 2 && value < P256.N) s = bytes32(P256.N - value);
        return P256.verify(digest, r, s, x, y);
    }

    /// @notice Whether (x, y) is a point of the curve other than zero.
    function isOnCurve(bytes32 x, bytes32 y) internal pure returns (bool) {
        return P256.isValidPublicKey(x, y);
    }

    /// @notice Whether the precompile answers here, asked with a signature that is known to be good.
    function precompiled() internal view returns (bool) {
        (bool ok, bytes memory answer) = address(0x100).staticcall(
            abi.encode(
                0xe0f627871236c1445c03d66106606e59fbade1f4ac6f8d1e5d0af5a01c4e4750,
                0xd35b1773b9b31583ba20668264be753413debf5bdef04195b7ca40afe0d791fb,
                0x6af4a500763af8719307eec1446fa9f71f8d53826b83383dc9f69c87e1096f16,
                0xa3b85506e8edf13eb53b5fe7c82ee47c481e7262626dfbf4e56801336c913545,
                0xb153123a3cc5f28b1a90a52fb11b368ab5e5b1ba76dd4ad68af55b668d52a409
            )
        );
        return ok && answer.length == 32 && abi.decode(answer, (uint256)) == 1;
    }
}
