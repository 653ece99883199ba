// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Gateways} from "./Gateways.sol";
import {IMemberRegistry} from "./IMemberRegistry.sol";
import {OracleSet} from "./OracleSet.sol";
import {OracleSets} from "./OracleSets.sol";

/// @title The members of the consortium and their keys
contract MemberRegistry is Gateways, EIP712 {
    using OracleSets for OracleSet;

    /// @dev The bitmask of a verdict has 32 bits; 31 = 3·10 + 1 is the largest full set below.
    uint256 private constant ORACLES_MAX = 31;
    bytes32 private constant CHANGE_TYPE = keccak256("Change(uint64 number,bytes[] calls,uint40 deadline)");

    OracleSet public oracleSet;
    mapping(address key => bool) public isOracle;
    /// @dev By key, of the present set.
    mapping(address key => uint16) private _memberOf;
    mapping(uint16 member => uint256) private _oracleCounts;
    uint64 public changeCount;

    /// @dev The functions that change anything are calls of this contract to itself, out of `carryOut`.
    modifier onlyQuorum() {
        if (msg.sender != address(this)) revert NotQuorum(msg.sender);
        _;
    }

    constructor(
        Member[] memory members_,
        GatewayGroup[] memory groups,
        OracleKey[] memory oracleKeys
    ) EIP712("Twinward MemberRegistry", "1") {
        if (members_.length == 0) revert MembersMissing();
        if (members_.length > MEMBERS_MAX) revert MembersTooMany(members_.length, MEMBERS_MAX);
        for (uint256 i = 0; i < members_.length; ++i) _addMember(members_[i]);
        for (uint256 i = 0; i < groups.length; ++i) _addGroup(i, groups[i]);
        _setOracles(oracleKeys);
    }

    /// @inheritdoc IMemberRegistry
    function carryOut(
        uint64 number,
        uint40 deadline,
        bytes[] calldata calls,
        uint256 signers,
        bytes32[2][] calldata signatures
    ) external {
        if (number != changeCount) revert ChangeNumberUnexpected(changeCount, number);
        if (block.timestamp > deadline) revert ChangeExpired(deadline, block.timestamp);
        if (calls.length == 0) revert ChangeEmpty();
        bytes32 digest = changeDigest(number, deadline, calls);
        requireQuorum(digest, signers, signatures);

        changeCount = number + 1;
        emit ChangeCarriedOut(number, digest, signers);
        for (uint256 i = 0; i < calls.length; ++i) Address.functionCall(address(this), calls[i]);
    }

    /// @inheritdoc IMemberRegistry
    function addMember(Member calldata added) external onlyQuorum {
        _addMember(added);
    }

    /// @inheritdoc IMemberRegistry
    function changeMember(uint16 index, Member calldata next) external onlyQuorum {
        _changeMember(index, next);
    }

    /// @inheritdoc IMemberRegistry
    function removeMember(uint16 index) external onlyQuorum {
        _requireNoGroups(index);
        uint256 judging = _oracleCounts[index];
        if (judging != 0) revert MemberHasOracles(index, judging);
        _removeMember(index);
    }

    /// @inheritdoc IMemberRegistry
    function addGroup(GatewayGroup calldata added) external onlyQuorum {
        _addGroup(0, added);
    }

    /// @inheritdoc IMemberRegistry
    function changeGatewayKey(address group, bytes32 x, bytes32 y, uint64 since) external onlyQuorum {
        _changeGatewayKey(group, x, y, since);
    }

    /// @inheritdoc IMemberRegistry
    function changeSenders(address group, address[] calldata senders) external onlyQuorum {
        _changeSenders(group, senders);
    }

    /// @inheritdoc IMemberRegistry
    function closeGroup(address group) external onlyQuorum {
        _closeGroup(group);
    }

    /// @inheritdoc IMemberRegistry
    function replaceOracles(OracleKey[] calldata oracleKeys, uint8 faultBound_) external onlyQuorum {
        address[] memory former = oracleSet.keysOf();
        for (uint256 i = 0; i < former.length; ++i) {
            isOracle[former[i]] = false;
            --_oracleCounts[_memberOf[former[i]]];
        }
        _setOracles(oracleKeys);
        uint8 bound = faultBound();
        if (faultBound_ != bound) revert FaultBoundUnexpected(bound, faultBound_);
    }

    /// @inheritdoc IMemberRegistry
    function oracles() external view returns (address[] memory) {
        return oracleSet.keysOf();
    }

    /// @inheritdoc IMemberRegistry
    function oraclesAt(uint32 bits) external view returns (address[] memory keys) {
        address[] memory all = oracleSet.keysOf();
        if (bits >> all.length != 0) revert OracleBitUnknown(bits, all.length);
        keys = new address[](_countBits(bits));
        uint256 bit = 0;
        for (uint256 i = 0; i < keys.length; ++i) {
            while ((bits >> bit) & 1 == 0) ++bit;
            keys[i] = all[bit];
            ++bit;
        }
    }

    /// @inheritdoc IMemberRegistry
    function oracleSetDigest() external view returns (bytes32) {
        return oracleSet.digestOf();
    }

    /// @inheritdoc IMemberRegistry
    function changeDigest(uint64 number, uint40 deadline, bytes[] calldata calls) public view returns (bytes32) {
        bytes32[] memory hashes = new bytes32[](calls.length);
        for (uint256 i = 0; i < calls.length; ++i) hashes[i] = keccak256(calls[i]);
        bytes32 said = keccak256(abi.encodePacked(hashes));
        return _hashTypedDataV4(keccak256(abi.encode(CHANGE_TYPE, number, said, deadline)));
    }

    /// @inheritdoc IMemberRegistry
    function faultBound() public view returns (uint8) {
        return uint8((oracleSet.size() - 1) / 3);
    }

    function _setOracles(OracleKey[] memory added) private {
        if (added.length == 0 || added.length > ORACLES_MAX) revert OracleCountUnexpected(added.length);
        address[] memory keys = new address[](added.length);
        for (uint256 bit = 0; bit < added.length; ++bit) {
            address key = added[bit].key;
            uint16 index = added[bit].member;
            if (key == address(0)) revert OracleKeyZero(bit);
            _requirePresent(index);
            if (isOracle[key]) revert OracleKeyDuplicate(key);
            isOracle[key] = true;
            _memberOf[key] = index;
            ++_oracleCounts[index];
            keys[bit] = key;
        }
        oracleSet = new OracleSet(keys);
        emit OracleSetReplaced(oracleSet.digestOf(), faultBound());
        for (uint256 bit = 0; bit < added.length; ++bit) emit OracleAdded(keys[bit], added[bit].member, uint8(bit));
    }
}
