// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {P256} from "@openzeppelin/contracts/utils/cryptography/P256.sol";
import {EcdsaP256} from "../../contracts/lib/EcdsaP256.sol";
import {TestBase} from "./TestBase.sol";

contract EcdsaP256Test is TestBase {
    /// @dev Low and high s are the same signature; any other number is none.
    function testFuzz_eitherFormAndNothingElse(uint256 key, bytes32 digest, uint8 bit) public view {
        key = bound(key, 1, P256.N - 1);
        (uint256 x, uint256 y) = vm.publicKeyP256(key);
        (bytes32 r, bytes32 s) = vm.signP256(key, digest);
        bytes32 other = bytes32(P256.N - uint256(s));
        check(EcdsaP256.verify(digest, r, s, bytes32(x), bytes32(y)), "as signed");
        check(EcdsaP256.verify(digest, r, other, bytes32(x), bytes32(y)), "in the other form");
        bytes32 flip = bytes32(uint256(1) << bit);
        check(!EcdsaP256.verify(digest, r, s ^ flip, bytes32(x), bytes32(y)), "another s");
        check(!EcdsaP256.verify(digest ^ flip, r, s, bytes32(x), bytes32(y)), "another digest");
    }

    function test_refusesNumbersOutsideTheField() public view {
        (uint256 x, uint256 y) = vm.publicKeyP256(7);
        (bytes32 r, bytes32 s) = vm.signP256(7, bytes32(uint256(1)));
        bytes32[4] memory bad = [bytes32(0), bytes32(P256.N), bytes32(P256.N + 1), bytes32(type(uint256).max)];
        for (uint256 i = 0; i < bad.length; ++i) {
            check(!EcdsaP256.verify(bytes32(uint256(1)), r, bad[i], bytes32(x), bytes32(y)), "s outside");
            check(!EcdsaP256.verify(bytes32(uint256(1)), bad[i], s, bytes32(x), bytes32(y)), "r outside");
        }
        check(EcdsaP256.isOnCurve(bytes32(x), bytes32(y)), "on the curve");
        check(!EcdsaP256.isOnCurve(bytes32(y), bytes32(x)), "not on it");
        check(!EcdsaP256.isOnCurve(0, 0), "nor zero");
    }

    /// @dev What answers where the precompile does not: the same, slower.
    function test_solidityAnswersWhatThePrecompileDoes() public view {
        check(EcdsaP256.precompiled(), "the precompile answers here");
        for (uint256 key = 1; key <= 4; ++key) {
            (uint256 x, uint256 y) = vm.publicKeyP256(key);
            (bytes32 r, bytes32 s) = vm.signP256(key, keccak256(abi.encode(key)));
            if (uint256(s) > P256.N / 2) s = bytes32(P256.N - uint256(s));
            check(P256.verifySolidity(keccak256(abi.encode(key)), r, s, bytes32(x), bytes32(y)), "in Solidity");
            check(P256.verifyNative(keccak256(abi.encode(key)), r, s, bytes32(x), bytes32(y)), "natively");
        }
    }
}
