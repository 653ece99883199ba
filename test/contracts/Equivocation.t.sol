// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Base64} from "@openzeppelin/contracts/utils/Base64.sol";
import {P256} from "@openzeppelin/contracts/utils/cryptography/P256.sol";
import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";
import {IDeviceRegistry} from "../../contracts/devices/IDeviceRegistry.sol";
import {ReadingInput} from "../../contracts/lib/ReadingInput.sol";
import {SEQUENCE_MAX} from "../../contracts/lib/Sequence.sol";
import {Consortium} from "./Consortium.sol";

// JSON is full of double quotes.
/* solhint-disable quotes */

contract EquivocationTest is Consortium {
    bytes32 private device;

    function setUp() public override {
        super.setUp();
        (device, ) = activeDevice(DEVICE_KEY);
    }

    // What a device signs

    function header(string memory number) private pure returns (bytes memory) {
        return abi.encodePacked('{"alg":"ES256","typ":"reading+sd-jwt","kid":"', number, '"}');
    }

    function payload(bytes32 of_, string memory sequence, string memory rest) private pure returns (bytes memory) {
        string memory id = Strings.toHexString(uint256(of_), 32);
        return
            abi.encodePacked('{"iss":"urn:twinward:device:', id, '","seq":', sequence, ',"iat":1790000005,', rest, "}");
    }

    function joined(bytes memory head, bytes memory body) private pure returns (bytes memory) {
        return abi.encodePacked(Base64.encodeURL(head), ".", Base64.encodeURL(body));
    }

    function inputOf(uint64 sequence, string memory rest) private view returns (bytes memory) {
        return joined(header("1"), payload(device, Strings.toString(sequence), rest));
    }

    function signedBy(uint256 key, bytes memory input) private pure returns (IDeviceRegistry.SignedInput memory) {
        (bytes32 r, bytes32 s) = vm.signP256(key, sha256(input));
        return IDeviceRegistry.SignedInput(input, r, s);
    }

    function signed(uint64 sequence, string memory rest) private view returns (IDeviceRegistry.SignedInput memory) {
        return signedBy(DEVICE_KEY, inputOf(sequence, rest));
    }

    function digestOf(bytes32 one, bytes32 two, uint64 sequence) private view returns (bytes32) {
        if (one > two) (one, two) = (two, one);
        return sha256(abi.encodePacked("twinward/equivocation@1", device, sequence, one, two));
    }

    function marked(uint32 number) private view returns (uint64 from, uint40 since, bytes32 reason) {
        (, , , , from, since, reason) = devices.key(device, number);
    }

    // Refusals

    function test_refusesOneContentTwice() public {
        IDeviceRegistry.SignedInput memory one = signed(7, '"v":1');
        bytes32 content = sha256(one.input);
        bytes memory same = abi.encodeWithSelector(IDeviceRegistry.ContentSame.selector, device, 7, content);
        refused(stranger, same);
        devices.proveEquivocation(device, one, one);
        // Resent with another signature, in the other form: still one content.
        IDeviceRegistry.SignedInput memory high = IDeviceRegistry.SignedInput(
            one.input,
            one.r,
            bytes32(P256.N - uint256(one.s))
        );
        refused(stranger, same);
        devices.proveEquivocation(device, one, high);
    }

    function testFuzz_refusesTwoSequences(uint64 a, uint64 b) public {
        a = uint64(bound(a, 1, SEQUENCE_MAX));
        b = uint64(bound(b, 1, SEQUENCE_MAX));
        vm.assume(a != b);
        IDeviceRegistry.SignedInput memory one = signed(a, '"v":1');
        IDeviceRegistry.SignedInput memory two = signed(b, '"v":2');
        refused(stranger, abi.encodeWithSelector(IDeviceRegistry.SequencesDiffer.selector, device, a, b));
        devices.proveEquivocation(device, one, two);
    }

    function test_refusesWhatTheKeyDidNotSign() public {
        IDeviceRegistry.SignedInput memory one = signed(7, '"v":1');
        IDeviceRegistry.SignedInput memory two = signedBy(0xbad, inputOf(7, '"v":2'));
        bytes32 content = sha256(two.input);
        bytes memory unsigned = abi.encodeWithSelector(IDeviceRegistry.InputNotSigned.selector, device, 1, content);
        refused(stranger, unsigned);
        devices.proveEquivocation(device, one, two);
        refused(stranger, unsigned);
        devices.proveEquivocation(device, two, one);
        // A signature over other content, the device's own.
        two.r = one.r;
        two.s = one.s;
        refused(stranger, unsigned);
        devices.proveEquivocation(device, one, two);
    }

    function testFuzz_refusesOneChangedBit(uint256 place, bool inSecond) public {
        IDeviceRegistry.SignedInput memory one = signed(7, '"v":1');
        IDeviceRegistry.SignedInput memory two = signed(7, '"v":2');
        bytes memory input = inSecond ? two.input : one.input;
        place = bound(place, 0, 8 * input.length - 1);
        input[place / 8] ^= bytes1(uint8(1 << (place % 8)));
        vm.prank(stranger);
        try devices.proveEquivocation(device, one, two) {
            revert NotTrue("a changed input convicts nobody");
        } catch {}
        check(stateOf(device) == IDeviceRegistry.DeviceState.Active, "nothing happened");
    }

    function test_refusesKeysOfOtherRanges() public {
        rotateTo(device, 2, 10, 0xd2);
        IDeviceRegistry.SignedInput memory one = signed(10, '"v":1');
        IDeviceRegistry.SignedInput memory two = signed(10, '"v":2');
        // Signed by key 1, which is not valid for 10: whoever has an old key convicts nobody by it.
        bytes32 content = sha256(one.input);
        refused(stranger, abi.encodeWithSelector(IDeviceRegistry.InputNotOfKey.selector, device, 2, content));
        devices.proveEquivocation(device, one, two);
        one = signedBy(DEVICE_KEY, joined(header("2"), payload(device, "10", '"v":1')));
        content = sha256(one.input);
        refused(stranger, abi.encodeWithSelector(IDeviceRegistry.InputNotSigned.selector, device, 2, content));
        devices.proveEquivocation(device, one, two);
    }

    function test_refusesOtherDevicesAndUnknownOnes() public {
        bytes32 other = registerDevice(0xd2);
        IDeviceRegistry.SignedInput memory one = signed(7, '"v":1');
        IDeviceRegistry.SignedInput memory two = signed(7, '"v":2');
        bytes32 content = sha256(one.input);
        refused(stranger, abi.encodeWithSelector(IDeviceRegistry.InputMalformed.selector, other, content));
        devices.proveEquivocation(other, one, two);
        refused(stranger, abi.encodeWithSelector(IDeviceRegistry.DeviceUnknown.selector, MODEL));
        devices.proveEquivocation(MODEL, one, two);
    }

    /// @dev Signed by the right key, each of them, and no beginning of a reading: a token, a key proof, a bare word.
    function test_refusesWhatIsNoReading() public {
        bytes[] memory inputs = new bytes[](13);
        inputs[0] = "";
        inputs[1] = "no dot";
        inputs[2] = ".";
        inputs[3] = devices.keyProof(device, 1, steward);
        inputs[4] = joined(header("1"), "{}");
        inputs[5] = joined(header("1"), payload(device, "07", ""));
        inputs[6] = joined(header("1"), payload(device, "0", ""));
        inputs[7] = joined(header("1"), payload(device, "", ""));
        inputs[8] = joined(header("1"), payload(device, "-7", ""));
        inputs[9] = joined(header("1"), payload(device, "7 ", ""));
        inputs[10] = joined(header("1"), payload(device, "9007199254740992", ""));
        inputs[11] = joined(header("1"), payload(device, "123456789012345678901", ""));
        inputs[12] = joined(header("1"), payload(device, '"7"', ""));
        IDeviceRegistry.SignedInput memory good = signed(7, '"v":1');
        for (uint256 i = 0; i < inputs.length; ++i) {
            IDeviceRegistry.SignedInput memory bad = signedBy(DEVICE_KEY, inputs[i]);
            bytes32 content = sha256(inputs[i]);
            bytes memory malformed = abi.encodeWithSelector(IDeviceRegistry.InputMalformed.selector, device, content);
            refused(stranger, malformed);
            devices.proveEquivocation(device, good, bad);
            refused(stranger, malformed);
            devices.proveEquivocation(device, bad, good);
        }
    }

    function test_refusesOtherHeaders() public {
        IDeviceRegistry.SignedInput memory one = signed(7, '"v":1');
        bytes[] memory heads = new bytes[](4);
        heads[0] = '{"alg":"ES256","typ":"JWT","kid":"1"}';
        heads[1] = header("01");
        heads[2] = header("2");
        heads[3] = '{"typ":"reading+sd-jwt","alg":"ES256","kid":"1"}';
        for (uint256 i = 0; i < heads.length; ++i) {
            bytes memory input = joined(heads[i], payload(device, "7", '"v":2'));
            IDeviceRegistry.SignedInput memory two = signedBy(DEVICE_KEY, input);
            bytes32 content = sha256(input);
            refused(stranger, abi.encodeWithSelector(IDeviceRegistry.InputNotOfKey.selector, device, 1, content));
            devices.proveEquivocation(device, one, two);
        }
    }

    function test_refusesWhatIsMarkedAlready() public {
        IDeviceRegistry.SignedInput memory one = signed(7, '"v":1');
        IDeviceRegistry.SignedInput memory two = signed(7, '"v":2');
        vm.prank(stranger);
        devices.proveEquivocation(device, one, two);
        bytes memory known = abi.encodeWithSelector(IDeviceRegistry.MarkNotEarlier.selector, device, 1, 7, 7);
        refused(reader, known);
        devices.proveEquivocation(device, two, one);
        one = signed(8, '"v":1');
        two = signed(8, '"v":2');
        refused(stranger, abi.encodeWithSelector(IDeviceRegistry.MarkNotEarlier.selector, device, 1, 7, 8));
        devices.proveEquivocation(device, one, two);
    }

    // What it does

    function testFuzz_marksTheKeyAndSuspectsTheDevice(uint64 sequence, bool swap, bool flip) public {
        sequence = uint64(bound(sequence, 1, SEQUENCE_MAX));
        IDeviceRegistry.SignedInput memory one = signed(sequence, '"v":1');
        IDeviceRegistry.SignedInput memory two = signed(sequence, '"v":2');
        if (flip) two.s = bytes32(P256.N - uint256(two.s));
        if (swap) (one, two) = (two, one);
        (bytes32 a, bytes32 b) = (sha256(one.input), sha256(two.input));
        bytes32 digest = digestOf(a, b, sequence);
        vm.expectEmit();
        emit IDeviceRegistry.EquivocationProven(device, 1, sequence, a < b ? a : b, a < b ? b : a, stranger);
        vm.expectEmit();
        emit IDeviceRegistry.KeyMarked(device, 1, sequence, uint40(NOW), digest);
        vm.expectEmit();
        emit IDeviceRegistry.DeviceStateChanged(device, 2, 3, digest);
        vm.prank(stranger);
        devices.proveEquivocation(device, one, two);
        (uint64 from, uint40 since, bytes32 reason) = marked(1);
        checkEqual(sequence, from, "marked from there");
        checkEqual(NOW, since, "since now");
        checkEqual(digest, reason, "the reason names both contents");
        check(stateOf(device) == IDeviceRegistry.DeviceState.Suspect, "suspect");
    }

    function test_anEarlierOneReachesFurtherBack() public {
        vm.prank(steward);
        devices.markKey(device, 1, 50, 1_000, "lost");
        IDeviceRegistry.SignedInput memory one = signed(7, '"v":1');
        devices.proveEquivocation(device, one, signed(7, '"v":2'));
        (uint64 from, uint40 since, ) = marked(1);
        checkEqual(7, from, "further back");
        checkEqual(1_000, since, "the earlier suspicion stands");
    }

    function test_marksTheKeyThatSigned() public {
        rotateTo(device, 2, 10, 0xd2);
        bytes memory first = joined(header("2"), payload(device, "12", '"v":1'));
        bytes memory second = joined(header("2"), payload(device, "12", '"v":2'));
        devices.proveEquivocation(device, signedBy(0xd2, first), signedBy(0xd2, second));
        (uint64 from, , ) = marked(2);
        checkEqual(12, from, "key 2 is marked");
        (from, , ) = marked(1);
        checkEqual(0, from, "key 1 is not");
        // An old key convicts for its own, closed range.
        devices.proveEquivocation(device, signed(9, '"v":1'), signed(9, '"v":2'));
        (from, , ) = marked(1);
        checkEqual(9, from, "key 1 now is");
    }

    function test_leavesOtherStatesAsTheyAre() public {
        judge(device, 2);
        devices.proveEquivocation(device, signed(9, '"v":1'), signed(9, '"v":2'));
        check(stateOf(device) == IDeviceRegistry.DeviceState.Quarantined, "a quarantine weighs more");
        vm.prank(steward);
        devices.retire(device);
        devices.proveEquivocation(device, signed(8, '"v":1'), signed(8, '"v":2'));
        check(stateOf(device) == IDeviceRegistry.DeviceState.Retired, "retired is retired");
        (uint64 from, , ) = marked(1);
        checkEqual(8, from, "but the key is marked");

        device = registerDevice(0xd2);
        bytes memory first = inputOf(7, '"v":1');
        bytes memory second = inputOf(7, '"v":2');
        devices.proveEquivocation(device, signedBy(0xd2, first), signedBy(0xd2, second));
        check(stateOf(device) == IDeviceRegistry.DeviceState.Registered, "nobody could readmit it yet");
        vm.prank(steward);
        twins.createSecurityTwin(device, MANIFEST, 0xff);
        check(stateOf(device) == IDeviceRegistry.DeviceState.Active, "it still becomes active");
    }

    /// @dev A steward cannot use the marks up and so be safe from proofs; and proofs have an end.
    function test_aProofIsTakenHoweverManyMarks() public {
        rotateTo(device, 2, 1_000, 0xd2);
        for (uint64 i = 0; i < 255; ++i) {
            vm.prank(steward);
            devices.markKey(device, 1, 999 - i, 0, 0);
        }
        devices.proveEquivocation(device, signed(600, '"v":1'), signed(600, '"v":2'));
        (uint64 from, , ) = marked(1);
        checkEqual(1, from, "the whole range");
        IDeviceRegistry.SignedInput memory one = signed(5, '"v":1');
        IDeviceRegistry.SignedInput memory two = signed(5, '"v":2');
        refused(stranger, abi.encodeWithSelector(IDeviceRegistry.MarkNotEarlier.selector, device, 1, 1, 5));
        devices.proveEquivocation(device, one, two);
    }

    // The golden vectors

    function sequenceOf(bytes calldata input, bytes32 of_) external pure returns (uint64) {
        return ReadingInput.sequenceOf(input, of_);
    }

    function hasKeyNumber(bytes calldata input, uint32 number) external pure returns (bool) {
        return ReadingInput.hasKeyNumber(input, number);
    }

    function test_readsTheVectors() public view {
        string memory json = vm.readFile("test/vectors/reading.json");
        bytes32 of_ = vm.parseJsonBytes32(json, ".deviceId");
        for (uint256 i = 0; i < 4; ++i) {
            string memory one = string.concat(".readings[", vm.toString(i), "]");
            bytes memory input = bytes(vm.parseJsonString(json, string.concat(one, ".signingInput")));
            uint256 sequence = vm.parseJsonUint(json, string.concat(one, ".sequence"));
            checkEqual(sequence, this.sequenceOf(input, of_), "its sequence");
            checkEqual(0, this.sequenceOf(input, ~of_), "no other device's");
            check(this.hasKeyNumber(input, 1), "its key number");
            check(!this.hasKeyNumber(input, 2), "and no other");
        }
    }

    function testFuzz_readsEverySequence(uint64 sequence, bytes32 of_) public view {
        sequence = uint64(bound(sequence, 1, SEQUENCE_MAX));
        bytes memory input = joined(header("1"), payload(of_, Strings.toString(sequence), '"v":1'));
        checkEqual(sequence, this.sequenceOf(input, of_), "its sequence");
    }
}
