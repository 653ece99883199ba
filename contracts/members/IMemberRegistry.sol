// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {OracleSet} from "./OracleSet.sol";

/// @title Who belongs to the consortium, and with which keys?
/// @notice First written at construction. Afterwards whatever changes is carried out by a quorum of members
/// (`carryOut`): what a member signs is the list of calls itself, for one number. Nothing is kept of what is not carried
/// out yet, so nothing outstanding has to be taken back: each change that is carried out ends all that were signed for
/// its number, whoever signed them.
interface IMemberRegistry {
    /// @notice A party of the consortium.
    struct Member {
        string name; // for people
        string endpoint; // URL of the member's server
        address signer; // signs checkpoints
        bytes32 commandX; // P-256 key that attests commands
        bytes32 commandY;
    }

    /// @notice Gateways of one member that share one database, hence one stream.
    struct GatewayGroup {
        address group; // the identity that stream ids derive from; it need not send anything
        uint16 member; // index of the member
        bytes32 x; // P-256 key that signs acks
        bytes32 y;
        address[] senders; // addresses that may send the group's anchors
    }

    /// @notice The key that one oracle signs and transmits with.
    struct OracleKey {
        uint16 member; // index of the member
        address key;
    }

    event MemberAdded(
        uint16 indexed member,
        string name,
        string endpoint,
        address signer,
        bytes32 commandX,
        bytes32 commandY
    );
    event GatewayGroupAdded(address indexed group, uint16 indexed member, bytes32 x, bytes32 y, address[] senders);
    event OracleAdded(address indexed key, uint16 indexed member, uint8 bit);
    event MemberChanged(
        uint16 indexed member,
        string name,
        string endpoint,
        address signer,
        bytes32 commandX,
        bytes32 commandY
    );
    event MemberRemoved(uint16 indexed member);
    /// @notice The group signs with this key what it accepts from `since` (seconds) on.
    event GatewayKeyChanged(address indexed group, bytes32 x, bytes32 y, uint64 since);
    event SendersChanged(address indexed group, address[] senders);
    event GatewayGroupClosed(address indexed group);
    /// @notice A whole new set follows, one `OracleAdded` for each bit.
    event OracleSetReplaced(bytes32 indexed oracleSet, uint8 faultBound);
    event ChangeCarriedOut(uint64 indexed number, bytes32 indexed digest, uint256 signers);

    error MembersMissing();
    error MembersTooMany(uint256 members, uint256 most);
    error MemberUnknown(uint16 member, uint256 members);
    error SignerZero(uint256 member);
    error SignerDuplicate(address signer);
    error MemberBitUnknown(uint256 bits, uint256 members);
    error SignatureCountUnexpected(uint256 needed, uint256 got);
    error SignatureNotMember(uint16 member, address recovered);
    error KeyNotOnCurve(bytes32 x, bytes32 y);
    error GroupZero(uint256 index);
    error GroupDuplicate(address group);
    error GroupUnknown(address group);
    error SendersMissing(address group);
    error SenderZero(address group);
    error SenderDuplicate(address group, address sender);
    error OracleCountUnexpected(uint256 oracles);
    error OracleKeyZero(uint256 bit);
    error OracleKeyDuplicate(address key);
    error OracleBitUnknown(uint32 bits, uint256 oracles);
    error MemberGone(uint16 member);
    error MemberHasGroups(uint16 member, uint256 groups);
    error MemberHasOracles(uint16 member, uint256 oracles);
    error GroupClosed(address group);
    error KeySinceUnexpected(address group, uint64 earliest, uint64 since);
    error FaultBoundUnexpected(uint8 expected, uint8 got);
    error NotQuorum(address caller);
    error ChangeEmpty();
    error ChangeExpired(uint40 deadline, uint256 time);
    error ChangeNumberUnexpected(uint64 expected, uint64 got);

    /// @notice Carries out calls of the functions below, in order, all or none; by anybody, with exactly a quorum of
    /// present members' signatures over `Change(uint64 number,bytes[] calls,uint40 deadline)`. A call that is refused
    /// reverts with its own error.
    /// @param number `changeCount()`: what was signed for another is stale, carried out before or beaten to it
    /// @param deadline seconds; in its second it still counts
    /// @param calls ABI-encoded calls of this contract
    /// @param signers bit i: member i signed
    /// @param signatures r and vs (ERC-2098) by the members' signers, lowest bit first
    function carryOut(
        uint64 number,
        uint40 deadline,
        bytes[] calldata calls,
        uint256 signers,
        bytes32[2][] calldata signatures
    ) external;

