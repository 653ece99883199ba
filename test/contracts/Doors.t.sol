// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGrantRegistry} from "../../contracts/grants/IGrantRegistry.sol";
import {IPausable} from "../../contracts/operators/IPausable.sol";
import {SignedGrants} from "./SignedGrants.sol";
import {Wallet1271} from "./Wallet1271.sol";

/// @dev One suite of giving, through every door: what a steward may give does not depend on who sends it.
abstract contract Doors is SignedGrants {
    bytes32 internal device;
    bytes32 internal securityTwin;
    bytes32 internal twin;

    function setUp() public virtual override {
        super.setUp();
        (device, securityTwin) = activeDevice(DEVICE_KEY);
        twin = openTwin(device, 0x0f, 0x03);
    }

    /// @dev Gives through this door; `evidence`, where there is any, is what it must be refused with.
    function enter(
        bytes32 of_,
        IGrantRegistry.Grant memory given,
        uint256 nonce,
        bytes memory evidence
    ) internal virtual;

    function enter(IGrantRegistry.Grant memory given, bytes memory evidence) internal {
        enter(device, given, 9, evidence);
    }

    function test_refusesWhatCannotBeGiven() public {
        IGrantRegistry.Grant memory given = someGrant(twin);
        enter(MODEL, given, 9, abi.encodeWithSelector(IGrantRegistry.TwinUnknown.selector, twin));
        given.reader = address(0);
        enter(given, abi.encodeWithSelector(IGrantRegistry.ReaderZero.selector));
        given = someGrant(twin);
        given.until = given.from;
        enter(given, abi.encodeWithSelector(IGrantRegistry.GrantTermEmpty.selector, given.from, given.from));
        given = someGrant(twin);
        (given.from, given.until) = (1, uint40(NOW));
        enter(given, abi.encodeWithSelector(IGrantRegistry.GrantExpired.selector, NOW, NOW));
        given = someGrant(twin);
        given.purposes = 0x20;
        enter(given, abi.encodeWithSelector(IGrantRegistry.PurposesRefused.selector, 0x20));
        given = someGrant(twin);
        given.depth = 4;
        enter(given, abi.encodeWithSelector(IGrantRegistry.DepthTooGreat.selector, 4, 3));
        given = someGrant(securityTwin);
        enter(given, abi.encodeWithSelector(IGrantRegistry.SecurityTwinOnly.selector, securityTwin));
        given = someGrant(twin);
        given.segments = 0x10;
        enter(given, abi.encodeWithSelector(IGrantRegistry.SegmentsNotInTwin.selector, twin, 0x10, 0x0f));
    }

    function test_refusesWhileOperatorsHavePaused() public {
        vm.prank(pauser);
        grants.pause();
        enter(someGrant(twin), abi.encodeWithSelector(IPausable.GrantsPaused.selector));
    }

    function test_refusesWhatHasEnded() public {
        bytes32 assignment = twins.openAssignment(device);
        vm.prank(steward);
        twins.endAssignment(assignment, 50);
        enter(someGrant(twin), abi.encodeWithSelector(IGrantRegistry.TwinEnded.selector, twin));
        vm.prank(steward);
        twins.beginAssignment(device, 50);
        bytes32 next = openTwin(device, 0x0f, 0);
        vm.prank(steward);
        devices.retire(device);
        enter(someGrant(next), abi.encodeWithSelector(IGrantRegistry.DeviceRetired.selector, device));
    }

    function testFuzz_aNonceServesOnce(uint256 nonce) public {
        enter(device, someGrant(twin), nonce, "");
        enter(
            device,
            someGrant(twin),
            nonce,
            abi.encodeWithSelector(IGrantRegistry.NonceUsed.selector, steward, nonce)
        );
    }

    function testFuzz_aCancelledNonceServesNever(uint256 nonce) public {
        vm.expectEmit();
        emit IGrantRegistry.NonceCancelled(steward, nonce);
        vm.prank(steward);
        grants.cancelNonce(nonce);
        bytes memory used = abi.encodeWithSelector(IGrantRegistry.NonceUsed.selector, steward, nonce);
        enter(device, someGrant(twin), nonce, used);
        refused(steward, used);
        grants.cancelNonce(nonce);
    }

    /// @dev Whoever sent it, it is the steward's, and reads and ends as any other.
    function testFuzz_givesTheStewardsGrant(uint64 segments, uint8 depth, uint32 length, uint256 nonce) public {
        IGrantRegistry.Grant memory given = someGrant(twin);
        given.segments = uint64(bound(segments, 1, 0x0f));
        given.depth = depth % 4;
        given.until = uint40(NOW + bound(length, 1, 1_000_000));
        enter(device, given, nonce, "");
        bytes32 id = idOf(twin, reader, direct(nonce));
        IGrantRegistry.Ask memory ask = readAsk(twin, id, CARE);
        ask.segments = given.segments;
        check(grants.canRead(ask, chainOf(direct(nonce))), "it reads");
        (, uint40 until, uint64 got, , uint8 gotDepth, , ) = grants.grantOf(id);
        check(until == given.until && got == given.segments && gotDepth == given.depth, "as it was given");
        vm.prank(steward);
        grants.revoke(twin, reader, direct(nonce));
        check(!grants.canRead(ask, chainOf(direct(nonce))), "it ends");
    }
}

