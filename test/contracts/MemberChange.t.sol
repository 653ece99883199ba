// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AnchorLog} from "../../contracts/anchors/AnchorLog.sol";
import {IAnchorLog} from "../../contracts/anchors/IAnchorLog.sol";
import {DeviceRegistry} from "../../contracts/devices/DeviceRegistry.sol";
import {IMemberRegistry} from "../../contracts/members/IMemberRegistry.sol";
import {MemberRegistry} from "../../contracts/members/MemberRegistry.sol";
import {TwinRegistry} from "../../contracts/twins/TwinRegistry.sol";
import {IVerdictOracle} from "../../contracts/verdicts/IVerdictOracle.sol";
import {VerdictOracle} from "../../contracts/verdicts/VerdictOracle.sol";
import {Consortium} from "./Consortium.sol";

/// @dev Four members, of whom three decide; the first has the gateways, each has an oracle.
contract MemberChangeTest is Consortium {
    uint256 private constant THREE = 0x7;
    uint40 private constant LATER = uint40(NOW + 1 days);

    function setUp() public override {
        super.setUp();
        found(4);
    }

    // Refusals

    function test_nobodyChangesAnythingAlone() public {
        address first = vm.addr(memberKey(0));
        bytes[] memory calls = everyCall();
        for (uint256 i = 0; i < calls.length; ++i) {
            vm.prank(first);
            (bool ok, bytes memory evidence) = address(members).call(calls[i]);
            check(!ok, "refused");
            checkEqual(
                keccak256(abi.encodeWithSelector(IMemberRegistry.NotQuorum.selector, first)),
                keccak256(evidence),
                "by name"
            );
        }
    }

    function testFuzz_refusesAllButAQuorum(uint256 bits) public {
        bits = bound(bits, 0, 0xf);
        bytes[] memory calls = one(removal(3));
        bytes32[2][] memory signatures = signMembers(members.changeDigest(0, LATER, calls), bits);
        if (signatures.length == 3) return;
        refused(stranger, countUnexpected(3, signatures.length));
        members.carryOut(0, LATER, calls, bits, signatures);
        checkEqual(0, members.changeCount(), "nothing happened");
    }

    function test_refusesSignaturesUnderSomethingElse() public {
        bytes[] memory calls = one(removal(3));
        refusedByAll(calls, signMembers(members.changeDigest(0, LATER, one(removal(2))), THREE));
        refusedByAll(calls, signMembers(members.changeDigest(1, LATER, calls), THREE));
        refusedByAll(calls, signMembers(members.changeDigest(0, LATER + 1, calls), THREE));
        bytes[] memory twice = new bytes[](2);
        (twice[0], twice[1]) = (removal(3), removal(2));
        refusedByAll(calls, signMembers(members.changeDigest(0, LATER, twice), THREE));
        bytes32 same = members.changeDigest(0, LATER, calls);
        vm.chainId(1);
        check(same != members.changeDigest(0, LATER, calls), "not on another chain");
    }

    /// @dev Carried out, it cannot be again; and it ends whatever else was signed for its number.
    function test_refusesReplayAndStaleChanges() public {
        bytes[] memory joining = one(addition(0x4200));
        bytes[] memory leaving = one(removal(0));
        bytes32[2][] memory stale = signMembers(members.changeDigest(0, LATER, leaving), THREE);
        bytes32[2][] memory signatures = signMembers(members.changeDigest(0, LATER, joining), THREE);
        members.carryOut(0, LATER, joining, THREE, signatures);
        refused(stranger, numberUnexpected(1, 0));
        members.carryOut(0, LATER, joining, THREE, signatures);
        refused(stranger, numberUnexpected(1, 0));
        members.carryOut(0, LATER, leaving, THREE, stale);
        refused(stranger, numberUnexpected(1, 2));
        members.carryOut(2, LATER, leaving, THREE, stale);
        // Five by now, so four decide; and three of the four old signatures, under the new number, are nobody's.
        refused(stranger, countUnexpected(4, 3));
        members.carryOut(1, LATER, joining, THREE, signatures);
    }

    function test_refusesWhatIsTooLate() public {
        bytes[] memory calls = one(addition(0x4200));
        bytes32[2][] memory signatures = signMembers(members.changeDigest(0, uint40(NOW), calls), THREE);
        vm.warp(NOW + 1);
        refused(stranger, abi.encodeWithSelector(IMemberRegistry.ChangeExpired.selector, NOW, NOW + 1));
        members.carryOut(0, uint40(NOW), calls, THREE, signatures);
        vm.warp(NOW);
        members.carryOut(0, uint40(NOW), calls, THREE, signatures);
    }

    function test_refusesAnEmptyChange() public {
        refused(stranger, abi.encodeWithSelector(IMemberRegistry.ChangeEmpty.selector));
        members.carryOut(0, LATER, new bytes[](0), 0, new bytes32[2][](0));
    }

    /// @dev All or none, and the error is the one of the call that was refused.
    function test_aChangeIsAllOrNone() public {
        bytes[] memory calls = new bytes[](2);
        (calls[0], calls[1]) = (addition(0x4200), removal(9));
        refuseChange(calls, THREE, abi.encodeWithSelector(IMemberRegistry.MemberUnknown.selector, 9, 5));
        checkEqual(4, members.members().length, "nobody joined");
        checkEqual(0, members.changeCount(), "and the number is free");
    }

    function test_refusesJoiningAndChangingWithAnothersSigner() public {
        IMemberRegistry.Member memory m = someMember(memberKey(1));
        bytes memory taken = abi.encodeWithSelector(IMemberRegistry.SignerDuplicate.selector, m.signer);
        refuseChange(one(abi.encodeCall(IMemberRegistry.addMember, (m))), THREE, taken);
        refuseChange(one(abi.encodeCall(IMemberRegistry.changeMember, (0, m))), THREE, taken);
        m.signer = address(0);
        bytes memory zero = abi.encodeWithSelector(IMemberRegistry.SignerZero.selector, 2);
        refuseChange(one(abi.encodeCall(IMemberRegistry.changeMember, (2, m))), THREE, zero);
        m = someMember(memberKey(7));
        m.commandX = 0;
        bytes memory off = abi.encodeWithSelector(IMemberRegistry.KeyNotOnCurve.selector, 0, m.commandY);
        refuseChange(one(abi.encodeCall(IMemberRegistry.changeMember, (0, m))), THREE, off);
    }

    function test_nobodyLeavesWithWhatOthersRestOn() public {
        bytes memory judging = abi.encodeWithSelector(IMemberRegistry.MemberHasOracles.selector, 3, 1);
        refuseChange(one(removal(3)), THREE, judging);
        bytes memory serving = abi.encodeWithSelector(IMemberRegistry.MemberHasGroups.selector, 0, 1);
        refuseChange(one(removal(0)), THREE, serving);
        // All but one may, one after the other; the last cannot.
        members = new MemberRegistry(manyMembers(1), new IMemberRegistry.GatewayGroup[](0), oraclesOf(1, 1));
        bytes[] memory calls = new bytes[](3);
        calls[0] = addition(memberKey(1));
        calls[1] = abi.encodeCall(IMemberRegistry.replaceOracles, (oneOracleOf(1), 0));
        calls[2] = removal(0);
        change(calls, 0x1);
        checkEqual(1, members.memberQuorum(), "the one who is left decides");
        calls = new bytes[](1);
        calls[0] = abi.encodeCall(IMemberRegistry.removeMember, (1));
        bytes memory bound_ = abi.encodeWithSelector(IMemberRegistry.MemberHasOracles.selector, 1, 1);
        refuseChange(calls, 0x2, bound_);
    }

    function test_refusesOracleSets() public {
        // A fault bound that nobody named is lowered by nobody.
        bytes memory lowered = abi.encodeWithSelector(IMemberRegistry.FaultBoundUnexpected.selector, 0, 1);
        refuseChange(one(abi.encodeCall(IMemberRegistry.replaceOracles, (oraclesOf(3, 3), 1))), THREE, lowered);
        bytes memory none = abi.encodeWithSelector(IMemberRegistry.OracleCountUnexpected.selector, 0);
        refuseChange(one(abi.encodeCall(IMemberRegistry.replaceOracles, (oraclesOf(0, 1), 0))), THREE, none);
        bytes memory many = abi.encodeWithSelector(IMemberRegistry.OracleCountUnexpected.selector, 32);
        refuseChange(one(abi.encodeCall(IMemberRegistry.replaceOracles, (oraclesOf(32, 4), 10))), THREE, many);
        bytes memory stranger_ = abi.encodeWithSelector(IMemberRegistry.MemberUnknown.selector, 4, 4);
        refuseChange(one(abi.encodeCall(IMemberRegistry.replaceOracles, (oraclesOf(5, 5), 1))), THREE, stranger_);
        IMemberRegistry.OracleKey[] memory twice = oraclesOf(4, 4);
        twice[3].key = twice[0].key;
        bytes memory same = abi.encodeWithSelector(IMemberRegistry.OracleKeyDuplicate.selector, twice[0].key);
        refuseChange(one(abi.encodeCall(IMemberRegistry.replaceOracles, (twice, 1))), THREE, same);
    }

    function test_refusesGatewayKeys() public {
        (bytes32 x, bytes32 y) = publicKey(0xc3);
        bytes memory past = abi.encodeWithSelector(IMemberRegistry.KeySinceUnexpected.selector, group, NOW + 1, NOW);
        refuseChange(one(abi.encodeCall(IMemberRegistry.changeGatewayKey, (group, x, y, uint64(NOW)))), THREE, past);
        vm.warp(NOW + 100);
        past = abi.encodeWithSelector(IMemberRegistry.KeySinceUnexpected.selector, group, NOW + 100, NOW + 99);
        refuseChange(one(keyChange(0xc3, NOW + 99)), THREE, past);
        change(one(keyChange(0xc3, NOW + 500)), THREE);
        past = abi.encodeWithSelector(IMemberRegistry.KeySinceUnexpected.selector, group, NOW + 501, NOW + 500);
        refuseChange(one(keyChange(0xc4, NOW + 500)), THREE, past);
        bytes memory off = abi.encodeWithSelector(IMemberRegistry.KeyNotOnCurve.selector, x, x);
        bytes memory wrong = abi.encodeCall(IMemberRegistry.changeGatewayKey, (group, x, x, uint64(NOW + 900)));
        refuseChange(one(wrong), THREE, off);
        bytes memory unknown = abi.encodeWithSelector(IMemberRegistry.GroupUnknown.selector, stranger);
        refuseChange(one(abi.encodeCall(IMemberRegistry.closeGroup, (stranger))), THREE, unknown);
        address[] memory none = new address[](0);
        bytes memory missing = abi.encodeWithSelector(IMemberRegistry.SendersMissing.selector, group);
        refuseChange(one(abi.encodeCall(IMemberRegistry.changeSenders, (group, none))), THREE, missing);
    }

    function test_aClosedGroupIsClosedForGood() public {
        change(one(abi.encodeCall(IMemberRegistry.closeGroup, (group))), THREE);
        bytes memory closed = abi.encodeWithSelector(IMemberRegistry.GroupClosed.selector, group);
        refuseChange(one(abi.encodeCall(IMemberRegistry.closeGroup, (group))), THREE, closed);
        refuseChange(one(keyChange(0xc3, NOW + 500)), THREE, closed);
        refused(stranger, closed);
        members.gatewayKey(group);
        IMemberRegistry.GatewayGroup memory again = someGroups()[0];
        bytes memory twice = abi.encodeWithSelector(IMemberRegistry.GroupDuplicate.selector, group);
        refuseChange(one(abi.encodeCall(IMemberRegistry.addGroup, (again))), THREE, twice);
        refused(sender, abi.encodeWithSelector(IAnchorLog.SenderNotOfGroup.selector, group, sender));
        anchors.anchor(home, 0, MODEL, 1);
    }

    // What changes do

    /// @dev Of every size, exactly n − f decide, and any of them do; whoever left does not count.
    function testFuzz_theQuorumFollowsThePresent(uint256 count, uint256 leaving, uint256 seed) public {
        count = bound(count, 2, 9);
        leaving = bound(leaving, 0, count - 2);
        members = new MemberRegistry(manyMembers(count), new IMemberRegistry.GatewayGroup[](0), oraclesOf(1, 1));
        uint256 present = (1 << count) - 1;
        for (uint256 i = 0; i < leaving; ++i) {
            uint256 who = count - 1 - i;
            change(one(removal(uint16(who))), quorumOf(present, seed));
            present &= ~(1 << who);
            seed = uint256(keccak256(abi.encode(seed)));
        }
        checkEqual(present, members.presentMembers(), "who is left");
        uint256 size = count - leaving;
        uint256 quorum = members.memberQuorum();
        uint256 f = (size - 1) / 3;
        checkEqual(size - f, quorum, "n - f");
        check(2 * quorum > size, "more than half");
        check(2 * quorum - size > f, "two quorums share an honest member");
        change(one(addition(0x4900)), quorumOf(present, seed));
        checkEqual(count + 1, members.members().length, "a new index, nobody's before");
    }

    /// @dev A member who left signs nothing any more, in no contract that asks for a quorum.
    function test_whoLeftIsNotCounted() public {
        bytes32[2][] memory before = signMembers(anchors.fenceDigest(home, MODEL), 0xd);
        leave(3);
        (uint40 since, uint40 until) = members.termOf(3);
        check(since == NOW && until == NOW, "its term is kept");
        checkEqual(3, members.memberQuorum(), "three of three");
        refused(stranger, abi.encodeWithSelector(IMemberRegistry.MemberGone.selector, 3));
        anchors.fence(home, MODEL, 0xd, before);
        bytes[] memory calls = one(addition(0x4200));
        refuseChange(calls, 0xe, abi.encodeWithSelector(IMemberRegistry.MemberGone.selector, 3));
        // It may come back, with the same signer and as another.
        change(one(addition(memberKey(3))), THREE);
        checkEqual(vm.addr(memberKey(3)), members.member(4).signer, "the same signer");
        refuseChange(one(removal(3)), 0xb, abi.encodeWithSelector(IMemberRegistry.MemberGone.selector, 3));
        refused(stranger, abi.encodeWithSelector(IMemberRegistry.MemberUnknown.selector, 5, 5));
        members.termOf(5);
    }

    function test_aChangedSignerSpeaksAtOnce() public {
        bytes32[2][] memory before = signMembers(anchors.fenceDigest(home, MODEL), THREE);
        IMemberRegistry.Member memory next = someMember(0x4300);
        next.endpoint = "https://elsewhere.example";
        vm.expectEmit();
        emit IMemberRegistry.ChangeCarriedOut(0, members.changeDigest(0, LATER, one(changeOf(2, next))), THREE);
        vm.expectEmit();
        emit IMemberRegistry.MemberChanged(2, "North", next.endpoint, next.signer, next.commandX, next.commandY);
        change(one(changeOf(2, next)), THREE);
        checkEqual(keccak256(abi.encode(next)), keccak256(abi.encode(members.member(2))), "all of it");
        refused(
            stranger,
            abi.encodeWithSelector(IMemberRegistry.SignatureNotMember.selector, 2, vm.addr(memberKey(2)))
        );
        anchors.fence(home, MODEL, THREE, before);
    }

    function test_joiningWithAGroupAndAnOracle() public {
        IMemberRegistry.GatewayGroup memory added = someGroups()[0];
        (added.group, added.member) = (vm.addr(0x71), 4);
        IMemberRegistry.OracleKey[] memory set = oraclesOf(5, 5);
        bytes[] memory calls = new bytes[](3);
        calls[0] = addition(0x4200);
        calls[1] = abi.encodeCall(IMemberRegistry.addGroup, (added));
        calls[2] = abi.encodeCall(IMemberRegistry.replaceOracles, (set, 1));
        change(calls, 0xe);
        check(members.isSender(added.group, sender), "its sender");
        check(members.isOracle(set[4].key), "its oracle");
        checkEqual(5, members.oracles().length, "five oracles");
        checkEqual(4, members.memberQuorum(), "four of five");
    }

    /// @dev The set is read from code, the answers are those of an array.
    function testFuzz_aReplacedSet(uint256 count, uint256 former) public {
        count = bound(count, 1, 31);
        former = bound(former, 1, 31);
        change(one(abi.encodeCall(IMemberRegistry.replaceOracles, (oraclesOf(former, 4), boundOf(former)))), THREE);
        IMemberRegistry.OracleKey[] memory next = oraclesOf(count, 4);
        for (uint256 i = 0; i < count; ++i) next[i].key = vm.addr(0x2000 + i + former);
        change(one(abi.encodeCall(IMemberRegistry.replaceOracles, (next, boundOf(count)))), THREE);
        address[] memory all = members.oracles();
        checkEqual(count, all.length, "as many");
        for (uint256 i = 0; i < count; ++i) {
            checkEqual(next[i].key, all[i], "in order");
            check(members.isOracle(all[i]), "each");
            checkEqual(all[i], members.oraclesAt(uint32(1 << i))[0], "at its bit");
        }
        for (uint256 i = 0; i < former; ++i) check(!members.isOracle(vm.addr(oracleKey(i))), "no former one");
        checkEqual(keccak256(abi.encode(all)), members.oracleSetDigest(), "digest");
        checkEqual(boundOf(count), members.faultBound(), "bound");
    }

    /// @dev A verdict in flight says for which set it speaks: when the oracles change before it comes, it counts no more.
    function test_aVerdictInFlightSpeaksForItsSetOnly() public {
        (bytes32 device, ) = activeDevice(DEVICE_KEY);
        anchorMany(home, 1);
        IVerdictOracle.Verdict memory v;
        (v.oracleSet, v.stream, v.device) = (members.oracleSetDigest(), home, device);
        (v.firstSequence, v.lastSequence, v.kind, v.severity) = (1, 4, 2, 3);
        (v.model, v.leavesRoot) = (MODEL, MODEL);
        bytes32[2][] memory signatures = signOracles(verdicts.verdictDigest(v), 2);
        // One of the signers stays, with the bit that it had; the other has left.
        IMemberRegistry.OracleKey[] memory set = oraclesOf(4, 4);
        set[1].key = vm.addr(0x2001);
        change(one(abi.encodeCall(IMemberRegistry.replaceOracles, (set, 1))), THREE);
        bytes32 next = members.oracleSetDigest();
        refused(
            vm.addr(oracleKey(0)),
            abi.encodeWithSelector(IVerdictOracle.OracleSetUnexpected.selector, next, v.oracleSet)
        );
        verdicts.transmit(v, 0x3, signatures);
        // Named anew, the old signatures are under something else.
        v.oracleSet = next;
        vm.prank(vm.addr(oracleKey(0)));
        try verdicts.transmit(v, 0x3, signatures) {
            revert NotTrue("a former set spoke");
        } catch (bytes memory evidence) {
            check(bytes4(evidence) == IVerdictOracle.SignatureNotOracle.selector, "nobody's");
        }
        // The present set judges the same evidence.
        bytes32 digest = verdicts.verdictDigest(v);
        (signatures[0][0], signatures[0][1]) = vm.signCompact(oracleKey(0), digest);
        (signatures[1][0], signatures[1][1]) = vm.signCompact(oracleKey(2), digest);
        vm.prank(vm.addr(oracleKey(3)));
        verdicts.transmit(v, 0x5, signatures);
    }

    /// @dev What a gateway promised is held against the key of its time: no change of keys, and no leaving, ends it.
    function test_promisesOutliveTheirKey() public {
        change(one(keyChange(0xc3, NOW + 1000)), THREE);
        checkKeyAt(NOW - 5, 0xc2, NOW + 1000);
        checkKeyAt(NOW + 999, 0xc2, NOW + 1000);
        checkKeyAt(NOW + 1000, 0xc3, 0);
        vm.warp(NOW + 2000);
        // The former key, by what it accepted in its time and what it did not; the next one likewise.
        check(!suspendBy(0xc2, NOW + 1000, NOW + 1500), "not by the former key after its time");
        check(!suspendBy(0xc3, NOW + 999, NOW + 1500), "not by the next one before its time");
        check(!suspendBy(0xc2, NOW + 999, NOW + 1000 + 1 days + 1), "not for ever");
        check(suspendBy(0xc2, NOW + 999, NOW + 1500), "by the former key in its time");
        resume(1);
        vm.warp(NOW + 4000);
        check(suspendBy(0xc3, NOW + 2500, NOW + 3000), "by the next one in its time");
        resume(2);
        vm.warp(NOW + 6000);
        change(one(abi.encodeCall(IMemberRegistry.closeGroup, (group))), THREE);
        vm.warp(NOW + 8000);
        check(!suspendBy(0xc3, NOW + 6000, NOW + 6500), "closed, nothing is accepted");
        check(suspendBy(0xc3, NOW + 5999, NOW + 6500), "and what was is owed");
    }

    function test_aKeyThatWasToComeNeverDoesInAClosedGroup() public {
        change(one(keyChange(0xc3, NOW + 1000)), THREE);
        vm.warp(NOW + 500);
        change(one(abi.encodeCall(IMemberRegistry.closeGroup, (group))), THREE);
        checkKeyAt(NOW + 499, 0xc2, NOW + 500);
        (bytes32 x, , ) = members.gatewayKeyAt(group, uint64(NOW + 1000));
        checkEqual(0, x, "none");
        (x, , ) = members.gatewayKeyAt(stranger, uint64(NOW));
        checkEqual(0, x, "no such group");
    }

    function test_sendersAreReplaced() public {
        address[] memory next = new address[](1);
        next[0] = stranger;
        change(one(abi.encodeCall(IMemberRegistry.changeSenders, (group, next))), THREE);
        check(!members.isSender(group, sender) && !members.isSender(group, secondSender), "the former are none");
        vm.prank(stranger);
        anchors.anchor(home, 0, MODEL, 1);
        next[0] = sender;
        change(one(abi.encodeCall(IMemberRegistry.changeSenders, (group, next))), THREE);
        check(members.isSender(group, sender) && !members.isSender(group, stranger), "and may be again");
    }

    // How they come about

    function memberKey(uint256 bit) private pure returns (uint256) {
        return 0x4100 + bit;
    }

    function someMember(uint256 key) private pure returns (IMemberRegistry.Member memory m) {
        m = someMembers()[0];
        m.signer = vm.addr(key);
    }

    function manyMembers(uint256 count) private pure returns (IMemberRegistry.Member[] memory list) {
        list = new IMemberRegistry.Member[](count);
        for (uint256 i = 0; i < count; ++i) list[i] = someMember(memberKey(i));
    }

    function oraclesOf(uint256 count, uint16 owners) private pure returns (IMemberRegistry.OracleKey[] memory list) {
        list = someOracles(count);
        for (uint256 i = 0; i < count; ++i) list[i].member = uint16(i % owners);
    }

    function oneOracleOf(uint16 owner) private pure returns (IMemberRegistry.OracleKey[] memory list) {
        list = someOracles(1);
        list[0].member = owner;
    }

    function boundOf(uint256 count) private pure returns (uint8) {
        return uint8((count - 1) / 3);
    }

    function found(uint256 count) private {
        members = new MemberRegistry(manyMembers(count), someGroups(), oraclesOf(4, 4));
        anchors = new AnchorLog(members);
        devices = new DeviceRegistry();
        twins = new TwinRegistry(members, devices);
        verdicts = new VerdictOracle(members, devices, anchors);
        devices.wire(address(twins), address(verdicts));
        vm.prank(sender);
        home = anchors.openStream(group);
    }

    function one(bytes memory call_) private pure returns (bytes[] memory calls) {
        calls = new bytes[](1);
        calls[0] = call_;
    }

    function addition(uint256 key) private pure returns (bytes memory) {
        return abi.encodeCall(IMemberRegistry.addMember, (someMember(key)));
    }

    function removal(uint16 index) private pure returns (bytes memory) {
        return abi.encodeCall(IMemberRegistry.removeMember, (index));
    }

    function changeOf(uint16 index, IMemberRegistry.Member memory next) private pure returns (bytes memory) {
        return abi.encodeCall(IMemberRegistry.changeMember, (index, next));
    }

    function keyChange(uint256 key, uint256 since) private view returns (bytes memory) {
        (bytes32 x, bytes32 y) = publicKey(key);
        return abi.encodeCall(IMemberRegistry.changeGatewayKey, (group, x, y, uint64(since)));
    }

    function everyCall() private view returns (bytes[] memory calls) {
        calls = new bytes[](8);
        calls[0] = addition(0x4200);
        calls[1] = changeOf(0, someMember(0x4200));
        calls[2] = removal(3);
        calls[3] = abi.encodeCall(IMemberRegistry.addGroup, (someGroups()[0]));
        calls[4] = keyChange(0xc3, NOW + 500);
        calls[5] = abi.encodeCall(IMemberRegistry.changeSenders, (group, someGroups()[0].senders));
        calls[6] = abi.encodeCall(IMemberRegistry.closeGroup, (group));
        calls[7] = abi.encodeCall(IMemberRegistry.replaceOracles, (oraclesOf(4, 4), 1));
    }

    function signMembers(bytes32 digest, uint256 bits) private pure returns (bytes32[2][] memory signatures) {
        uint256 count = 0;
        for (uint256 rest = bits; rest != 0; rest &= rest - 1) ++count;
        signatures = new bytes32[2][](count);
        uint256 next = 0;
        for (uint256 bit = 0; bits >> bit != 0; ++bit) {
            if ((bits >> bit) & 1 == 0) continue;
            (bytes32 r, bytes32 vs) = vm.signCompact(memberKey(bit), digest);
            signatures[next++] = [r, vs];
        }
    }

    function signOracles(bytes32 digest, uint256 count) private pure returns (bytes32[2][] memory signatures) {
        signatures = new bytes32[2][](count);
        for (uint256 i = 0; i < count; ++i) {
            (signatures[i][0], signatures[i][1]) = vm.signCompact(oracleKey(i), digest);
        }
    }

    function change(bytes[] memory calls, uint256 bits) private {
        uint64 number = members.changeCount();
        bytes32[2][] memory signatures = signMembers(members.changeDigest(number, LATER, calls), bits);
        members.carryOut(number, LATER, calls, bits, signatures);
    }

    function refuseChange(bytes[] memory calls, uint256 bits, bytes memory evidence) private {
        uint64 number = members.changeCount();
        bytes32[2][] memory signatures = signMembers(members.changeDigest(number, LATER, calls), bits);
        refused(stranger, evidence);
        members.carryOut(number, LATER, calls, bits, signatures);
    }

    function refusedByAll(bytes[] memory calls, bytes32[2][] memory signatures) private {
        try members.carryOut(0, LATER, calls, THREE, signatures) {
            revert NotTrue("carried out by signatures under something else");
        } catch (bytes memory evidence) {
            check(bytes4(evidence) == IMemberRegistry.SignatureNotMember.selector, "nobody's");
        }
    }

    function leave(uint16 index) private {
        bytes[] memory calls = new bytes[](2);
        calls[0] = abi.encodeCall(IMemberRegistry.replaceOracles, (oraclesOf(3, 3), 0));
        calls[1] = removal(index);
        change(calls, THREE);
    }

    /// @dev As many as must, out of those present, some way.
    function quorumOf(uint256 present, uint256 seed) private view returns (uint256 bits) {
        bits = present;
        uint256 needed = members.memberQuorum();
        uint256 left = 0;
        for (uint256 rest = bits; rest != 0; rest &= rest - 1) ++left;
        for (uint256 bit = seed % 16; left > needed; bit = (bit + 1) % 16) {
            if ((bits >> bit) & 1 == 0) continue;
            bits &= ~(1 << bit);
            --left;
        }
    }

    function checkKeyAt(uint256 time, uint256 key, uint256 until) private view {
        (bytes32 x, bytes32 y) = publicKey(key);
        (bytes32 gotX, bytes32 gotY, uint64 gotUntil) = members.gatewayKeyAt(group, uint64(time));
        checkEqual(x, gotX, "x");
        checkEqual(y, gotY, "y");
        checkEqual(until, gotUntil, "until");
    }

    function suspendBy(uint256 key, uint256 acceptedAt, uint256 anchorBy) private returns (bool) {
        IAnchorLog.Ack memory ack;
        (ack.count, ack.acceptedAt, ack.anchorBy) = (100, uint64(acceptedAt * 1000 + 999), uint64(anchorBy));
        (ack.r, ack.s) = vm.signP256(key, anchors.ackDigest(home, ack));
        try anchors.challengeOverdue(home, ack) {
            return true;
        } catch (bytes memory evidence) {
            check(bytes4(evidence) == IAnchorLog.AckNotSigned.selector, "not its promise");
            return false;
        }
    }

    function resume(uint32 suspension) private {
        bytes32[2][] memory signatures = signMembers(anchors.resumeDigest(home, suspension, MODEL), THREE);
        anchors.resume(home, suspension, MODEL, THREE, signatures);
    }

    function countUnexpected(uint256 needed, uint256 got) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IMemberRegistry.SignatureCountUnexpected.selector, needed, got);
    }

    function numberUnexpected(uint64 expected, uint64 got) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IMemberRegistry.ChangeNumberUnexpected.selector, expected, got);
    }
}