    /// @notice A member joins; its index is the next, never one that was another's.
    function addMember(Member calldata added) external;

    /// @notice A member's name, endpoint, signer and command key from now on.
    function changeMember(uint16 index, Member calldata next) external;

    /// @notice A member leaves. Its groups must be closed and its oracles replaced before, or in the same change: who
    /// judges, and with which fault bound, is never a side effect. So the last member cannot leave: somebody judges.
    function removeMember(uint16 index) external;

    function addGroup(GatewayGroup calldata added) external;

    /// @notice The group's next key: it signs what is accepted from `since` on, which is not past. What was accepted
    /// before stays its former key's, for ever.
    function changeGatewayKey(address group, bytes32 x, bytes32 y, uint64 since) external;

    /// @notice All addresses that may send the group's anchors from now on.
    function changeSenders(address group, address[] calldata senders) external;

    /// @notice Nothing that the group accepts from now on is signed by it, and nobody sends for it; for good.
    function closeGroup(address group) external;

    /// @notice The whole set of oracles from now on. What was signed under the set before and is not on chain yet counts
    /// no more; its signers judge anew.
    /// @param faultBound_ (oracles − 1) / 3, said so that no quorum lowers it unawares
    function replaceOracles(OracleKey[] calldata oracleKeys, uint8 faultBound_) external;

    /// @notice How many changes were carried out; the number that the next must have.
    function changeCount() external view returns (uint64);

    /// @notice The EIP-712 digest that members sign for a change.
    function changeDigest(uint64 number, uint40 deadline, bytes[] calldata calls) external view returns (bytes32);

    /// @notice All members that ever were, in the order of their index.
    function members() external view returns (Member[] memory);

    /// @notice One member, present or gone. Reverts with `MemberUnknown`.
    function member(uint16 index) external view returns (Member memory);

    /// @notice Since when a member belongs, and until when (seconds); `until` zero: it still does. Reverts with
    /// `MemberUnknown`.
    function termOf(uint16 index) external view returns (uint40 since, uint40 until);

    /// @notice Bit i: member i is present.
    function presentMembers() external view returns (uint256);

    /// @notice How many members decide together: n − f, where f = (n − 1) / 3 of the n present may be faulty. Any two
    /// quorums then have an honest member in common, who does not sign two things that contradict each other. One member
    /// decides alone; two or three decide all together.
    function memberQuorum() external view returns (uint256);

    /// @notice Returns when exactly a quorum of present members signed the digest; reverts otherwise.
    /// @param signers bit i: member i signed
    /// @param signatures r and vs (ERC-2098) by the members' signers, lowest bit first
    function requireQuorum(bytes32 digest, uint256 signers, bytes32[2][] calldata signatures) external view;

    /// @notice The key that signs a group's acks now, its member, and since when (seconds). Reverts with `GroupUnknown`,
    /// `GroupClosed`.
    function gatewayKey(address group) external view returns (bytes32 x, bytes32 y, uint16 memberIndex, uint64 since);

    /// @notice The key that signed what the group accepted at `time` (seconds), and when it ended; `until` zero: not
    /// yet. Zeros where no key did. Before the first key's beginning the answer is the first key: nobody else could have
    /// promised anything, and clocks differ.
    function gatewayKeyAt(address group, uint64 time) external view returns (bytes32 x, bytes32 y, uint64 until);

    /// @notice Whether `sender` may send anchors for `group`.
    function isSender(address group, address sender) external view returns (bool);

    /// @notice The current oracle keys; the place is the bit in a verdict's bitmask.
    function oracles() external view returns (address[] memory);

    /// @notice The oracle keys at the set bits, lowest bit first. Reverts with `OracleBitUnknown`.
    function oraclesAt(uint32 bits) external view returns (address[] memory);

    /// @notice The present set, for whoever reads its keys from its code: OracleSets.
    function oracleSet() external view returns (OracleSet);

    function isOracle(address key) external view returns (bool);

    /// @notice f: how many oracles may be faulty, (n − 1) / 3.
    function faultBound() external view returns (uint8);

    /// @notice keccak256(abi.encode(oracles())): what a verdict names, so that a set speaks only while it is the present one.
    function oracleSetDigest() external view returns (bytes32);
}
