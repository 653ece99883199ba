// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAnchorLog} from "../../contracts/anchors/IAnchorLog.sol";
import {IMemberRegistry} from "../../contracts/members/IMemberRegistry.sol";
import {MemberRegistry} from "../../contracts/members/MemberRegistry.sol";
import {DecidingMembers} from "./DecidingMembers.sol";

/// @dev What members cannot do, alone or together.
contract MemberRefusalsTest is DecidingMembers {
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
}
