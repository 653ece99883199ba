// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title The numbers of the roles that `Operators` keeps
/// @dev Those of one member are a family's number above the member's: so there is one for every member that ever joins.
/// The admin of all is OpenZeppelin's, number 0.
library Roles {
    /// @dev Stops new grants, and cancels a resumption that was announced.
    uint64 internal constant PAUSER = 1;
    /// @dev Lets grants be given again.
    uint64 internal constant RESUMER = 2;

    uint64 private constant HOLDER = 1;
    uint64 private constant REVIEWER = 2;
    uint64 private constant APPOINTER = 3;

    /// @dev Who may break the glass for a member.
    function holder(uint16 member) internal pure returns (uint64) {
        return (HOLDER << 16) | member;
    }

    /// @dev Who reviews what the member's holders opened.
    function reviewer(uint16 member) internal pure returns (uint64) {
        return (REVIEWER << 16) | member;
    }

    /// @dev Who appoints the member's holders and reviewers, and dismisses them.
    function appointer(uint16 member) internal pure returns (uint64) {
        return (APPOINTER << 16) | member;
    }

    /// @dev Whether the role is one of those that an appointer fills.
    function isAppointed(uint64 role) internal pure returns (bool) {
        return role >> 16 == HOLDER || role >> 16 == REVIEWER;
    }
}
