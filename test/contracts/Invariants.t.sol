// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGrantRegistry} from "../../contracts/grants/IGrantRegistry.sol";
import {Actors} from "./Actors.t.sol";
import {Closers} from "./Closers.sol";
import {NaiveTree} from "./NaiveTree.sol";
import {TestBase} from "./TestBase.sol";

/// @dev What holds after whatever anybody did. Each in an English sentence first.
contract InvariantsTest is TestBase {
    Actors private actors;

    function setUp() public {
        actors = new Actors();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(actors);
    }

    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        bytes4[] memory selectors = new bytes4[](20);
        selectors[0] = Actors.anchor.selector;
        selectors[1] = Actors.anchorWrongly.selector;
        selectors[2] = Actors.rotate.selector;
        selectors[3] = Actors.rotateBackwards.selector;
        selectors[4] = Actors.mark.selector;
        selectors[5] = Actors.give.selector;
        selectors[6] = Actors.revoke.selector;
        selectors[7] = Actors.wait.selector;
        selectors[8] = Actors.reassign.selector;
        selectors[9] = Actors.judgeSomehow.selector;
        selectors[10] = Actors.suspendAndResume.selector;
        selectors[11] = Actors.passOn.selector;
        selectors[12] = Actors.raiseEpoch.selector;
        selectors[13] = Actors.agreeSomehow.selector;
        selectors[14] = Actors.askSomehow.selector;
        selectors[15] = Closers.closeSomehow.selector;
        selectors[16] = Closers.handOverAndBack.selector;
        selectors[17] = Closers.pauseAndResume.selector;
        selectors[18] = Closers.replaceOracles.selector;
        selectors[19] = Closers.retireAnother.selector;
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(actors), selectors);
    }

    struct FuzzSelector {
        address target;
        bytes4[] selectors;
    }

    /// @dev An anchor never changes; numbers are contiguous; every batch ever anchored is provable against the present
    /// state of the log.
    function invariant_anchors() public view {
        bytes32[] memory leaves = actors.anchorLeaves();
        (uint64 size, uint64 nextLeaf, bytes32 root) = actors.stream();
        checkEqual(leaves.length, size, "as many as were anchored, none between");
        checkEqual(NaiveTree.root(leaves, 0, size), root, "the root is over exactly what was anchored");
        uint64 sum = 0;
        for (uint64 i = 0; i < size; ++i) {
            Actors.Batch memory batch = actors.batchAt(i);
            checkEqual(sum, batch.firstLeaf, "leaves are contiguous");
            sum += batch.count;
            check(actors.isProvable(i, NaiveTree.path(leaves, i, 0, size)), "provable");
        }
        checkEqual(sum, nextLeaf, "no leaf is counted twice");
    }

    /// @dev Key ranges never overlap and leave no hole; a closed range never changes.
    function invariant_keys() public view {
        uint32 count = actors.keyCount();
        for (uint32 number = 1; number <= count; ++number) {
            uint64 from = actors.keyStarts(number - 1);
            checkEqual(number, actors.keyNumberAt(from), "a range begins where it was opened");
            if (number == count) {
                checkEqual(number, actors.keyNumberAt(type(uint64).max), "the last is open");
                continue;
            }
            uint64 next = actors.keyStarts(number);
            check(from < next, "in order");
            checkEqual(number, actors.keyNumberAt(next - 1), "and ends just before the next");
            checkEqual(actors.closedKeys(number), actors.rangeDigest(number), "closed, it never changes");
        }
    }

    /// @dev Nothing is read without an active grant that covers it; and what one covers is read.
    function invariant_reads() public view {
        bytes32[2] memory asked = [actors.twin(), actors.endedTwin()];
        uint256 count = actors.givenCount();
        for (uint256 i = 0; i < count; ++i) {
            Actors.Given memory given = actors.givenAt(i);
            for (uint8 purpose = 0; purpose < 7; ++purpose) {
                // Around the bits of the grant: one of them, all, and one too many.
                uint64[3] memory probes = [
                    given.terms.segments & (~given.terms.segments + 1),
                    given.terms.segments,
                    0x1f
                ];
                for (uint256 k = 0; k < 6; ++k) {
                    bool covered = actors.covers(given, asked[k % 2], purpose, probes[k / 2]);
                    bool permitted = actors.permits(asked[k % 2], given, purpose, probes[k / 2]);
                    check(covered == permitted, "permitted exactly if covered");
                }
            }
        }
        Actors.Given memory none;
        none.chain = new IGrantRegistry.Source[](1);
        check(!actors.permits(asked[0], none, 0, 1), "nothing without a grant");
    }

    /// @dev A child never exceeds its parent, and no chain is longer than four.
    function invariant_delegation() public view {
        uint256 count = actors.givenCount();
        for (uint256 i = 0; i < count; ++i) {
            Actors.Given memory given = actors.givenAt(i);
            check(given.chain.length <= 4, "short");
            if (given.parent == 0) continue;
            Actors.Given memory parent = actors.givenAt(given.parent - 1);
            check(actors.isWithin(given.terms, parent.terms), "inside its parent");
            checkEqual(parent.id, given.chain[0].parent, "and bound to it");
        }
    }

    /// @dev A verdict never closes care or emergency: `covers` above knows no state for these purposes. Here it is once
    /// more without the rest: with a grant that is open for care, care reads, quarantined or not.
    function invariant_care() public view {
        uint256 count = actors.givenCount();
        for (uint256 i = 0; i < count; ++i) {
            Actors.Given memory given = actors.givenAt(i);
            bool open =
                !given.ended &&
                    actors.isUnrevoked(given) &&
                    given.terms.twin == actors.twin() &&
                    block.timestamp < given.terms.until;
            if (!open || block.timestamp < given.terms.from) continue;
            for (uint8 purpose = 0; purpose < 2; ++purpose) {
                if (given.terms.purposes & (1 << purpose) == 0 || !actors.isAgreed(given, purpose)) continue;
                check(actors.permits(given.terms.twin, given, purpose, given.terms.segments), "care reads");
            }
        }
    }

    /// @dev Nobody but a retirement closes security: whatever anybody did, whoever is an oracle now reads the whole security
    /// twin, and nobody else does. A retirement takes no verdict more (`retireAnother`), and what the device said until then
    /// stays open to those who look for what went wrong.
    function invariant_security() public view {
        check(actors.isWatched(actors.device(), actors.securityTwin()), "oracles read, and they alone");
        uint256 count = actors.retiredCount();
        for (uint256 i = 0; i < count; ++i) {
            (bytes32 retired, bytes32 watched) = actors.retiredAt(i);
            check(actors.isWatched(retired, watched), "also what a retired device has said");
        }
    }
}
