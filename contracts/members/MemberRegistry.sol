// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EcdsaP256} from "../lib/EcdsaP256.sol";
import {IMemberRegistry} from "./IMemberRegistry.sol";

/// @title The members of the consortium and their keys
contract MemberRegistry is IMemberRegistry {
    struct Gateway {
        bytes32 x;
        bytes32 y;
        uint16 member;
        uint64 since; // seconds; zero: no such group
    }

    /// @dev The bitmask of a verdict has 32 bits; 31 = 3·10 + 1 is the largest full set below.
    uint256 private constant ORACLES_MAX = 31;

    /// @dev A decision of members names them in one word.
    uint256 private constant MEMBERS_MAX = 256;

    bytes32 public immutable oracleSetDigest;
    uint8 public immutable faultBound;
    uint256 private immutable _oracleCount; // beside the array's length, because a verdict pays for reading that

    Member[] private _members;
    mapping(address group => Gateway) private _gateways;
    mapping(address group => mapping(address sender => bool)) public isSender;
    address[] private _oracles;
    mapping(address key => bool) public isOracle;

    constructor(Member[] memory members_, GatewayGroup[] memory groups, OracleKey[] memory oracleKeys) {
        if (members_.length == 0) revert MembersMissing();
        if (members_.length > MEMBERS_MAX) revert MembersTooMany(members_.length, MEMBERS_MAX);
        for (uint256 i = 0; i < members_.length; ++i) _addMember(i, members_[i]);
        for (uint256 i = 0; i < groups.length; ++i) _addGroup(i, groups[i]);
        if (oracleKeys.length == 0 || oracleKeys.length > ORACLES_MAX) revert OracleCountUnexpected(oracleKeys.length);
        for (uint256 i = 0; i < oracleKeys.length; ++i) _addOracle(i, oracleKeys[i]);
        _oracleCount = oracleKeys.length;
        faultBound = uint8((oracleKeys.length - 1) / 3);
        oracleSetDigest = keccak256(abi.encode(_oracles));
    }

    /// @inheritdoc IMemberRegistry
    function members() external view returns (Member[] memory) {
        return _members;
    }

    /// @inheritdoc IMemberRegistry
    function member(uint16 index) external view returns (Member memory) {
        _requireMember(index);
        return _members[index];
    }

    /// @inheritdoc IMemberRegistry
    function requireQuorum(bytes32 digest, uint256 signers, bytes32[2][] calldata signatures) external view {
        uint256 needed = memberQuorum();
        if (signers >> _members.length != 0) revert MemberBitUnknown(signers, _members.length);
        if (signatures.length != needed) revert SignatureCountUnexpected(needed, signatures.length);
        uint256 count = 0;
        for (uint256 rest = signers; rest != 0; rest &= rest - 1) ++count;
        if (count != needed) revert SignatureCountUnexpected(needed, count);
        uint256 bit = 0;
        for (uint256 i = 0; i < needed; ++i) {
            while ((signers >> bit) & 1 == 0) ++bit;
            (address recovered, , ) = ECDSA.tryRecover(digest, signatures[i][0], signatures[i][1]);
            // No member's signer is zero, so what cannot be recovered is nobody's.
            if (recovered != _members[bit].signer) revert SignatureNotMember(uint16(bit), recovered);
            ++bit;
        }
    }

    /// @inheritdoc IMemberRegistry
    function gatewayKey(address group) external view returns (bytes32 x, bytes32 y, uint16 memberIndex, uint64 since) {
        Gateway storage gateway = _gateways[group];
        if (gateway.since == 0) revert GroupUnknown(group);
        return (gateway.x, gateway.y, gateway.member, gateway.since);
    }

    /// @inheritdoc IMemberRegistry
    function oracles() external view returns (address[] memory) {
        return _oracles;
    }

    /// @inheritdoc IMemberRegistry
    function oraclesAt(uint32 bits) external view returns (address[] memory keys) {
        uint256 size = _oracleCount;
        if (bits >> size != 0) revert OracleBitUnknown(bits, size);
        uint256 count = 0;
        for (uint32 rest = bits; rest != 0; rest &= rest - 1) ++count;
        keys = new address[](count);
        uint256 bit = 0;
        for (uint256 i = 0; i < count; ++i) {
            while ((bits >> bit) & 1 == 0) ++bit;
            keys[i] = _oracles[bit];
            ++bit;
        }
    }

    /// @inheritdoc IMemberRegistry
    function memberQuorum() public view returns (uint256) {
        uint256 size = _members.length;
        return size - (size - 1) / 3;
    }

    function _addMember(uint256 index, Member memory added) private {
        if (added.signer == address(0)) revert SignerZero(index);
        if (!EcdsaP256.isOnCurve(added.commandX, added.commandY)) {
            revert KeyNotOnCurve(added.commandX, added.commandY);
        }
        // One key must not count as two members.
        for (uint256 i = 0; i < index; ++i) {
            if (_members[i].signer == added.signer) revert SignerDuplicate(added.signer);
        }
        _members.push(added);
        emit MemberAdded(uint16(index), added.name, added.endpoint, added.signer, added.commandX, added.commandY);
    }

    function _addGroup(uint256 index, GatewayGroup memory added) private {
        if (added.group == address(0)) revert GroupZero(index);
        _requireMember(added.member);
        if (_gateways[added.group].since != 0) revert GroupDuplicate(added.group);
        if (!EcdsaP256.isOnCurve(added.x, added.y)) revert KeyNotOnCurve(added.x, added.y);
        if (added.senders.length == 0) revert SendersMissing(added.group);
        for (uint256 i = 0; i < added.senders.length; ++i) {
            address sender = added.senders[i];
            if (sender == address(0)) revert SenderZero(added.group);
            if (isSender[added.group][sender]) revert SenderDuplicate(added.group, sender);
            isSender[added.group][sender] = true;
        }
        _gateways[added.group] = Gateway(added.x, added.y, added.member, uint64(block.timestamp));
        emit GatewayGroupAdded(added.group, added.member, added.x, added.y, added.senders);
    }

    function _addOracle(uint256 bit, OracleKey memory added) private {
        if (added.key == address(0)) revert OracleKeyZero(bit);
        _requireMember(added.member);
        if (isOracle[added.key]) revert OracleKeyDuplicate(added.key);
        isOracle[added.key] = true;
        _oracles.push(added.key);
        emit OracleAdded(added.key, added.member, uint8(bit));
    }

    function _requireMember(uint16 index) private view {
        if (index >= _members.length) revert MemberUnknown(index, _members.length);
    }
}