contract DirectDoorTest is Doors {
    function enter(
        bytes32 of_,
        IGrantRegistry.Grant memory given,
        uint256 nonce,
        bytes memory evidence
    ) internal override {
        if (evidence.length != 0) vm.expectRevert(evidence);
        vm.prank(steward);
        grants.grant(of_, given, nonce);
    }
}

contract SignedDoorTest is Doors {
    function enter(
        bytes32 of_,
        IGrantRegistry.Grant memory given,
        uint256 nonce,
        bytes memory evidence
    ) internal override {
        relay(of_, given, nonce, signWith(STEWARD_KEY, digestOf(said(given, 0, 0, nonce, LATER))), evidence);
    }

    function relay(
        bytes32 of_,
        IGrantRegistry.Grant memory given,
        uint256 nonce,
        bytes memory signature,
        bytes memory evidence
    ) private {
        if (evidence.length != 0) vm.expectRevert(evidence);
        vm.prank(relayer);
        grants.relayGrant(of_, given, nonce, LATER, signature);
    }

    /// @dev Every field of what is signed counts, and so does whose signature it is.
    function testFuzz_refusesWhatTheStewardDidNotSign(uint8 way, uint64 much) public {
        IGrantRegistry.Grant memory signed = someGrant(twin);
        way = uint8(bound(way, 0, 11));
        uint40 more = uint40(bound(much, 1, 1_000));
        if (way == 0) signed.twin = keccak256(abi.encode(much));
        if (way == 1) signed.reader = vm.addr(0x9000 + more);
        if (way == 2) signed.from -= more;
        if (way == 3) signed.until += more;
        if (way == 4) signed.segments = 0x07;
        if (way == 5) signed.purposes = 0x01;
        if (way == 6) signed.depth = 1;
        bytes32 said_ = said(
            signed,
            way == 7 ? bytes32(uint256(more)) : bytes32(0),
            way == 8 ? uint32(more) : 0,
            way == 9 ? 10 : 9,
            way == 10 ? LATER - more : LATER
        );
        bytes memory signature = signWith(way == 11 ? uint256(0x1234) : STEWARD_KEY, digestOf(said_));
        relay(device, someGrant(twin), 9, signature, invalid(steward, said(someGrant(twin), 0, 0, 9, LATER)));
    }

    function test_refusesSignaturesTooLateOrOfThePast() public {
        IGrantRegistry.Grant memory given = someGrant(twin);
        bytes memory signature = signWith(STEWARD_KEY, digestOf(said(given, 0, 0, 9, LATER)));
        vm.warp(LATER + 1);
        relay(
            device,
            given,
            9,
            signature,
            abi.encodeWithSelector(IGrantRegistry.SignatureExpired.selector, LATER, LATER + 1)
        );
        vm.warp(LATER);
        // Raising the epoch kills what was signed and not used.
        vm.prank(steward);
        twins.raiseEpoch(twin);
        relay(device, given, 9, signature, invalid(steward, said(given, 0, 1, 9, LATER)));
        relay(device, given, 9, signWith(STEWARD_KEY, digestOf(said(given, 0, 1, 9, LATER))), "");
    }

    /// @dev The steward of the day signs: one who has handed the device over gives nothing more on it.
    function test_aFormerStewardsSignatureIsNobodys() public {
        bytes memory signature = signWith(STEWARD_KEY, digestOf(said(someGrant(twin), 0, 0, 9, LATER)));
        vm.prank(steward);
        devices.offerSteward(device, stranger);
        vm.prank(stranger);
        devices.acceptSteward(device);
        relay(device, someGrant(twin), 9, signature, invalid(stranger, said(someGrant(twin), 0, 0, 9, LATER)));
    }

    function test_aWalletContractIsASteward() public {
        Wallet1271 wallet = new Wallet1271(vm.addr(0x1234));
        vm.prank(steward);
        devices.offerSteward(device, address(wallet));
        vm.prank(address(wallet));
        devices.acceptSteward(device);
        bytes32 said_ = said(someGrant(twin), 0, 0, 9, LATER);
        relay(device, someGrant(twin), 9, signWith(STEWARD_KEY, digestOf(said_)), invalid(address(wallet), said_));
        relay(device, someGrant(twin), 9, signWith(0x1234, digestOf(said_)), "");
        IGrantRegistry.Source memory source = IGrantRegistry.Source(address(wallet), 0, 9);
        bytes32 id = idOf(twin, reader, source);
        check(grants.canRead(readAsk(twin, id, CARE), chainOf(source)), "it reads");
    }

    /// @dev A reader's signature passes on what a transaction of its own would, and nothing else does.
    function testFuzz_aReaderPassesOnBySignature(uint8 way, uint64 much) public {
        uint256 key = 0x5555;
        IGrantRegistry.Grant memory given = someGrant(twin);
        (given.reader, given.depth) = (vm.addr(key), 1);
        bytes32 parent = give(given, 1);
        (given.reader, given.depth) = (stranger, 0);
        way = uint8(bound(way, 0, 3));
        bytes32 signed = said(
            given,
            way == 1 ? bytes32(uint256(much)) : parent,
            0,
            way == 2 ? bound(much, 6, type(uint64).max) : 5,
            LATER
        );
        bytes memory signature = signWith(way == 3 ? STEWARD_KEY : key, digestOf(signed));
        if (way != 0) vm.expectRevert(invalid(vm.addr(key), said(given, parent, 0, 5, LATER)));
        vm.prank(relayer);
        bytes32 id = grants.relayDelegation(device, given, 5, vm.addr(key), direct(1), LATER, signature);
        if (way != 0) return;
        IGrantRegistry.Source[] memory chain = new IGrantRegistry.Source[](2);
        (chain[0], chain[1]) = (IGrantRegistry.Source(vm.addr(key), parent, 5), direct(1));
        IGrantRegistry.Ask memory ask = readAsk(twin, id, CARE);
        ask.reader = stranger;
        check(grants.canRead(ask, chain), "it reads");
    }
}

