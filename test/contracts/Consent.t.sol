// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGrantRegistry} from "../../contracts/grants/IGrantRegistry.sol";
import {IMemberRegistry} from "../../contracts/members/IMemberRegistry.sol";
import {ITwinRegistry} from "../../contracts/twins/ITwinRegistry.sol";
import {Consortium} from "./Consortium.sol";
import {Wallet1271} from "./Wallet1271.sol";

/// @dev Whose data it is, who speaks for them, and what they agree to.
contract ConsentTest is Consortium {
    uint40 private constant LATER = uint40(NOW + 100);

    bytes32 private device;
    bytes32 private securityTwin;
    bytes32 private twin;
    bytes32 private assignment;

    function setUp() public override {
        super.setUp();
        (device, securityTwin) = activeDevice(DEVICE_KEY);
        twin = openTwin(device, 0x0f, 0x03);
        assignment = twins.openAssignment(device);
    }

    function invalid(address signer, bytes32 digest) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ITwinRegistry.SignatureInvalid.selector, signer, digest);
    }

    // Binding

    /// @dev Every field of what is signed counts, and only the subject's own signature does.
    function testFuzz_refusesWhatTheSubjectDidNotSign(uint8 way, uint256 seed) public {
        way = uint8(bound(way, 0, 4));
        bytes32 signed = subjectDigest(
            way == 0 ? bytes32(seed) : assignment,
            way == 1 ? vm.addr(bound(seed, 0x1000, 0x2000)) : subject,
            way == 2 ? address(uint160(seed)) : guardian,
            way == 3 ? uint40(bound(seed, 0, LATER - 1)) : LATER
        );
        bytes memory signature = signWith(way == 4 ? bound(seed, 0x1000, 0x2000) : SUBJECT_KEY, signed);
        refused(steward, invalid(subject, subjectDigest(assignment, subject, guardian, LATER)));
        twins.bindSubject(assignment, subject, guardian, LATER, signature);
    }

    function test_refusesToBind() public {
        bytes memory signature = signWith(SUBJECT_KEY, subjectDigest(assignment, subject, guardian, LATER));
        refused(stranger, abi.encodeWithSelector(ITwinRegistry.NotSteward.selector, device, stranger, steward));
        twins.bindSubject(assignment, subject, guardian, LATER, signature);
        refused(steward, abi.encodeWithSelector(ITwinRegistry.AssignmentUnknown.selector, MODEL));
        twins.bindSubject(MODEL, subject, guardian, LATER, signature);
        refused(steward, abi.encodeWithSelector(ITwinRegistry.SubjectZero.selector, assignment));
        twins.bindSubject(assignment, address(0), guardian, LATER, signature);
        vm.warp(LATER + 1);
        refused(steward, abi.encodeWithSelector(ITwinRegistry.SignatureExpired.selector, LATER, LATER + 1));
        twins.bindSubject(assignment, subject, guardian, LATER, signature);
        vm.warp(LATER);
        vm.expectEmit();
        emit ITwinRegistry.SubjectBound(assignment, subject, guardian);
        vm.prank(steward);
        twins.bindSubject(assignment, subject, guardian, LATER, signature);
        refused(steward, abi.encodeWithSelector(ITwinRegistry.SubjectAlreadyBound.selector, assignment, subject));
        twins.bindSubject(assignment, subject, guardian, LATER, signature);
        vm.prank(steward);
        twins.endAssignment(assignment, 9);
        refused(steward, abi.encodeWithSelector(ITwinRegistry.AssignmentAlreadyEnded.selector, assignment, 9));
        twins.bindSubject(assignment, subject, guardian, LATER, signature);
    }

    function test_aWalletContractIsASubject() public {
        Wallet1271 wallet = new Wallet1271(subject);
        bytes32 digest = subjectDigest(assignment, address(wallet), address(0), LATER);
        bytes memory other = signWith(0x1234, digest);
        refused(steward, invalid(address(wallet), digest));
        twins.bindSubject(assignment, address(wallet), address(0), LATER, other);
        bytes memory signature = signWith(SUBJECT_KEY, digest);
        vm.prank(steward);
        twins.bindSubject(assignment, address(wallet), address(0), LATER, signature);
        check(twins.speaksFor(twin, address(wallet)), "the wallet speaks");
        check(!twins.speaksFor(twin, subject), "its owner does not");
    }

    // Guardians

    function guardianDigest(address who, uint40 deadline) private view returns (bytes32) {
        bytes32 kind = keccak256("Guardian(bytes32 assignment,address guardian,uint40 deadline)");
        bytes32 said = keccak256(abi.encode(kind, assignment, who, deadline));
        return typedDigest("Twinward TwinRegistry", address(twins), said);
    }

    function test_aGuardianForWhomCannotSign() public {
        bytes memory signature = signWith(0x41, guardianDigest(guardian, LATER));
        refused(stranger, abi.encodeWithSelector(ITwinRegistry.NotSteward.selector, device, stranger, steward));
        twins.appointGuardianFor(assignment, guardian, 0, LATER, signature);
        refused(steward, invalid(vm.addr(0x41), guardianDigest(stranger, LATER)));
        twins.appointGuardianFor(assignment, stranger, 0, LATER, signature);
        vm.expectEmit();
        emit ITwinRegistry.GuardianAppointed(assignment, guardian, steward);
        vm.prank(steward);
        twins.appointGuardianFor(assignment, guardian, 0, LATER, signature);
        check(twins.speaksFor(twin, guardian), "the guardian speaks");
        check(!twins.speaksFor(twin, address(0)), "nobody is nobody");
        // Somebody can sign after all: the guardian is whom they name.
        bytes memory bound_ = signWith(SUBJECT_KEY, subjectDigest(assignment, subject, address(0), LATER));
        vm.prank(steward);
        twins.bindSubject(assignment, subject, address(0), LATER, bound_);
        check(!twins.speaksFor(twin, guardian), "the guardian no longer speaks");
        refused(steward, abi.encodeWithSelector(ITwinRegistry.SubjectAlreadyBound.selector, assignment, subject));
        twins.appointGuardianFor(assignment, guardian, 0, LATER, signature);
    }

    /// @dev A steward that is itself the member's signer needs another member.
    function test_theOtherMemberIsAnother() public {
        address member = vm.addr(0x41);
        vm.prank(steward);
        devices.offerSteward(device, member);
        vm.prank(member);
        devices.acceptSteward(device);
        bytes memory signature = signWith(0x41, guardianDigest(guardian, LATER));
        refused(member, abi.encodeWithSelector(ITwinRegistry.NotOtherMember.selector, member, member));
        twins.appointGuardianFor(assignment, guardian, 0, LATER, signature);
    }

    /// @dev A member that left keeps its index and its signer, and vouches for no guardian any more.
    function test_theOtherMemberIsPresent() public {
        IMemberRegistry.Member memory joining = someMembers()[0];
        joining.signer = vm.addr(0x42);
        decideMembers(abi.encodeCall(IMemberRegistry.addMember, (joining)), 0x1);
        bytes memory signature = signWith(0x42, guardianDigest(guardian, LATER));
        decideMembers(abi.encodeCall(IMemberRegistry.removeMember, (1)), 0x3);
        refused(steward, abi.encodeWithSelector(IMemberRegistry.MemberGone.selector, 1));
        twins.appointGuardianFor(assignment, guardian, 1, LATER, signature);
    }

    function decideMembers(bytes memory call_, uint256 bits) private {
        bytes[] memory calls = new bytes[](1);
        calls[0] = call_;
        uint64 number = members.changeCount();
        bytes32 digest = members.changeDigest(number, LATER, calls);
        bytes32[2][] memory signatures = new bytes32[2][](bits == 1 ? 1 : 2);
        for (uint256 i = 0; i < signatures.length; ++i) {
            (signatures[i][0], signatures[i][1]) = vm.signCompact(0x41 + i, digest);
        }
        members.carryOut(number, LATER, calls, bits, signatures);
    }

    function test_onlyTheSubjectNamesItsGuardian() public {
        bindSubject(assignment);
        refused(steward, abi.encodeWithSelector(ITwinRegistry.NotSubject.selector, assignment, steward, subject));
        twins.appointGuardian(assignment, steward);
        refused(guardian, abi.encodeWithSelector(ITwinRegistry.NotSubject.selector, assignment, guardian, subject));
        twins.appointGuardian(assignment, stranger);
        vm.prank(subject);
        twins.appointGuardian(assignment, stranger);
        check(twins.speaksFor(twin, stranger) && !twins.speaksFor(twin, guardian), "another guardian");
    }

    // What is asked for

    /// @dev The steward only adds, the subject changes, nobody leaves research out or puts audit or security in.
    function testFuzz_whatNeedsConsent(uint8 present, uint8 wanted, uint8 who) public {
        bindSubject(assignment);
        present = (present & 0x0f) | 0x04;
        vm.prank(subject);
        twins.setConsentMask(twin, present);
        address by = [steward, subject, guardian, stranger][who % 4];
        bytes memory evidence;
        if (wanted & 0x04 == 0 || wanted > 0x0f) {
            evidence = abi.encodeWithSelector(ITwinRegistry.ConsentMaskRefused.selector, twin, wanted);
        } else if (by == stranger) {
            evidence = abi.encodeWithSelector(ITwinRegistry.NotSteward.selector, device, stranger, steward);
        } else if (by == steward && present & ~wanted != 0) {
            evidence = abi.encodeWithSelector(ITwinRegistry.ConsentMaskShrinks.selector, twin, present, wanted);
        }
        if (evidence.length != 0) vm.expectRevert(evidence);
        vm.prank(by);
        twins.setConsentMask(twin, wanted);
        uint8 left = twins.cuts(device, twin).consent();
        checkEqual(evidence.length == 0 ? wanted : present, left, "as it was set, or as it was");
    }

    function test_noConsentConcernsOracles() public {
        refused(steward, abi.encodeWithSelector(ITwinRegistry.SecurityTwinOnly.selector, securityTwin));
        twins.setConsentMask(securityTwin, 0x04);
        refused(steward, abi.encodeWithSelector(ITwinRegistry.TwinUnknown.selector, MODEL));
        twins.setConsentMask(MODEL, 0x04);
    }

    // Consent

    function researches(bytes32 id, IGrantRegistry.Source[] memory chain, address who) private view returns (bool) {
        IGrantRegistry.Ask memory ask = readAsk(twin, id, RESEARCH);
        ask.reader = who;
        IGrantRegistry.Reason reason = grants.explain(ask, chain);
        bool missing = reason == IGrantRegistry.Reason.ConsentMissing;
        check(missing || reason == IGrantRegistry.Reason.Permitted, "nothing else is wrong");
        return !missing;
    }

    function test_nobodyButTheSubjectAgrees() public {
        refused(steward, abi.encodeWithSelector(IGrantRegistry.NotSubject.selector, twin, steward));
        grants.setConsent(twin, reader, 0x04);
        bindSubject(assignment);
        for (uint256 i = 0; i < 3; ++i) {
            address by = [steward, reader, stranger][i];
            refused(by, abi.encodeWithSelector(IGrantRegistry.NotSubject.selector, twin, by));
            grants.setConsent(twin, reader, 0x04);
        }
        refused(subject, abi.encodeWithSelector(IGrantRegistry.NotSubject.selector, securityTwin, subject));
        grants.setConsent(securityTwin, reader, 0x04);
    }

    function test_consentIsGivenAndWithdrawn() public {
        bytes32 id = give(someGrant(twin), 1);
        check(!researches(id, chainOf(direct(1)), reader), "nobody could agree yet");
        bindSubject(assignment);
        check(!researches(id, chainOf(direct(1)), reader), "nobody has agreed yet");
        vm.expectEmit();
        emit IGrantRegistry.ConsentSet(twin, reader, 0x04, subject);
        agree(twin, reader, 0x04);
        check(researches(id, chainOf(direct(1)), reader), "agreed");
        vm.prank(guardian);
        grants.setConsent(twin, reader, 0);
        check(!researches(id, chainOf(direct(1)), reader), "withdrawn by the guardian");
        check(grants.canRead(readAsk(twin, id, CARE), chainOf(direct(1))), "care reads on");
    }

    /// @dev Consent is for whoever reads. It is not passed on, and whom a grant was passed on to needs its own.
    function test_consentIsAskedAtTheEndOfTheChain() public {
        bindSubject(assignment);
        IGrantRegistry.Grant memory given = someGrant(twin);
        given.depth = 1;
        bytes32 parent = give(given, 1);
        (given.reader, given.depth) = (stranger, 0);
        bytes32 id = pass(reader, given, 1, direct(1));
        IGrantRegistry.Source[] memory chain = new IGrantRegistry.Source[](2);
        (chain[0], chain[1]) = (IGrantRegistry.Source(reader, parent, 1), direct(1));
        agree(twin, reader, 0x04);
        check(!researches(id, chain, stranger), "not passed on");
        agree(twin, reader, 0);
        agree(twin, stranger, 0x04);
        check(researches(id, chain, stranger), "its own");
        check(!researches(parent, chainOf(direct(1)), reader), "and nobody else's");
    }

    /// @dev The six purposes, and no bit beside them: neither as said nor as signed.
    function testFuzz_agreesToPurposesOnly(uint8 purposes, bool signed) public {
        bindSubject(assignment);
        bytes memory signature = signWith(SUBJECT_KEY, consentDigest(twin, reader, purposes, 0, LATER));
        if (purposes > 0x3f) vm.expectRevert(abi.encodeWithSelector(IGrantRegistry.PurposesRefused.selector, purposes));
        vm.prank(subject);
        if (signed) grants.relayConsent(twin, reader, purposes, subject, LATER, signature);
        else grants.setConsent(twin, reader, purposes);
        (uint8 agreed, uint64 changes) = grants.consentOf(twin, reader);
        checkEqual(purposes > 0x3f ? 0 : purposes, agreed, "as it was set, or nothing");
        checkEqual(purposes > 0x3f ? 0 : 1, changes, "once, or never");
    }

    // By signature

    function consentDigest(
        bytes32 of_,
        address to,
        uint8 purposes,
        uint256 nonce,
        uint40 deadline
    ) private view returns (bytes32) {
        bytes32 kind = keccak256("Consent(bytes32 twin,address reader,uint8 purposes,uint256 nonce,uint40 deadline)");
        bytes32 said = keccak256(abi.encode(kind, of_, to, purposes, nonce, deadline));
        return typedDigest("Twinward GrantRegistry", address(grants), said);
    }

    function test_anybodySendsASignedConsent() public {
        bindSubject(assignment);
        bytes memory given = signWith(SUBJECT_KEY, consentDigest(twin, reader, 0x04, 0, LATER));
        vm.prank(stranger);
        grants.relayConsent(twin, reader, 0x04, subject, LATER, given);
        (uint8 purposes, uint64 changes) = grants.consentOf(twin, reader);
        checkEqual(0x04, purposes, "agreed");
        checkEqual(1, changes, "once");
        bytes32 again = consentDigest(twin, reader, 0x04, 1, LATER);
        refused(stranger, abi.encodeWithSelector(IGrantRegistry.SignatureInvalid.selector, subject, again));
        grants.relayConsent(twin, reader, 0x04, subject, LATER, given);
    }

    /// @dev What was withdrawn is not given again by a signature from before.
    function test_aWithdrawalEndsUnusedSignatures() public {
        bindSubject(assignment);
        bytes memory unused = signWith(SUBJECT_KEY, consentDigest(twin, reader, 0x04, 0, LATER));
        agree(twin, reader, 0);
        bytes32 wanted = consentDigest(twin, reader, 0x04, 1, LATER);
        refused(stranger, abi.encodeWithSelector(IGrantRegistry.SignatureInvalid.selector, subject, wanted));
        grants.relayConsent(twin, reader, 0x04, subject, LATER, unused);
    }

    function testFuzz_refusesWhatWasNotAgreedTo(uint8 way, uint256 seed) public {
        bindSubject(assignment);
        way = uint8(bound(way, 0, 5));
        bytes32 digest = consentDigest(
            way == 0 ? bytes32(seed) : twin,
            way == 1 ? address(uint160(seed)) : reader,
            way == 2 ? uint8(bound(seed, 5, 255)) : 0x04,
            way == 3 ? bound(seed, 1, type(uint64).max) : 0,
            way == 4 ? uint40(bound(seed, 0, LATER - 1)) : LATER
        );
        bytes memory signature = signWith(way == 5 ? bound(seed, 0x1000, 0x2000) : SUBJECT_KEY, digest);
        bytes32 wanted = consentDigest(twin, reader, 0x04, 0, LATER);
        refused(stranger, abi.encodeWithSelector(IGrantRegistry.SignatureInvalid.selector, subject, wanted));
        grants.relayConsent(twin, reader, 0x04, subject, LATER, signature);
    }

    /// @dev Whoever has no say is refused before any signature is looked at, so that no stranger's contract is asked.
    function test_asksNoStrangerForTheirWord() public {
        bindSubject(assignment);
        address wallet = address(new Wallet1271(stranger));
        refused(stranger, abi.encodeWithSelector(IGrantRegistry.NotSubject.selector, twin, wallet));
        grants.relayConsent(twin, reader, 0x04, wallet, LATER, hex"00");
    }

    function test_refusesConsentsTooLateOrOfOthers() public {
        bindSubject(assignment);
        bytes32 digest = consentDigest(twin, reader, 0x04, 0, LATER);
        bytes memory others = signWith(0x1234, digest);
        refused(stranger, abi.encodeWithSelector(IGrantRegistry.NotSubject.selector, twin, vm.addr(0x1234)));
        grants.relayConsent(twin, reader, 0x04, vm.addr(0x1234), LATER, others);
        bytes memory own = signWith(SUBJECT_KEY, digest);
        vm.warp(LATER + 1);
        refused(stranger, abi.encodeWithSelector(IGrantRegistry.SignatureExpired.selector, LATER, LATER + 1));
        grants.relayConsent(twin, reader, 0x04, subject, LATER, own);
    }
}
