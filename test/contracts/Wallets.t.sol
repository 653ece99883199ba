// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGrantRegistry} from "../../contracts/grants/IGrantRegistry.sol";
import {SignedGrants} from "./SignedGrants.sol";
import {Wallet1271} from "./Wallet1271.sol";

/// @dev Whoever's word counts may be a contract (ERC-1271): what it takes for its own signature is its word, and what its owner
/// signs for itself is not.
contract WalletsTest is SignedGrants {
    uint256 private constant OWNER_KEY = 0x1234;

    bytes32 private device;
    bytes32 private twin;
    address private wallet = address(new Wallet1271(vm.addr(OWNER_KEY)));

    /// @dev The steward is a wallet, and so are the subject and the guardian.
    function setUp() public override {
        super.setUp();
        (device, ) = activeDevice(DEVICE_KEY);
        twin = openTwin(device, 0x0f, 0x03);
        bytes32 assignment = twins.openAssignment(device);
        bytes memory bound_ = signWith(OWNER_KEY, subjectDigest(assignment, wallet, guardian, LATER));
        vm.prank(steward);
        twins.bindSubject(assignment, wallet, guardian, LATER, bound_);
        vm.prank(steward);
        devices.offerSteward(device, wallet);
        vm.prank(wallet);
        devices.acceptSteward(device);
    }

    /// @dev What is not the wallet's word: another's signature, nothing, its owner's over something else. The caller names
    /// which; the last is the wallet's word.
    function wordOf(uint8 way, bytes32 said_) private view returns (bytes memory) {
        if (way == 0) return signWith(STEWARD_KEY, digestOf(said_));
        if (way == 1) return "";
        return signWith(OWNER_KEY, way == 2 ? said_ : digestOf(said_));
    }

    function source(uint256 nonce) private view returns (IGrantRegistry.Source memory) {
        return IGrantRegistry.Source(wallet, 0, nonce);
    }

    function giveAsWallet(IGrantRegistry.Grant memory given, uint256 nonce) private returns (bytes32) {
        vm.prank(wallet);
        return grants.grant(device, given, nonce);
    }

    function testFuzz_givesManyAtOnce(uint8 way) public {
        IGrantRegistry.Grant[] memory all = new IGrantRegistry.Grant[](2);
        uint256[] memory nonces = new uint256[](2);
        (all[0], all[1], nonces[0], nonces[1]) = (someGrant(twin), someGrant(twin), 1, 2);
        bytes32 said_ = batchOf(all, nonces);
        way = way % 4;
        bytes memory signature = wordOf(way, said_);
        if (way != 3) vm.expectRevert(invalid(wallet, said_));
        vm.prank(relayer);
        grants.relayGrants(device, all, nonces, LATER, signature);
        for (uint256 nonce = 1; nonce < 3; ++nonce) {
            bytes32 id = idOf(twin, reader, source(nonce));
            check(grants.canRead(readAsk(twin, id, CARE), chainOf(source(nonce))) == (way == 3), "all or none");
        }
    }

    function testFuzz_passesOn(uint8 way) public {
        IGrantRegistry.Grant memory given = someGrant(twin);
        (given.reader, given.depth) = (wallet, 1);
        bytes32 parent = giveAsWallet(given, 1);
        (given.reader, given.depth) = (reader, 0);
        bytes32 said_ = said(given, parent, 0, 5, LATER);
        way = way % 4;
        bytes memory signature = wordOf(way, said_);
        if (way != 3) vm.expectRevert(invalid(wallet, said_));
        vm.prank(relayer);
        grants.relayDelegation(device, given, 5, wallet, source(1), LATER, signature);
        IGrantRegistry.Source[] memory chain = new IGrantRegistry.Source[](2);
        (chain[0], chain[1]) = (IGrantRegistry.Source(wallet, parent, 5), source(1));
        bytes32 id = idOf(twin, reader, chain[0]);
        check(grants.canRead(readAsk(twin, id, CARE), chain) == (way == 3), "passed on, or not");
    }

    /// @dev As who gave it, and as the steward of the day of what others gave.
    function testFuzz_revokes(uint8 way, bool ofAnother) public {
        IGrantRegistry.Grant memory given = someGrant(twin);
        IGrantRegistry.Source memory from = source(1);
        if (ofAnother) {
            (given.reader, given.depth) = (stranger, 1);
            bytes32 parent = giveAsWallet(given, 1);
            (given.reader, given.depth) = (reader, 0);
            from = IGrantRegistry.Source(stranger, parent, 4);
            pass(stranger, given, 4, source(1));
        } else {
            giveAsWallet(given, 1);
        }
        bytes32 id = idOf(twin, reader, from);
        way = way % 4;
        bytes memory signature = wordOf(way, revocationOf(id));
        if (way != 3) vm.expectRevert(invalid(wallet, revocationOf(id)));
        vm.prank(relayer);
        grants.relayRevocation(twin, reader, wallet, from, LATER, signature);
        (, , , , , , uint40 revokedAt) = grants.grantOf(id);
        checkEqual(way == 3 ? NOW : 0, revokedAt, "ended, or not");
    }

    /// @dev As the subject, and as a guardian that it has named.
    function testFuzz_agrees(uint8 way, bool asGuardian) public {
        if (asGuardian) {
            bytes32 assignment = twins.openAssignment(device);
            address other = address(new Wallet1271(vm.addr(OWNER_KEY)));
            vm.prank(wallet);
            twins.appointGuardian(assignment, other);
            wallet = other;
        }
        bytes32 said_ = consentOf(twin, reader, 0x04, 0, LATER);
        way = way % 4;
        bytes memory signature = wordOf(way, said_);
        if (way != 3) vm.expectRevert(invalid(wallet, said_));
        vm.prank(relayer);
        grants.relayConsent(twin, reader, 0x04, wallet, LATER, signature);
        (uint8 purposes, uint64 changes) = grants.consentOf(twin, reader);
        check(purposes == (way == 3 ? 4 : 0) && changes == (way == 3 ? 1 : 0), "agreed, or not");
    }

    /// @dev An account whose code says nothing of signatures, or says them all wrong, has signed nothing.
    function test_otherContractsHaveNoWord() public {
        bytes32 said_ = said(someGrant(twin), 0, 0, 9, LATER);
        address[3] memory owners = [address(members), address(new SaysYes()), address(new Refuses())];
        for (uint256 i = 0; i < owners.length; ++i) {
            address owner = owners[i];
            vm.prank(wallet);
            devices.offerSteward(device, owner);
            vm.prank(owner);
            devices.acceptSteward(device);
            bytes memory signature = signWith(OWNER_KEY, digestOf(said_));
            refused(relayer, invalid(owner, said_));
            grants.relayGrant(device, someGrant(twin), 9, LATER, signature);
            wallet = owner;
        }
    }
}

/// @dev Says yes, and not in the word that ERC-1271 has for it.
contract SaysYes {
    function isValidSignature(bytes32, bytes calldata) external pure returns (bool) {
        return true;
    }
}

contract Refuses {
    error Never();

    function isValidSignature(bytes32, bytes calldata) external pure returns (bytes4) {
        revert Never();
    }
}
