// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMemberRegistry} from "../../contracts/members/IMemberRegistry.sol";
import {MemberActors} from "./MemberActors.t.sol";
import {TestBase} from "./TestBase.sol";

/// @dev What holds of the members after whatever anybody decided. Each in an English sentence first.
contract MemberInvariantsTest is TestBase {
    MemberActors private actors;

    struct FuzzSelector {
        address target;
        bytes4[] selectors;
    }

    function setUp() public {
        actors = new MemberActors();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(actors);
    }

    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        bytes4[] memory selectors = new bytes4[](2);
        selectors[0] = MemberActors.decide.selector;
        selectors[1] = MemberActors.wait.selector;
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(actors), selectors);
    }

    /// @dev Whoever belongs is who joined and did not leave; nobody has another's signer; nobody's index is used again.
    function invariant_members() public view {
        IMemberRegistry registry = actors.registry();
        IMemberRegistry.Member[] memory all = registry.members();
        checkEqual(actors.size(), all.length, "as many as ever joined");
        checkEqual(actors.presentBits(), registry.presentMembers(), "who is present");
        checkEqual(actors.changes(), registry.changeCount(), "each change has its number");
        for (uint16 i = 0; i < all.length; ++i) {
            (bool present, address signer) = actors.isKept(i);
            checkEqual(signer, all[i].signer, "its signer");
            (uint40 since, uint40 until) = registry.termOf(i);
            check(since != 0 && (until == 0) == present && (until == 0 || until >= since), "its term");
            for (uint256 j = 0; present && j < i; ++j) {
                (bool other, ) = actors.isKept(j);
                check(!other || all[j].signer != signer, "no two with one key");
            }
        }
    }

    /// @dev More than two thirds decide, so that two quorums share an honest member; and there is always somebody.
    function invariant_quorum() public view {
        uint256 present = 0;
        for (uint256 rest = actors.presentBits(); rest != 0; rest &= rest - 1) ++present;
        uint256 quorum = actors.registry().memberQuorum();
        check(present > 0, "somebody is left");
        checkEqual(actors.quorum(), quorum, "n - f");
        check(3 * quorum > 2 * present, "more than two thirds");
    }

    /// @dev Somebody judges, each for a member who is present; n ≥ 3f + 1, and the digest is of exactly this set.
    function invariant_oracles() public view {
        IMemberRegistry registry = actors.registry();
        address[] memory set = registry.oracles();
        check(set.length >= 3 * uint256(registry.faultBound()) + 1, "n >= 3f + 1");
        checkEqual(keccak256(abi.encode(set)), registry.oracleSetDigest(), "its digest");
        for (uint256 bit = 0; bit < set.length; ++bit) {
            check(registry.isOracle(set[bit]), "an oracle");
            (bool present, ) = actors.isKept(actors.judging(bit));
            check(present, "of a member who is present");
        }
    }
}
