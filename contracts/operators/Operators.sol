// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {IPausable} from "./IPausable.sol";
import {Roles} from "./Roles.sol";

/// @title Who may pause, who may break the glass, and how soon?
/// @notice OpenZeppelin's `AccessManager` with this consortium's roles (Roles.sol) built in, so that there is nothing to
/// set up. It decides about operators and never about data: no function of it gives, extends or takes a grant.
/// Pausing is immediate. Dangerous is who gets to do what, and that things go on: an appointment counts a day after
/// it was made; the admin announces everything a day before (its execution delay, given at deployment), a resumer an hour.
/// Until then whoever announced it can cancel it, and so can the admin; a resumption also every pauser.
contract Operators is AccessManager {
    struct Appointment {
        uint64 role;
        address account;
        uint32 delay; // seconds between announcing what the role may do and doing it; zero: at once
    }

    /// @notice How long after an appointment it counts, seconds.
    uint32 public constant APPOINTED_AFTER = 1 days;
    /// @notice How long before it resumes giving a resumer announces it, seconds; for those appointed at deployment.
    uint32 public constant RESUMED_AFTER = 1 hours;

    /// @param admin who appoints appointers, pausers and resumers; an account of several persons
    /// @param first who has a role from the beginning
    constructor(address admin, Appointment[] memory first) AccessManager(admin) {
        _grantRole(ADMIN_ROLE, admin, 0, APPOINTED_AFTER);
        for (uint256 i = 0; i < first.length; ++i) _grantRole(first[i].role, first[i].account, 0, first[i].delay);
    }

    /// @notice Of holders and reviewers their member's appointer, unless the admin has set another.
    function getRoleAdmin(uint64 roleId) public view override returns (uint64) {
        uint64 set = super.getRoleAdmin(roleId);
        return set == ADMIN_ROLE && Roles.isAppointed(roleId) ? Roles.appointer(uint16(roleId)) : set;
    }

    /// @notice Of resumers the pausers, unless the admin has set another.
    function getRoleGuardian(uint64 roleId) public view override returns (uint64) {
        uint64 set = super.getRoleGuardian(roleId);
        return set == ADMIN_ROLE && roleId == Roles.RESUMER ? Roles.PAUSER : set;
    }

    /// @notice At least APPOINTED_AFTER, for every role.
    function getRoleGrantDelay(uint64 roleId) public view override returns (uint32) {
        uint32 set = super.getRoleGrantDelay(roleId);
        return set < APPOINTED_AFTER ? APPOINTED_AFTER : set;
    }

    /// @notice Of pausing the pausers, of resuming the resumers, unless the admin has set another; of all else the admin.
    function getTargetFunctionRole(address target, bytes4 selector) public view override returns (uint64) {
        uint64 set = super.getTargetFunctionRole(target, selector);
        if (set != ADMIN_ROLE) return set;
        if (selector == IPausable.pause.selector) return Roles.PAUSER;
        return selector == IPausable.resume.selector ? Roles.RESUMER : ADMIN_ROLE;
    }
}
