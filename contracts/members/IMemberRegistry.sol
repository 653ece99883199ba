// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Who belongs to the consortium, and with which keys?
/// @notice In this form everything is given at construction and never changes.
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

    /// @notice All members, in the order of their index.
    function members() external view returns (Member[] memory);

    /// @notice One member. Reverts with `MemberUnknown`.
    function member(uint16 index) external view returns (Member memory);

    /// @notice How many members decide together: n − f, where f = (n − 1) / 3 of them may be faulty. Any two quorums
    /// then have an honest member in common, who does not sign two things that contradict each other.
    function memberQuorum() external view returns (uint256);

    /// @notice Returns when exactly a quorum of members signed the digest; reverts otherwise.
    /// @param signers bit i: member i signed
    /// @param signatures r and vs (ERC-2098) by the members' signers, lowest bit first
    function requireQuorum(bytes32 digest, uint256 signers, bytes32[2][] calldata signatures) external view;

    /// @notice The key that signs a group's acks, its member, and since when (seconds). Reverts with `GroupUnknown`.
    function gatewayKey(address group) external view returns (bytes32 x, bytes32 y, uint16 memberIndex, uint64 since);

    /// @notice Whether `sender` may send anchors for `group`.
    function isSender(address group, address sender) external view returns (bool);

    /// @notice The current oracle keys; the place is the bit in a verdict's bitmask.
    function oracles() external view returns (address[] memory);

    /// @notice The oracle keys at the set bits, lowest bit first. Reverts with `OracleBitUnknown`.
    function oraclesAt(uint32 bits) external view returns (address[] memory);

    function isOracle(address key) external view returns (bool);

    /// @notice f: how many oracles may be faulty, (n − 1) / 3.
    function faultBound() external view returns (uint8);

    /// @notice keccak256(abi.encode(oracles())): what a verdict names, so that no old set can speak.
    function oracleSetDigest() external view returns (bytes32);
}
