// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDeviceRegistry} from "../../contracts/devices/IDeviceRegistry.sol";
import {IVerdictOracle} from "../../contracts/verdicts/IVerdictOracle.sol";
import {IMemberRegistry} from "../../contracts/members/IMemberRegistry.sol";
import {Consortium} from "./Consortium.sol";

contract VerdictOracleTest is Consortium {
    uint8 private constant SUSPECT = 1;
    uint8 private constant QUARANTINE = 2;
    uint8 private constant READMISSION = 3;

    bytes32 private device;

    function setUp() public override {
        super.setUp();
        (device, ) = activeDevice(DEVICE_KEY);
        anchorMany(home, 25);
    }

    function verdict(uint64 round, uint8 kind, uint8 severity) private view returns (IVerdictOracle.Verdict memory) {
        return someVerdict(device, round, kind, severity);
    }

    /// @dev Transmits by oracle 0 and expects exactly this refusal.
    function refuses(IVerdictOracle.Verdict memory v, uint32 signers, bytes memory evidence) private {
        bytes32[2][] memory signatures = signBits(verdicts.verdictDigest(v), signers);
        refused(vm.addr(oracleKey(0)), evidence);
        verdicts.transmit(v, signers, signatures);
    }

    // Refusals, in the order of the checks

    function test_refusesStaleVerdicts() public {
        transmit(verdict(1, SUSPECT, 3), 0x03);
        refuses(
            verdict(1, SUSPECT, 3),
            0x03,
            abi.encodeWithSelector(IVerdictOracle.VerdictStale.selector, device, 1, 3, 1, 3)
        );
        refuses(
            verdict(1, QUARANTINE, 2),
            0x03,
            abi.encodeWithSelector(IVerdictOracle.VerdictStale.selector, device, 1, 2, 1, 3)
        );
        // Signatures held back over an earlier round cannot undo what came after.
        refuses(
            verdict(0, QUARANTINE, 5),
            0x03,
            abi.encodeWithSelector(IVerdictOracle.VerdictStale.selector, device, 0, 5, 1, 3)
        );
        transmit(verdict(1, QUARANTINE, 4), 0x06);
        transmit(verdict(2, READMISSION, 1), 0x0e);
    }

    function test_refusesTransmittersOutsideTheSet() public {
        IVerdictOracle.Verdict memory v = verdict(0, SUSPECT, 1);
        bytes32[2][] memory signatures = signBits(verdicts.verdictDigest(v), 0x03);
        refused(stranger, abi.encodeWithSelector(IVerdictOracle.TransmitterNotOracle.selector, stranger));
        verdicts.transmit(v, 0x03, signatures);
    }

    function test_refusesAnotherOracleSet() public {
        IVerdictOracle.Verdict memory v = verdict(0, SUSPECT, 1);
        bytes32 expected = v.oracleSet;
        v.oracleSet = MODEL;
        refuses(v, 0x03, abi.encodeWithSelector(IVerdictOracle.OracleSetUnexpected.selector, expected, MODEL));
    }

    function testFuzz_refusesBatchesOutsideTheRound(uint64 round, uint64 first, uint64 last) public {
        IVerdictOracle.Verdict memory v = verdict(0, SUSPECT, 1);
        v.round = uint64(bound(round, 0, 3));
        v.firstBatch = uint64(bound(first, 0, 40));
        v.lastBatch = uint64(bound(last, 0, 40));
        uint64 start = v.round * 10;
        if (v.firstBatch != start || v.lastBatch < start || v.lastBatch >= start + 10) {
            refuses(
                v,
                0x03,
                abi.encodeWithSelector(
                    IVerdictOracle.RoundBoundsUnexpected.selector,
                    v.round,
                    v.firstBatch,
                    v.lastBatch
                )
            );
        } else if (v.lastBatch >= 25) {
            refuses(
                v,
                0x03,
                abi.encodeWithSelector(IVerdictOracle.EvidenceNotAnchored.selector, home, v.lastBatch, 25)
            );
        } else {
            transmit(v, 0x03);
        }
    }

    function test_refusesWhatDoesNotFit() public {
        IVerdictOracle.Verdict memory v = verdict(0, SUSPECT, 1);
        v.firstSequence = 6;
        refuses(v, 0x03, abi.encodeWithSelector(IVerdictOracle.SequencesUnexpected.selector, 6, 5));
        v.firstSequence = 0;
        refuses(v, 0x03, abi.encodeWithSelector(IVerdictOracle.SequencesUnexpected.selector, 0, 5));
        v.firstSequence = 1;
        v.lastSequence = 2 ** 53;
        refuses(v, 0x03, abi.encodeWithSelector(IVerdictOracle.SequenceTooLarge.selector, 2 ** 53, 2 ** 53 - 1));
        v = verdict(0, 0, 1);
        refuses(v, 0x03, abi.encodeWithSelector(IVerdictOracle.KindUnknown.selector, 0));
        v = verdict(0, 4, 1);
        refuses(v, 0x03, abi.encodeWithSelector(IVerdictOracle.KindUnknown.selector, 4));
        v = verdict(0, SUSPECT, 0);
        refuses(v, 0x03, abi.encodeWithSelector(IVerdictOracle.SeverityUnexpected.selector, 0));
        v = verdict(0, SUSPECT, 6);
        refuses(v, 0x03, abi.encodeWithSelector(IVerdictOracle.SeverityUnexpected.selector, 6));
        v = verdict(0, READMISSION, 1);
        refuses(v, 0x07, abi.encodeWithSelector(IVerdictOracle.ReadmissionUnexpected.selector, device, 2));
        vm.prank(sender);
        bytes32 other = anchors.openStream(group);
        anchorMany(other, 1);
        v = verdict(0, SUSPECT, 1);
        v.stream = other;
        refuses(v, 0x03, abi.encodeWithSelector(IVerdictOracle.StreamNotHome.selector, device, home, other));
        v.stream = MODEL;
        refuses(v, 0x03, abi.encodeWithSelector(IVerdictOracle.EvidenceNotAnchored.selector, MODEL, 0, 0));
    }

    // A home stream that members fenced

    function succeedHome() private returns (bytes32 next) {
        bytes32 last = home;
        for (next = last; next != 0; (, , , next) = anchors.standing(last)) last = next;
        bytes32[2][] memory signatures = new bytes32[2][](1);
        (bytes32 r, bytes32 vs) = vm.signCompact(0x41, anchors.fenceDigest(last, MODEL));
        signatures[0] = [r, vs];
        anchors.fence(last, MODEL, 1, signatures);
        vm.prank(sender);
        next = anchors.openSuccessor(last);
        anchorMany(next, 25);
    }

    function verdictIn(
        bytes32 stream,
        uint64 round,
        uint8 kind,
        uint8 severity
    ) private view returns (IVerdictOracle.Verdict memory v) {
        v = verdict(round, kind, severity);
        v.stream = stream;
    }

    function test_aSuccessorOfTheHomeStreamIsHome() public {
        bytes32 next = succeedHome();
        // What was anchored before the fence may still be judged.
        transmit(verdict(2, SUSPECT, 3), 0x03);
        // The successor's rounds count from 0 and are later nevertheless.
        transmit(verdictIn(next, 0, QUARANTINE, 2), 0x03);
        bytes memory stale = abi.encodeWithSelector(IVerdictOracle.VerdictStale.selector, device, 2, 5, 0, 2);
        refuses(verdict(2, READMISSION, 5), 0x07, stale);
        stale = abi.encodeWithSelector(IVerdictOracle.VerdictStale.selector, device, 0, 2, 0, 2);
        refuses(verdictIn(next, 0, SUSPECT, 2), 0x03, stale);
        transmit(verdictIn(next, 1, READMISSION, 1), 0x07);

        bytes32 last = succeedHome();
        transmit(verdictIn(last, 0, SUSPECT, 1), 0x03);
        stale = abi.encodeWithSelector(IVerdictOracle.VerdictStale.selector, device, 2, 5, 0, 1);
        refuses(verdictIn(next, 2, SUSPECT, 5), 0x03, stale);
        refuses(verdict(2, SUSPECT, 5), 0x03, stale);
    }

    function test_anotherStreamOfTheGroupIsNotHome() public {
        bytes32 next = succeedHome();
        vm.prank(sender);
        bytes32 other = anchors.openStream(group);
        anchorMany(other, 25);
        bytes memory evidence = abi.encodeWithSelector(IVerdictOracle.StreamNotHome.selector, device, home, other);
        refuses(verdictIn(other, 0, SUSPECT, 1), 0x03, evidence);
        transmit(verdictIn(next, 0, SUSPECT, 1), 0x03);
        refuses(verdictIn(other, 2, SUSPECT, 5), 0x03, evidence);
    }

    function test_refusesVerdictsOnRetiredDevices() public {
        vm.prank(steward);
        devices.retire(device);
        refuses(verdict(0, SUSPECT, 1), 0x03, abi.encodeWithSelector(IDeviceRegistry.DeviceRetired.selector, device));
    }

    /// @dev Exactly f + 1 (readmission: 2f + 1), counted in signatures and in bits both.
    function testFuzz_needsExactlyTheQuorum(uint32 signers, bool readmission) public {
        signers = uint32(bound(signers, 0, 15));
        if (readmission) judge(device, QUARANTINE);
        IVerdictOracle.Verdict memory v = verdict(0, readmission ? READMISSION : SUSPECT, 1);
        uint256 needed = readmission ? 3 : 2;
        uint256 count = signBits(0, signers).length;
        if (count == needed) {
            transmit(v, signers);
        } else {
            refuses(
                v,
                signers,
                abi.encodeWithSelector(IVerdictOracle.SignatureCountUnexpected.selector, needed, count)
            );
        }
    }

    function test_countsBitsAndSignaturesApart() public {
        IVerdictOracle.Verdict memory v = verdict(0, SUSPECT, 1);
        bytes32[2][] memory two = signBits(verdicts.verdictDigest(v), 0x03);
        address by = vm.addr(oracleKey(1));
        // One oracle alone, its signature sent twice.
        bytes32[2][] memory twice = new bytes32[2][](2);
        (twice[0], twice[1]) = (two[0], two[0]);
        refused(by, abi.encodeWithSelector(IVerdictOracle.SignatureCountUnexpected.selector, 2, 1));
        verdicts.transmit(v, 0x01, twice);
        refused(by, abi.encodeWithSelector(IVerdictOracle.SignatureNotOracle.selector, 1, vm.addr(oracleKey(0))));
        verdicts.transmit(v, 0x03, twice);
        // In another order than the bits.
        (twice[0], twice[1]) = (two[1], two[0]);
        refused(by, abi.encodeWithSelector(IVerdictOracle.SignatureNotOracle.selector, 0, vm.addr(oracleKey(1))));
        verdicts.transmit(v, 0x03, twice);
        refused(by, abi.encodeWithSelector(IMemberRegistry.OracleBitUnknown.selector, 0x11, 4));
        verdicts.transmit(v, 0x11, two);
        // Not a signature at all.
        two[1] = [bytes32(0), bytes32(0)];
        refused(by, abi.encodeWithSelector(IVerdictOracle.SignatureNotOracle.selector, 1, address(0)));
        verdicts.transmit(v, 0x03, two);
    }

    /// @dev A signature over any other verdict does not count, whichever field differs.
    function testFuzz_everyFieldIsSigned(uint8 which, uint64 change) public view {
        change = uint64(bound(change, 1, type(uint64).max));
        IVerdictOracle.Verdict memory v = verdict(0, SUSPECT, 1);
        bytes32 digest = verdicts.verdictDigest(v);
        bytes32 mixed = bytes32(uint256(change));
        which = which % 12;
        if (which == 0) v.oracleSet ^= mixed;
        if (which == 1) v.stream ^= mixed;
        if (which == 2) v.round ^= change;
        if (which == 3) v.firstBatch ^= change;
        if (which == 4) v.lastBatch ^= change;
        if (which == 5) v.device ^= mixed;
        if (which == 6) v.firstSequence ^= change;
        if (which == 7) v.lastSequence ^= change;
        if (which == 8) v.kind ^= uint8(1 + (change % 255));
        if (which == 9) v.severity ^= uint8(1 + (change % 255));
        if (which == 10) v.model ^= mixed;
        if (which == 11) v.leavesRoot ^= mixed;
        check(digest != verdicts.verdictDigest(v), "another digest");
    }

    // Effects

    function test_aQuorumQuarantines() public {
        IVerdictOracle.Verdict memory v = verdict(2, QUARANTINE, 4);
        bytes32 digest = verdicts.verdictDigest(v);
        checkEqual(expectedDigest(v), digest, "the EIP-712 digest");
        bytes32[2][] memory signatures = signBits(digest, 0x0a);
        vm.expectEmit();
        emit IVerdictOracle.VerdictReached(digest, device, 2, v, 0x0a);
        vm.expectEmit();
        emit IDeviceRegistry.DeviceStateChanged(device, 2, 4, digest);
        vm.prank(vm.addr(oracleKey(2)));
        verdicts.transmit(v, 0x0a, signatures);

        check(stateOf(device) == IDeviceRegistry.DeviceState.Quarantined, "quarantined");
        (bytes16 tag, uint64 round, uint8 kind, uint8 severity, uint40 at_) = verdicts.latestVerdict(device);
        checkEqual(
            keccak256(abi.encode(bytes16(digest), 2, QUARANTINE, 4, NOW)),
            keccak256(abi.encode(tag, round, kind, severity, at_)),
            "kept"
        );
    }

    function expectedDigest(IVerdictOracle.Verdict memory v) private view returns (bytes32) {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Twinward VerdictOracle"),
                keccak256("1"),
                block.chainid,
                address(verdicts)
            )
        );
        bytes32 kind = keccak256(
            "Verdict(bytes32 oracleSet,bytes32 stream,uint64 round,uint64 firstBatch,uint64 lastBatch,bytes32 device,uint64 firstSequence,uint64 lastSequence,uint8 kind,uint8 severity,bytes32 model,bytes32 leavesRoot)"
        );
        return keccak256(abi.encodePacked(hex"1901", domain, keccak256(abi.encode(kind, v))));
    }

    function test_aVerdictIsSuperseded() public {
        transmit(verdict(0, SUSPECT, 1), 0x03);
        transmit(verdict(0, QUARANTINE, 3), 0x0c);
        bytes32 third = transmit(verdict(1, READMISSION, 1), 0x07);
        check(stateOf(device) == IDeviceRegistry.DeviceState.Active, "readmitted");
        (bytes16 tag, uint64 round, , , ) = verdicts.latestVerdict(device);
        checkEqual(bytes16(third), tag, "the third is the latest");
        checkEqual(1, round, "round");
    }

    // All-clear

    function clear(uint64 round, bytes32 root, uint32 signers, bytes memory evidence) private {
        bytes32[2][] memory signatures = signBits(verdicts.allClearDigest(home, round, root), signers);
        if (evidence.length > 0) vm.expectRevert(evidence);
        vm.prank(vm.addr(oracleKey(0)));
        verdicts.allClear(home, round, root, signers, signatures);
    }

    function test_refusesAllClears() public {
        bytes32[2][] memory none = new bytes32[2][](0);
        refused(stranger, abi.encodeWithSelector(IVerdictOracle.TransmitterNotOracle.selector, stranger));
        verdicts.allClear(home, 0, MODEL, 0x07, none);
        clear(0, 0, 0x07, abi.encodeWithSelector(IVerdictOracle.RootZero.selector));
        // Batches 20 to 24 are anchored: the round is not over.
        clear(2, MODEL, 0x07, abi.encodeWithSelector(IVerdictOracle.EvidenceNotAnchored.selector, home, 29, 25));
        clear(0, MODEL, 0x03, abi.encodeWithSelector(IVerdictOracle.SignatureCountUnexpected.selector, 3, 2));
        clear(0, MODEL, 0x0f, abi.encodeWithSelector(IVerdictOracle.SignatureCountUnexpected.selector, 3, 4));
        clear(0, MODEL, 0x07, "");
        clear(0, MANIFEST, 0x0e, abi.encodeWithSelector(IVerdictOracle.RoundAlreadyCleared.selector, home, 0, MODEL));
        checkEqual(MODEL, verdicts.clearedRoot(home, 0), "one root per round");
        checkEqual(bytes32(0), verdicts.clearedRoot(home, 1), "a missing round is visible");
        anchorMany(home, 5);
        bytes32[2][] memory signatures = signBits(verdicts.allClearDigest(home, 2, MODEL), 0x0d);
        vm.expectEmit();
        emit IVerdictOracle.RoundCleared(home, 2, MODEL, 0x0d);
        vm.prank(vm.addr(oracleKey(1)));
        verdicts.allClear(home, 2, MODEL, 0x0d, signatures);
    }
}
