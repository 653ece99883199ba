// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMemberRegistry} from "../../contracts/members/IMemberRegistry.sol";
import {MemberRegistry} from "../../contracts/members/MemberRegistry.sol";
import {Consortium} from "./Consortium.sol";

contract MemberRegistryTest is Consortium {
    function build(
        IMemberRegistry.Member[] memory m,
        IMemberRegistry.GatewayGroup[] memory g,
        IMemberRegistry.OracleKey[] memory o,
        bytes memory evidence
    ) private {
        if (evidence.length > 0) vm.expectRevert(evidence);
        members = new MemberRegistry(m, g, o);
    }

    function buildGroups(IMemberRegistry.GatewayGroup[] memory g, bytes memory evidence) private {
        build(someMembers(), g, someOracles(4), evidence);
    }

    function test_refusesNoMembers() public {
        build(
            new IMemberRegistry.Member[](0),
            someGroups(),
            someOracles(4),
            abi.encodeWithSelector(IMemberRegistry.MembersMissing.selector)
        );
    }

    function test_refusesMemberKeys() public {
        IMemberRegistry.Member[] memory m = someMembers();
        m[0].signer = address(0);
        build(m, someGroups(), someOracles(4), abi.encodeWithSelector(IMemberRegistry.SignerZero.selector, 0));
        m = someMembers();
        m[0].commandY = bytes32(uint256(1));
        build(
            m,
            someGroups(),
            someOracles(4),
            abi.encodeWithSelector(IMemberRegistry.KeyNotOnCurve.selector, m[0].commandX, m[0].commandY)
        );
    }

    /// @dev Two members with one key would count twice in every quorum.
    function test_refusesOneSignerForTwoMembers() public {
        IMemberRegistry.Member[] memory m = new IMemberRegistry.Member[](2);
        (m[0], m[1]) = (someMembers()[0], someMembers()[0]);
        bytes memory twice = abi.encodeWithSelector(IMemberRegistry.SignerDuplicate.selector, m[0].signer);
        build(m, someGroups(), someOracles(4), twice);
        m = new IMemberRegistry.Member[](257);
        bytes memory many = abi.encodeWithSelector(IMemberRegistry.MembersTooMany.selector, 257, 256);
        build(m, someGroups(), someOracles(4), many);
    }

    function test_refusesGroups() public {
        IMemberRegistry.GatewayGroup[] memory g = someGroups();
        g[0].group = address(0);
        buildGroups(g, abi.encodeWithSelector(IMemberRegistry.GroupZero.selector, 0));
        g = someGroups();
        g[0].member = 1;
        buildGroups(g, abi.encodeWithSelector(IMemberRegistry.MemberUnknown.selector, 1, 1));
        g = someGroups();
        g[0].x = 0;
        g[0].y = 0;
        buildGroups(g, abi.encodeWithSelector(IMemberRegistry.KeyNotOnCurve.selector, 0, 0));
        g = someGroups();
        g[0].senders = new address[](0);
        buildGroups(g, abi.encodeWithSelector(IMemberRegistry.SendersMissing.selector, group));
        g = someGroups();
        g[0].senders[1] = address(0);
        buildGroups(g, abi.encodeWithSelector(IMemberRegistry.SenderZero.selector, group));
        g = someGroups();
        g[0].senders[1] = sender;
        buildGroups(g, abi.encodeWithSelector(IMemberRegistry.SenderDuplicate.selector, group, sender));
        IMemberRegistry.GatewayGroup[] memory two = new IMemberRegistry.GatewayGroup[](2);
        two[0] = someGroups()[0];
        two[1] = someGroups()[0];
        buildGroups(two, abi.encodeWithSelector(IMemberRegistry.GroupDuplicate.selector, group));
    }

    function test_refusesOracles() public {
        IMemberRegistry.OracleKey[] memory o = someOracles(4);
        o[2].key = address(0);
        build(someMembers(), someGroups(), o, abi.encodeWithSelector(IMemberRegistry.OracleKeyZero.selector, 2));
        o = someOracles(4);
        o[3].member = 7;
        build(someMembers(), someGroups(), o, abi.encodeWithSelector(IMemberRegistry.MemberUnknown.selector, 7, 1));
        // Two oracles with one key would count twice.
        o = someOracles(4);
        o[3].key = o[1].key;
        build(
            someMembers(),
            someGroups(),
            o,
            abi.encodeWithSelector(IMemberRegistry.OracleKeyDuplicate.selector, o[1].key)
        );
        build(
            someMembers(),
            someGroups(),
            someOracles(0),
            abi.encodeWithSelector(IMemberRegistry.OracleCountUnexpected.selector, 0)
        );
        build(
            someMembers(),
            someGroups(),
            someOracles(32),
            abi.encodeWithSelector(IMemberRegistry.OracleCountUnexpected.selector, 32)
        );
    }

    function test_tellsWhatItWasGiven() public {
        IMemberRegistry.Member[] memory m = members.members();
        checkEqual(keccak256(abi.encode(someMembers())), keccak256(abi.encode(m)), "members");
        checkEqual(keccak256(abi.encode(m[0])), keccak256(abi.encode(members.member(0))), "one member");
        (bytes32 x, bytes32 y, uint16 index, uint64 since) = members.gatewayKey(group);
        checkEqual(
            keccak256(abi.encode(someGroups()[0].x, someGroups()[0].y)),
            keccak256(abi.encode(x, y)),
            "gateway key"
        );
        checkEqual(0, index, "gateway's member");
        checkEqual(NOW, since, "since");
        check(members.isSender(group, sender) && members.isSender(group, secondSender), "senders");
        check(!members.isSender(group, group), "the group's identity is no sender by itself");
        check(!members.isOracle(stranger), "a stranger is no oracle");

        refused(stranger, abi.encodeWithSelector(IMemberRegistry.MemberUnknown.selector, 1, 1));
        members.member(1);
        refused(stranger, abi.encodeWithSelector(IMemberRegistry.GroupUnknown.selector, stranger));
        members.gatewayKey(stranger);
        refused(stranger, abi.encodeWithSelector(IMemberRegistry.OracleBitUnknown.selector, 0x11, 4));
        members.oraclesAt(0x11);
    }

    function testFuzz_boundAndBitsOfTheSet(uint256 count, uint32 bits) public {
        count = bound(count, 1, 31);
        bits = uint32(bits & ((uint256(1) << count) - 1));
        members = new MemberRegistry(someMembers(), someGroups(), someOracles(count));
        uint256 f = members.faultBound();
        check(3 * f + 1 <= count && count <= 3 * f + 3, "f is the largest with 3f + 1 <= n");
        address[] memory all = members.oracles();
        checkEqual(keccak256(abi.encode(all)), members.oracleSetDigest(), "digest over the whole set");
        address[] memory some = members.oraclesAt(bits);
        uint256 next = 0;
        for (uint256 i = 0; i < count; ++i) {
            check(members.isOracle(all[i]), "each is an oracle");
            if ((bits >> i) & 1 == 1) checkEqual(all[i], some[next++], "bit order");
        }
        checkEqual(next, some.length, "no more than the bits");
    }
}
