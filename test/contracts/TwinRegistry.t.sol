// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDeviceRegistry} from "../../contracts/devices/IDeviceRegistry.sol";
import {ITwinRegistry} from "../../contracts/twins/ITwinRegistry.sol";
import {SEQUENCE_MAX} from "../../contracts/lib/Sequence.sol";
import {Consortium} from "./Consortium.sol";

contract TwinRegistryTest is Consortium {
    bytes32 private device;

    function setUp() public override {
        super.setUp();
        device = registerDevice(DEVICE_KEY);
    }

    function begin(uint64 from) private returns (bytes32) {
        vm.prank(steward);
        return twins.beginAssignment(device, from);
    }

    function end(bytes32 assignment, uint64 at_) private {
        vm.prank(steward);
        twins.endAssignment(assignment, at_);
    }

    function isEnded(bytes32 twin) private view returns (bool ended) {
        (, , , , , , ended) = twins.twin(twin);
    }

    function notSteward() private view returns (bytes memory) {
        return abi.encodeWithSelector(ITwinRegistry.NotSteward.selector, device, stranger, steward);
    }

    function test_onlyTheStewardActs() public {
        bytes32 assignment = begin(1);
        refused(stranger, notSteward());
        twins.beginAssignment(device, 1);
        refused(stranger, notSteward());
        twins.endAssignment(assignment, 1);
        refused(stranger, notSteward());
        twins.createTwin(assignment, MANIFEST, 1, 0);
        refused(stranger, notSteward());
        twins.createSecurityTwin(device, MANIFEST, 1);
        refused(stranger, abi.encodeWithSelector(ITwinRegistry.NotSteward.selector, MODEL, stranger, address(0)));
        twins.beginAssignment(MODEL, 1);
    }

    function test_refusesAssignmentsThatOverlap() public {
        refused(steward, abi.encodeWithSelector(ITwinRegistry.AssignmentStartUnexpected.selector, device, 1, 0));
        twins.beginAssignment(device, 0);
        bytes32 first = begin(5);
        refused(steward, abi.encodeWithSelector(ITwinRegistry.AssignmentOpen.selector, device, first));
        twins.beginAssignment(device, 50);
        refused(steward, abi.encodeWithSelector(ITwinRegistry.AssignmentEndUnexpected.selector, first, 5, 4));
        twins.endAssignment(first, 4);
        end(first, 20);
        refused(steward, abi.encodeWithSelector(ITwinRegistry.AssignmentAlreadyEnded.selector, first, 20));
        twins.endAssignment(first, 30);
        refused(steward, abi.encodeWithSelector(ITwinRegistry.AssignmentStartUnexpected.selector, device, 20, 19));
        twins.beginAssignment(device, 19);
        refused(steward, abi.encodeWithSelector(ITwinRegistry.AssignmentUnknown.selector, MODEL));
        twins.endAssignment(MODEL, 1);
    }

    /// @dev Anybody may name sequences of a device of their own: what no follower could count never gets into an event.
    function testFuzz_refusesSequencesThatNobodyCanCount(uint64 beyond) public {
        beyond = uint64(bound(beyond, uint256(SEQUENCE_MAX) + 1, type(uint64).max));
        bytes memory tooLarge = abi.encodeWithSelector(ITwinRegistry.SequenceTooLarge.selector, beyond, SEQUENCE_MAX);
        refused(steward, tooLarge);
        twins.beginAssignment(device, beyond);
        bytes32 assignment = begin(SEQUENCE_MAX);
        refused(steward, tooLarge);
        twins.endAssignment(assignment, beyond);
        end(assignment, SEQUENCE_MAX);
        end(begin(SEQUENCE_MAX), SEQUENCE_MAX);
    }

    function test_refusesTwins() public {
        bytes32 assignment = begin(1);
        refused(steward, abi.encodeWithSelector(ITwinRegistry.SegmentsMissing.selector, MANIFEST));
        twins.createTwin(assignment, MANIFEST, 0, 1);
        refused(steward, abi.encodeWithSelector(ITwinRegistry.ManifestHashZero.selector));
        twins.createTwin(assignment, 0, 1, 0);
        refused(steward, abi.encodeWithSelector(ITwinRegistry.AssignmentUnknown.selector, MODEL));
        twins.createTwin(MODEL, MANIFEST, 1, 0);
        refused(steward, abi.encodeWithSelector(ITwinRegistry.SegmentsMissing.selector, MANIFEST));
        twins.createSecurityTwin(device, MANIFEST, 0);
        vm.prank(steward);
        bytes32 security = twins.createSecurityTwin(device, MANIFEST, 1);
        refused(steward, abi.encodeWithSelector(ITwinRegistry.SecurityTwinExists.selector, device, security));
        twins.createSecurityTwin(device, MODEL, 1);
        end(assignment, 1);
        refused(steward, abi.encodeWithSelector(ITwinRegistry.AssignmentAlreadyEnded.selector, assignment, 1));
        twins.createTwin(assignment, MANIFEST, 1, 0);
    }

    function test_aRetiredDeviceOnlyCloses() public {
        bytes32 assignment = begin(1);
        vm.prank(steward);
        devices.retire(device);
        bytes memory retired = abi.encodeWithSelector(ITwinRegistry.DeviceRetired.selector, device);
        refused(steward, retired);
        twins.createTwin(assignment, MANIFEST, 1, 0);
        refused(steward, retired);
        twins.createSecurityTwin(device, MANIFEST, 1);
        end(assignment, 9);
        refused(steward, retired);
        twins.beginAssignment(device, 9);
    }

    function test_theSecurityTwinMakesTheDeviceActive() public {
        vm.prank(steward);
        bytes32 twin = twins.createSecurityTwin(device, MANIFEST, 0x07);
        check(stateOf(device) == IDeviceRegistry.DeviceState.Active, "active");
        checkEqual(twin, twins.securityTwin(device), "the device's security twin");
        end(begin(1), 5);
        check(!isEnded(twin), "no assignment's end ends it");
    }

    function test_twoTwinsOfOneManifestDiffer() public {
        check(openTwin(device, 1, 0) != openTwin(device, 1, 0), "n counts per assignment and manifest");
    }

    /// @dev A twin lives exactly while its own assignment is open, however many came before or after.
    function testFuzz_anAssignmentEndsItsTwins(uint8 count, uint64 segments, uint64 commands) public {
        count = uint8(bound(count, 1, 8));
        if (segments == 0) segments = 1;
        bytes32[] memory made = new bytes32[](count);
        for (uint64 i = 0; i < count; ++i) {
            bytes32 assignment = begin(1 + i * 10);
            made[i] = openTwin(device, segments, commands);
            for (uint256 k = 0; k <= i; ++k) check(isEnded(made[k]) == (k < i), "only the newest is open");
            (bytes32 owner, uint64 from, uint64 until, uint64 n) = twins.assignment(assignment);
            checkEqual(device, owner, "device");
            checkEqual(1 + i * 10, from, "from");
            checkEqual(type(uint64).max, until, "open");
            checkEqual(i, n, "n");
            end(assignment, (i + 1) * 10);
            check(isEnded(made[i]), "ended");
        }
        (bytes32 owner_, , , uint64 s, uint64 c, bool security, ) = twins.twin(made[0]);
        checkEqual(device, owner_, "device");
        checkEqual(segments, s, "segments");
        checkEqual(commands, c, "commands");
        check(!security, "not a security twin");
        checkEqual(bytes32(0), twins.openAssignment(device), "none open");
    }
}
