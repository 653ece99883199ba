// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {P256} from "@openzeppelin/contracts/utils/cryptography/P256.sol";
import {DeviceRegistry} from "../../contracts/devices/DeviceRegistry.sol";
import {IDeviceRegistry} from "../../contracts/devices/IDeviceRegistry.sol";
import {SEQUENCE_MAX} from "../../contracts/lib/Sequence.sol";
import {Consortium} from "./Consortium.sol";

contract DeviceRegistryTest is Consortium {
    bytes32 private device;

    function setUp() public override {
        super.setUp();
        device = registerDevice(DEVICE_KEY);
    }

    function untilOf(uint32 number) private view returns (uint64 until) {
        (, , , until, , , ) = devices.key(device, number);
    }

    // Wiring

    function test_wiresOnceByTheDeployer() public {
        refused(address(this), abi.encodeWithSelector(IDeviceRegistry.AlreadyWired.selector, twins, verdicts));
        devices.wire(stranger, stranger);
        DeviceRegistry fresh = new DeviceRegistry();
        refused(stranger, abi.encodeWithSelector(IDeviceRegistry.NotWirer.selector, stranger, address(this)));
        fresh.wire(stranger, stranger);
        refused(address(this), abi.encodeWithSelector(IDeviceRegistry.WiringZero.selector));
        fresh.wire(stranger, address(0));
        refused(address(this), abi.encodeWithSelector(IDeviceRegistry.WiringZero.selector));
        fresh.wire(address(0), stranger);
    }

    // Registering

    function test_refusesToRegister() public {
        (bytes32 x, bytes32 y) = publicKey(0xd2);
        bytes32 id = devices.deviceId(x, y);
        (bytes32 r, bytes32 s) = proveKey(id, 1, steward, 0xd2);
        bytes32 digest = sha256(devices.keyProof(id, 1, stranger));

        refused(steward, abi.encodeWithSelector(IDeviceRegistry.ModelHashZero.selector));
        devices.register(0, home, x, y, r, s);
        refused(steward, abi.encodeWithSelector(IDeviceRegistry.HomeStreamZero.selector));
        devices.register(MODEL, 0, x, y, r, s);
        refused(steward, abi.encodeWithSelector(IDeviceRegistry.KeyNotOnCurve.selector, x, x));
        devices.register(MODEL, home, x, x, r, s);
        // The proof names the steward: somebody who saw it in the pool cannot become it.
        refused(stranger, abi.encodeWithSelector(IDeviceRegistry.KeyProofInvalid.selector, id, 1, digest));
        devices.register(MODEL, home, x, y, r, s);

        vm.prank(steward);
        devices.register(MODEL, home, x, y, r, s);
        refused(steward, abi.encodeWithSelector(IDeviceRegistry.DeviceAlreadyRegistered.selector, id, steward));
        devices.register(MODEL, home, x, y, r, s);
    }

    function testFuzz_registersWithEitherForm(uint256 key, bool flip) public {
        key = bound(key, 1, P256.N - 1);
        vm.assume(key != DEVICE_KEY);
        (bytes32 x, bytes32 y) = publicKey(key);
        bytes32 id = devices.deviceId(x, y);
        (bytes32 r, bytes32 s) = proveKey(id, 1, steward, key);
        if (flip) s = bytes32(P256.N - uint256(s));
        vm.expectEmit();
        emit IDeviceRegistry.DeviceRegistered(id, steward, MODEL, home);
        vm.expectEmit();
        emit IDeviceRegistry.DeviceStateChanged(id, 0, 1, 0);
        vm.expectEmit();
        emit IDeviceRegistry.KeyAdded(id, 1, 1, x, y);
        vm.prank(steward);
        devices.register(MODEL, home, x, y, r, s);
        (uint32 number, bytes32 gotX, ) = devices.keyAt(id, 1);
        checkEqual(1, number, "key 1 from sequence 1");
        checkEqual(x, gotX, "the key");
    }

    function test_precompileAnswers() public view {
        check(devices.precompiled(), "osaka has the P-256 precompile");
    }

    // Keys

    function test_refusesToRotate() public {
        (bytes32 x, bytes32 y) = publicKey(0xd2);
        (bytes32 r, bytes32 s) = proveKey(device, 2, steward, 0xd2);
        refused(stranger, abi.encodeWithSelector(IDeviceRegistry.NotSteward.selector, device, stranger, steward));
        devices.rotateKey(device, 10, x, y, r, s);
        refused(steward, abi.encodeWithSelector(IDeviceRegistry.DeviceUnknown.selector, MODEL));
        devices.rotateKey(MODEL, 10, x, y, r, s);
        refused(steward, abi.encodeWithSelector(IDeviceRegistry.KeyRangeUnexpected.selector, device, 1, 1));
        devices.rotateKey(device, 1, x, y, r, s);
        refused(steward, abi.encodeWithSelector(IDeviceRegistry.KeyNotOnCurve.selector, y, x));
        devices.rotateKey(device, 10, y, x, r, s);
        // A proof for another number, so an old one cannot be played again.
        (bytes32 oldR, bytes32 oldS) = proveKey(device, 1, steward, 0xd2);
        bytes32 digest = sha256(devices.keyProof(device, 2, steward));
        refused(steward, abi.encodeWithSelector(IDeviceRegistry.KeyProofInvalid.selector, device, 2, digest));
        devices.rotateKey(device, 10, x, y, oldR, oldS);
        vm.prank(steward);
        devices.retire(device);
        refused(steward, abi.encodeWithSelector(IDeviceRegistry.DeviceRetired.selector, device));
        devices.rotateKey(device, 10, x, y, r, s);
    }

    function test_refusesUnknownKeysAndSequences() public {
        refused(steward, abi.encodeWithSelector(IDeviceRegistry.KeyUnknown.selector, device, 0, 1));
        devices.key(device, 0);
        refused(steward, abi.encodeWithSelector(IDeviceRegistry.KeyUnknown.selector, device, 2, 1));
        devices.key(device, 2);
        refused(steward, abi.encodeWithSelector(IDeviceRegistry.SequenceWithoutKey.selector, device, 0));
        devices.keyAt(device, 0);
        refused(steward, abi.encodeWithSelector(IDeviceRegistry.DeviceUnknown.selector, MODEL));
        devices.keyAt(MODEL, 1);
    }

    /// @dev Ranges follow each other without overlap or hole, whatever the sequences they begin at.
    function testFuzz_rangesPartTheSequences(uint64[5] memory starts, uint64 probe) public {
        uint64 previous = 1;
        for (uint32 i = 0; i < 5; ++i) {
            uint64 start = uint64(bound(starts[i], previous + 1, previous + 1_000));
            rotateTo(device, i + 2, start, 0x200 + i);
            checkEqual(start - 1, untilOf(i + 1), "the previous range closes just before");
            previous = start;
        }
        checkEqual(type(uint64).max, untilOf(6), "the last range is open");
        probe = uint64(bound(probe, 1, previous + 10));
        (uint32 number, , ) = devices.keyAt(device, probe);
        (, , uint64 from, uint64 until, , , ) = devices.key(device, number);
        check(from <= probe && probe <= until, "the key whose range holds the sequence");
    }

    /// @dev Anybody may name sequences of a device of their own: what no follower could count never gets into an event.
    function testFuzz_refusesSequencesThatNobodyCanCount(uint64 beyond) public {
        beyond = uint64(bound(beyond, uint256(SEQUENCE_MAX) + 1, type(uint64).max));
        bytes memory tooLarge = abi.encodeWithSelector(IDeviceRegistry.SequenceTooLarge.selector, beyond, SEQUENCE_MAX);
        (bytes32 x, bytes32 y) = publicKey(0xd2);
        (bytes32 r, bytes32 s) = proveKey(device, 2, steward, 0xd2);
        refused(steward, tooLarge);
        devices.rotateKey(device, beyond, x, y, r, s);
        refused(steward, tooLarge);
        devices.markKey(device, 1, beyond, 0, 0);
        rotateTo(device, 2, SEQUENCE_MAX, 0xd2);
        vm.prank(steward);
        devices.markKey(device, 2, SEQUENCE_MAX, 0, 0);
        (bytes32 nextR, bytes32 nextS) = proveKey(device, 3, steward, 0xd2);
        refused(
            steward,
            abi.encodeWithSelector(IDeviceRegistry.KeyRangeUnexpected.selector, device, SEQUENCE_MAX, SEQUENCE_MAX)
        );
        devices.rotateKey(device, SEQUENCE_MAX, x, y, nextR, nextS);
    }

    function test_keysAndMarksHaveAnEnd() public {
        for (uint32 number = 2; number <= 1024; ++number) rotateTo(device, number, number, 0xd2);
        (bytes32 x, bytes32 y) = publicKey(0xd2);
        (bytes32 r, bytes32 s) = proveKey(device, 1025, steward, 0xd2);
        refused(steward, abi.encodeWithSelector(IDeviceRegistry.KeysTooMany.selector, device, 1024));
        devices.rotateKey(device, 9_999, x, y, r, s);
        for (uint64 i = 0; i < 255; ++i) {
            vm.prank(steward);
            devices.markKey(device, 1024, 9_999 - i, 0, 0);
        }
        refused(steward, abi.encodeWithSelector(IDeviceRegistry.MarksTooMany.selector, device, 1024, 255));
        devices.markKey(device, 1024, 1_024, 0, 0);
    }

    function test_refusesMarks() public {
        rotateTo(device, 2, 100, 0xd2);
        refused(stranger, abi.encodeWithSelector(IDeviceRegistry.NotSteward.selector, device, stranger, steward));
        devices.markKey(device, 1, 5, 0, 0);
        refused(steward, abi.encodeWithSelector(IDeviceRegistry.KeyUnknown.selector, device, 3, 2));
        devices.markKey(device, 3, 5, 0, 0);
        refused(steward, abi.encodeWithSelector(IDeviceRegistry.MarkOutsideRange.selector, device, 1, 100, 1, 99));
        devices.markKey(device, 1, 100, 0, 0);
        refused(
            steward,
            abi.encodeWithSelector(IDeviceRegistry.MarkOutsideRange.selector, device, 2, 99, 100, type(uint64).max)
        );
        devices.markKey(device, 2, 99, 0, 0);
        vm.prank(steward);
        devices.markKey(device, 1, 50, 1_000, "lost");
        refused(steward, abi.encodeWithSelector(IDeviceRegistry.MarkNotEarlier.selector, device, 1, 50, 50));
        devices.markKey(device, 1, 50, 1_000, "lost");
    }

    function test_aMarkRemovesNothing() public {
        vm.prank(steward);
        devices.markKey(device, 1, 50, 1_000, "lost");
        vm.expectEmit();
        emit IDeviceRegistry.KeyMarked(device, 1, 20, 2_000, "cloned");
        vm.prank(steward);
        devices.markKey(device, 1, 20, 2_000, "cloned");
        (, , uint64 from, uint64 until, uint64 marked, uint40 since, bytes32 reason) = devices.key(device, 1);
        checkEqual(1, from, "the range begins where it began");
        checkEqual(type(uint64).max, until, "and is still open");
        checkEqual(20, marked, "the mark reaches further back");
        checkEqual(1_000, since, "the earlier suspicion stands");
        checkEqual(bytes32("cloned"), reason, "reason");
        (uint32 number, , ) = devices.keyAt(device, 60);
        checkEqual(1, number, "the key still answers for its sequences");
    }

    // States

    function test_onlyTheWiredContractsMoveStates() public {
        refused(steward, abi.encodeWithSelector(IDeviceRegistry.NotTwinRegistry.selector, steward, twins));
        devices.activate(device);
        refused(steward, abi.encodeWithSelector(IDeviceRegistry.NotVerdictOracle.selector, steward, verdicts));
        devices.applyVerdict(device, 1, 0);
        refused(stranger, abi.encodeWithSelector(IDeviceRegistry.NotSteward.selector, device, stranger, steward));
        devices.retire(device);
    }

    function test_refusesVerdictsThatDoNotFit() public {
        address by = address(verdicts);
        refused(by, abi.encodeWithSelector(IDeviceRegistry.DeviceUnknown.selector, MODEL));
        devices.applyVerdict(MODEL, 1, 0);
        // Registered only: nobody has a security twin to judge by.
        refused(by, abi.encodeWithSelector(IDeviceRegistry.DeviceStateUnexpected.selector, device, 1));
        devices.applyVerdict(device, 2, 0);
        vm.prank(address(twins));
        devices.activate(device);
        refused(address(twins), abi.encodeWithSelector(IDeviceRegistry.DeviceStateUnexpected.selector, device, 2));
        devices.activate(device);
        refused(by, abi.encodeWithSelector(IDeviceRegistry.DeviceStateUnexpected.selector, device, 2));
        devices.applyVerdict(device, 3, 0);
        refused(by, abi.encodeWithSelector(IDeviceRegistry.VerdictKindUnknown.selector, 4));
        devices.applyVerdict(device, 4, 0);
        vm.prank(steward);
        devices.retire(device);
        refused(by, abi.encodeWithSelector(IDeviceRegistry.DeviceRetired.selector, device));
        devices.applyVerdict(device, 3, 0);
        refused(steward, abi.encodeWithSelector(IDeviceRegistry.DeviceRetired.selector, device));
        devices.retire(device);
    }

    function test_onlyReadmissionLiftsAQuarantine() public {
        vm.prank(address(twins));
        devices.activate(device);
        judge(device, 1);
        check(stateOf(device) == IDeviceRegistry.DeviceState.Suspect, "suspect");
        judge(device, 2);
        judge(device, 1);
        check(stateOf(device) == IDeviceRegistry.DeviceState.Quarantined, "a suspicion does not soften it");
        judge(device, 3);
        check(stateOf(device) == IDeviceRegistry.DeviceState.Active, "readmitted");
    }

    // Stewards

    function test_handsOverInTwoSteps() public {
        refused(stranger, abi.encodeWithSelector(IDeviceRegistry.NotSteward.selector, device, stranger, steward));
        devices.offerSteward(device, stranger);
        refused(
            stranger,
            abi.encodeWithSelector(IDeviceRegistry.NotOfferedSteward.selector, device, stranger, address(0))
        );
        devices.acceptSteward(device);
        vm.prank(steward);
        devices.offerSteward(device, reader);
        refused(stranger, abi.encodeWithSelector(IDeviceRegistry.NotOfferedSteward.selector, device, stranger, reader));
        devices.acceptSteward(device);
        checkEqual(reader, devices.offeredSteward(device), "still offered");
        vm.prank(reader);
        devices.acceptSteward(device);
        (address now_, , , ) = devices.standing(device);
        checkEqual(reader, now_, "the new steward");
        refused(reader, abi.encodeWithSelector(IDeviceRegistry.NotOfferedSteward.selector, device, reader, address(0)));
        devices.acceptSteward(device);
    }
}