contract BatchDoorTest is Doors {
    uint256 private _batches;

    /// @dev Beside another that is right: all or none.
    function enter(
        bytes32 of_,
        IGrantRegistry.Grant memory given,
        uint256 nonce,
        bytes memory evidence
    ) internal override {
        IGrantRegistry.Grant[] memory all = new IGrantRegistry.Grant[](2);
        uint256[] memory nonces = new uint256[](2);
        all[0] = someGrant(given.twin == securityTwin ? twin : given.twin);
        nonces[0] = uint256(keccak256(abi.encode(nonce, ++_batches)));
        (all[1], nonces[1]) = (given, nonce);
        bytes memory signature = signWith(STEWARD_KEY, digestOf(batchOf(all, nonces)));
        if (evidence.length != 0) vm.expectRevert(evidence);
        vm.prank(relayer);
        grants.relayGrants(of_, all, nonces, LATER, signature);
        check(grants.isNonceUsed(steward, nonces[0]) == (evidence.length == 0), "all or none");
    }

    function test_refusesBatchesThatDoNotFit() public {
        IGrantRegistry.Grant[] memory all = new IGrantRegistry.Grant[](0);
        uint256[] memory nonces = new uint256[](1);
        refused(relayer, abi.encodeWithSelector(IGrantRegistry.BatchUneven.selector, 0, 1));
        grants.relayGrants(device, all, nonces, LATER, "");
        all = new IGrantRegistry.Grant[](2);
        refused(relayer, abi.encodeWithSelector(IGrantRegistry.BatchUneven.selector, 2, 1));
        grants.relayGrants(device, all, nonces, LATER, "");
    }

    /// @dev What was signed is this batch: none of it left out, nothing added, in this order.
    function testFuzz_refusesAnotherBatch(uint8 way) public {
        IGrantRegistry.Grant[] memory all = new IGrantRegistry.Grant[](2);
        uint256[] memory nonces = new uint256[](2);
        (all[0], all[1], nonces[0], nonces[1]) = (someGrant(twin), someGrant(twin), 1, 2);
        all[1].reader = stranger;
        bytes memory signature = signWith(STEWARD_KEY, digestOf(batchOf(all, nonces)));
        way = uint8(bound(way, 0, 3));
        if (way == 0) (all[0], all[1]) = (all[1], all[0]);
        if (way == 1) (nonces[0], nonces[1]) = (nonces[1], nonces[0]);
        if (way == 2) {
            IGrantRegistry.Grant memory only = all[0];
            all = new IGrantRegistry.Grant[](1);
            all[0] = only;
            nonces = new uint256[](1);
            nonces[0] = 1;
        }
        if (way < 3) {
            vm.expectRevert(invalid(steward, batchOf(all, nonces)));
        }
        vm.prank(relayer);
        grants.relayGrants(device, all, nonces, LATER, signature);
    }
}
