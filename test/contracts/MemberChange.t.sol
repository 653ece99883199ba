// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMemberRegistry} from "../../contracts/members/IMemberRegistry.sol";
import {MemberRegistry} from "../../contracts/members/MemberRegistry.sol";
import {IVerdictOracle} from "../../contracts/verdicts/IVerdictOracle.sol";
import {DecidingMembers} from "./DecidingMembers.sol";

/// @dev What changes that a quorum of members carries out do.
contract MemberChangeTest is DecidingMembers {
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
        letGo(3);
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
}
