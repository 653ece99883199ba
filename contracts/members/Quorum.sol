// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EcdsaP256} from "../lib/EcdsaP256.sol";
import {IMemberRegistry} from "./IMemberRegistry.sol";

/// @title The members, and what a quorum of them signed
abstract contract Quorum is IMemberRegistry {
    struct Term {
        uint40 since; // ┐ seconds
        uint40 until; // ┘ zero: still a member
    }

    /// @dev A quorum names its members in one word, and those who left keep their bits.
    uint256 internal constant MEMBERS_MAX = 256;

    Member[] private _members;
    mapping(uint256 index => Term) private _terms;
    uint256 public presentMembers;

    /// @inheritdoc IMemberRegistry
    function members() external view returns (Member[] memory) {
        return _members;
    }

    /// @inheritdoc IMemberRegistry
    function member(uint16 index) external view returns (Member memory) {
        _requireKnown(index);
        return _members[index];
    }

    /// @inheritdoc IMemberRegistry
    function termOf(uint16 index) external view returns (uint40 since, uint40 until) {
        _requireKnown(index);
        Term storage term = _terms[index];
        return (term.since, term.until);
    }

    /// @inheritdoc IMemberRegistry
    function memberQuorum() public view returns (uint256) {
        uint256 size = _countBits(presentMembers);
        return size - (size - 1) / 3;
    }

    /// @inheritdoc IMemberRegistry
    function requireQuorum(bytes32 digest, uint256 signers, bytes32[2][] calldata signatures) public view {
        uint256 needed = memberQuorum();
        uint256 size = _members.length;
        if (size < MEMBERS_MAX && signers >> size != 0) revert MemberBitUnknown(signers, size);
        if (signatures.length != needed) revert SignatureCountUnexpected(needed, signatures.length);
        uint256 count = _countBits(signers);
        if (count != needed) revert SignatureCountUnexpected(needed, count);
        uint256 present = presentMembers;
        uint256 bit = 0;
        for (uint256 i = 0; i < needed; ++i) {
            while ((signers >> bit) & 1 == 0) ++bit;
            if ((present >> bit) & 1 == 0) revert MemberGone(uint16(bit));
            (address recovered, , ) = ECDSA.tryRecover(digest, signatures[i][0], signatures[i][1]);
            // No member's signer is zero, so what cannot be recovered is nobody's.
            if (recovered != _members[bit].signer) revert SignatureNotMember(uint16(bit), recovered);
            ++bit;
        }
    }

    function _addMember(Member memory added) internal {
        uint256 index = _members.length;
        if (index == MEMBERS_MAX) revert MembersTooMany(index + 1, MEMBERS_MAX);
        _requireKeys(index, added);
        _members.push(added);
        _terms[index].since = uint40(block.timestamp);
        presentMembers |= 1 << index;
        emit MemberAdded(uint16(index), added.name, added.endpoint, added.signer, added.commandX, added.commandY);
    }

    function _changeMember(uint16 index, Member calldata next) internal {
        _requirePresent(index);
        _requireKeys(index, next);
        _members[index] = next;
        emit MemberChanged(index, next.name, next.endpoint, next.signer, next.commandX, next.commandY);
    }

    function _removeMember(uint16 index) internal {
        _requirePresent(index);
        presentMembers &= ~(1 << index);
        _terms[index].until = uint40(block.timestamp);
        emit MemberRemoved(index);
    }

    function _requirePresent(uint16 index) internal view {
        _requireKnown(index);
        if ((presentMembers >> index) & 1 == 0) revert MemberGone(index);
    }

    function _requireKnown(uint16 index) private view {
        if (index >= _members.length) revert MemberUnknown(index, _members.length);
    }

    function _requireKeys(uint256 index, Member memory asked) private view {
        if (asked.signer == address(0)) revert SignerZero(index);
        if (!EcdsaP256.isOnCurve(asked.commandX, asked.commandY)) {
            revert KeyNotOnCurve(asked.commandX, asked.commandY);
        }
        // One key must not count as two members.
        for (uint256 rest = presentMembers; rest != 0; rest &= rest - 1) {
            uint256 other = _countBits((rest & (~rest + 1)) - 1);
            if (other != index && _members[other].signer == asked.signer) revert SignerDuplicate(asked.signer);
        }
    }

    function _countBits(uint256 bits) internal pure returns (uint256 count) {
        for (; bits != 0; bits &= bits - 1) ++count;
    }
}
