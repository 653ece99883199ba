// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AnchorLog} from "../../contracts/anchors/AnchorLog.sol";
import {DeviceRegistry} from "../../contracts/devices/DeviceRegistry.sol";
import {IAnchorLog} from "../../contracts/anchors/IAnchorLog.sol";
import {IMemberRegistry} from "../../contracts/members/IMemberRegistry.sol";
import {MemberRegistry} from "../../contracts/members/MemberRegistry.sol";
import {TwinRegistry} from "../../contracts/twins/TwinRegistry.sol";
import {VerdictOracle} from "../../contracts/verdicts/VerdictOracle.sol";
import {Consortium} from "./Consortium.sol";

/// @dev Four members, of whom three decide; the first has the gateways, each has an oracle.
abstract contract DecidingMembers is Consortium {
    uint256 internal constant THREE = 0x7;
    uint40 internal constant LATER = uint40(NOW + 1 days);

    function setUp() public override {
        super.setUp();
        found(4);
    }

    function memberKey(uint256 bit) internal pure returns (uint256) {
        return 0x4100 + bit;
    }

    function someMember(uint256 key) internal pure returns (IMemberRegistry.Member memory m) {
        m = someMembers()[0];
        m.signer = vm.addr(key);
    }

    function manyMembers(uint256 count) internal pure returns (IMemberRegistry.Member[] memory list) {
        list = new IMemberRegistry.Member[](count);
        for (uint256 i = 0; i < count; ++i) list[i] = someMember(memberKey(i));
    }

    function oraclesOf(uint256 count, uint16 owners) internal pure returns (IMemberRegistry.OracleKey[] memory list) {
        list = someOracles(count);
        for (uint256 i = 0; i < count; ++i) list[i].member = uint16(i % owners);
    }

    function oneOracleOf(uint16 owner) internal pure returns (IMemberRegistry.OracleKey[] memory list) {
        list = someOracles(1);
        list[0].member = owner;
    }

    function boundOf(uint256 count) internal pure returns (uint8) {
        return uint8((count - 1) / 3);
    }

    function found(uint256 count) internal {
        members = new MemberRegistry(manyMembers(count), someGroups(), oraclesOf(4, 4));
        anchors = new AnchorLog(members);
        devices = new DeviceRegistry();
        twins = new TwinRegistry(members, devices);
        verdicts = new VerdictOracle(members, devices, anchors);
        devices.wire(address(twins), address(verdicts));
        vm.prank(sender);
        home = anchors.openStream(group);
    }

    function one(bytes memory call_) internal pure returns (bytes[] memory calls) {
        calls = new bytes[](1);
        calls[0] = call_;
    }

    function addition(uint256 key) internal pure returns (bytes memory) {
        return abi.encodeCall(IMemberRegistry.addMember, (someMember(key)));
    }

    function removal(uint16 index) internal pure returns (bytes memory) {
        return abi.encodeCall(IMemberRegistry.removeMember, (index));
    }

    function changeOf(uint16 index, IMemberRegistry.Member memory next) internal pure returns (bytes memory) {
        return abi.encodeCall(IMemberRegistry.changeMember, (index, next));
    }

    function keyChange(uint256 key, uint256 since) internal view returns (bytes memory) {
        (bytes32 x, bytes32 y) = publicKey(key);
        return abi.encodeCall(IMemberRegistry.changeGatewayKey, (group, x, y, uint64(since)));
    }

    function everyCall() internal view returns (bytes[] memory calls) {
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

    function signMembers(bytes32 digest, uint256 bits) internal pure returns (bytes32[2][] memory signatures) {
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

    function signOracles(bytes32 digest, uint256 count) internal pure returns (bytes32[2][] memory signatures) {
        signatures = new bytes32[2][](count);
        for (uint256 i = 0; i < count; ++i) {
            (signatures[i][0], signatures[i][1]) = vm.signCompact(oracleKey(i), digest);
        }
    }

    function change(bytes[] memory calls, uint256 bits) internal {
        uint64 number = members.changeCount();
        bytes32[2][] memory signatures = signMembers(members.changeDigest(number, LATER, calls), bits);
        members.carryOut(number, LATER, calls, bits, signatures);
    }

    function refuseChange(bytes[] memory calls, uint256 bits, bytes memory evidence) internal {
        uint64 number = members.changeCount();
        bytes32[2][] memory signatures = signMembers(members.changeDigest(number, LATER, calls), bits);
        refused(stranger, evidence);
        members.carryOut(number, LATER, calls, bits, signatures);
    }

    function refusedByAll(bytes[] memory calls, bytes32[2][] memory signatures) internal {
        try members.carryOut(0, LATER, calls, THREE, signatures) {
            revert NotTrue("carried out by signatures under something else");
        } catch (bytes memory evidence) {
            check(bytes4(evidence) == IMemberRegistry.SignatureNotMember.selector, "nobody's");
        }
    }

    function letGo(uint16 index) internal {
        bytes[] memory calls = new bytes[](2);
        calls[0] = abi.encodeCall(IMemberRegistry.replaceOracles, (oraclesOf(3, 3), 0));
        calls[1] = removal(index);
        change(calls, THREE);
    }

    /// @dev As many as must, out of those present, some way.
    function quorumOf(uint256 present, uint256 seed) internal view returns (uint256 bits) {
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

    function checkKeyAt(uint256 time, uint256 key, uint256 until) internal view {
        (bytes32 x, bytes32 y) = publicKey(key);
        (bytes32 gotX, bytes32 gotY, uint64 gotUntil) = members.gatewayKeyAt(group, uint64(time));
        checkEqual(x, gotX, "x");
        checkEqual(y, gotY, "y");
        checkEqual(until, gotUntil, "until");
    }

    function suspendBy(uint256 key, uint256 acceptedAt, uint256 anchorBy) internal returns (bool) {
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

    function resume(uint32 suspension) internal {
        bytes32[2][] memory signatures = signMembers(anchors.resumeDigest(home, suspension, MODEL), THREE);
        anchors.resume(home, suspension, MODEL, THREE, signatures);
    }

    function countUnexpected(uint256 needed, uint256 got) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IMemberRegistry.SignatureCountUnexpected.selector, needed, got);
    }

    function numberUnexpected(uint64 expected, uint64 got) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IMemberRegistry.ChangeNumberUnexpected.selector, expected, got);
    }
}
