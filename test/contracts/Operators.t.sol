// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {IGrantRegistry} from "../../contracts/grants/IGrantRegistry.sol";
import {Operators} from "../../contracts/operators/Operators.sol";
import {IPausable} from "../../contracts/operators/IPausable.sol";
import {Roles} from "../../contracts/operators/Roles.sol";
import {Consortium} from "./Consortium.sol";

/// @dev Who may do what, and how soon: what is dangerous is announced, what helps at once is not.
contract OperatorsTest is Consortium {
    function has(uint64 role, address account) private view returns (bool held) {
        (held, ) = operators.hasRole(role, account);
    }

    // Pausing

    function test_onlyAPauserPauses() public {
        address[3] memory others = [stranger, steward, admin];
        for (uint256 i = 0; i < others.length; ++i) {
            refused(others[i], abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, others[i]));
            grants.pause();
        }
        vm.expectEmit();
        emit IPausable.Paused(pauser);
        vm.prank(pauser);
        grants.pause();
        check(grants.paused(), "at once");
    }

    /// @dev What was announced before there was a pause ends none, and a second pause puts nothing off.
    function test_aPauseLastsAnHour() public {
        bytes memory call = abi.encodeCall(grants.resume, ());
        vm.prank(resumer);
        operators.schedule(address(grants), call, 0);
        vm.warp(NOW + 2 hours);
        refused(resumer, abi.encodeWithSelector(IPausable.ResumedTooEarly.selector, 0, NOW + 2 hours));
        grants.resume();
        vm.prank(pauser);
        grants.pause();
        uint256 paused = NOW + 2 hours;
        vm.warp(paused + 1 hours - 1);
        vm.prank(pauser);
        grants.pause();
        refused(resumer, abi.encodeWithSelector(IPausable.ResumedTooEarly.selector, paused, paused + 1 hours - 1));
        grants.resume();
        vm.warp(paused + 1 hours);
        vm.prank(resumer);
        grants.resume();
        check(!grants.paused(), "goes on");
    }

    /// @dev Not by whoever paused, and not before everybody could see it coming for an hour.
    function test_resumingIsAnnouncedForAnHour() public {
        vm.prank(pauser);
        grants.pause();
        refused(pauser, abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, pauser));
        grants.resume();
        bytes memory call = abi.encodeCall(grants.resume, ());
        bytes32 operation = operators.hashOperation(resumer, address(grants), call);
        refused(resumer, abi.encodeWithSelector(IAccessManager.AccessManagerNotScheduled.selector, operation));
        grants.resume();
        vm.prank(resumer);
        operators.schedule(address(grants), call, 0);
        vm.warp(NOW + 1 hours - 1);
        refused(resumer, abi.encodeWithSelector(IAccessManager.AccessManagerNotReady.selector, operation));
        grants.resume();
        vm.warp(NOW + 1 hours);
        vm.expectEmit();
        emit IPausable.Resumed(resumer);
        vm.prank(resumer);
        grants.resume();
        check(!grants.paused(), "goes on");
    }

    function test_aPauserCancelsAResumption() public {
        vm.prank(pauser);
        grants.pause();
        bytes memory call = abi.encodeCall(grants.resume, ());
        bytes32 operation = operators.hashOperation(resumer, address(grants), call);
        vm.prank(resumer);
        operators.schedule(address(grants), call, 0);
        vm.prank(pauser);
        operators.cancel(resumer, address(grants), call);
        vm.warp(NOW + 1 hours);
        refused(resumer, abi.encodeWithSelector(IAccessManager.AccessManagerNotScheduled.selector, operation));
        grants.resume();
    }

    /// @dev Reads, revocations and consent: what was given is used and taken back as ever.
    function test_aPauseTakesNothingBack() public {
        (bytes32 device, ) = activeDevice(DEVICE_KEY);
        bytes32 twin = openTwin(device, 0x0f, 0);
        bindSubject(twins.openAssignment(device));
        bytes32 first = give(someGrant(twin), 1);
        vm.prank(pauser);
        grants.pause();
        check(grants.canRead(readAsk(twin, first, CARE), chainOf(direct(1))), "reads");
        agree(twin, reader, 0x04);
        check(grants.canRead(readAsk(twin, first, RESEARCH), chainOf(direct(1))), "consent is given");
        agree(twin, reader, 0);
        check(!grants.canRead(readAsk(twin, first, RESEARCH), chainOf(direct(1))), "and withdrawn");
        vm.prank(steward);
        grants.cancelNonce(7);
        vm.prank(steward);
        grants.setContinuity(twin, reader, false, direct(1));
        vm.prank(steward);
        twins.raiseEpoch(twin);
        vm.prank(steward);
        grants.revoke(twin, reader, direct(1));
    }

    function test_aPauseStopsPassingOn() public {
        (bytes32 device, ) = activeDevice(DEVICE_KEY);
        IGrantRegistry.Grant memory given = someGrant(openTwin(device, 0x0f, 0));
        given.depth = 1;
        give(given, 1);
        (given.reader, given.depth) = (stranger, 0);
        vm.prank(pauser);
        grants.pause();
        bytes memory paused = abi.encodeWithSelector(IPausable.GrantsPaused.selector);
        refused(reader, paused);
        grants.delegate(device, given, 2, direct(1));
        refused(stranger, paused);
        grants.relayDelegation(device, given, 2, reader, direct(1), type(uint40).max, "");
    }

    // Appointments

    /// @dev Only the member's appointer fills the member's roles, and it counts a day later; dismissed is at once.
    function test_appointmentsCountADayLater() public {
        uint64[2] memory roles = [Roles.holder(0), Roles.reviewer(0)];
        for (uint256 i = 0; i < roles.length; ++i) {
            uint64 role = roles[i];
            bytes memory notAppointer = abi.encodeWithSelector(
                IAccessManager.AccessManagerUnauthorizedAccount.selector,
                pauser,
                Roles.appointer(0)
            );
            refused(pauser, notAppointer);
            operators.grantRole(role, stranger, 0);
            uint256 since = block.timestamp;
            vm.prank(appointer);
            operators.grantRole(role, stranger, 0);
            vm.warp(since + 1 days - 1);
            check(!has(role, stranger), "not yet");
            vm.warp(since + 1 days);
            check(has(role, stranger), "a day later");
            vm.prank(appointer);
            operators.revokeRole(role, stranger);
            check(!has(role, stranger), "dismissed at once");
        }
        bytes memory ofOther = abi.encodeWithSelector(
            IAccessManager.AccessManagerUnauthorizedAccount.selector,
            appointer,
            Roles.appointer(1)
        );
        refused(appointer, ofOther);
        operators.grantRole(Roles.holder(1), stranger, 0);
    }

    /// @dev The admin appoints appointers, after announcing it for a day, and it counts another day later.
    function test_theAdminAnnouncesEverything() public {
        bytes memory call = abi.encodeCall(operators.grantRole, (Roles.appointer(1), stranger, 0));
        bytes32 operation = operators.hashOperation(admin, address(operators), call);
        refused(admin, abi.encodeWithSelector(IAccessManager.AccessManagerNotScheduled.selector, operation));
        operators.grantRole(Roles.appointer(1), stranger, 0);
        vm.prank(admin);
        operators.schedule(address(operators), call, 0);
        vm.warp(NOW + 1 days);
        vm.prank(admin);
        operators.grantRole(Roles.appointer(1), stranger, 0);
        vm.warp(NOW + 2 days - 1);
        check(!has(Roles.appointer(1), stranger), "not yet");
        vm.warp(NOW + 2 days);
        check(has(Roles.appointer(1), stranger), "a day after it was done");
        vm.prank(stranger);
        operators.grantRole(Roles.holder(1), reader, 0);
    }

    /// @dev No delay of ours can be made shorter than it was built.
    function test_delaysCannotBeLowered() public {
        bytes memory call = abi.encodeCall(operators.setGrantDelay, (Roles.holder(0), 0));
        vm.prank(admin);
        operators.schedule(address(operators), call, 0);
        vm.warp(NOW + 1 days);
        vm.prank(admin);
        operators.setGrantDelay(Roles.holder(0), 0);
        vm.warp(NOW + 30 days);
        checkEqual(1 days, operators.getRoleGrantDelay(Roles.holder(0)), "still a day");
    }

    /// @dev What decides about data asks no operator: nobody's role makes a grant or takes one.
    function test_operatorsGiveNothing() public {
        (bytes32 device, ) = activeDevice(DEVICE_KEY);
        bytes32 twin = openTwin(device, 0x0f, 0);
        IGrantRegistry.Grant memory given = someGrant(twin);
        address[4] memory all = [admin, pauser, resumer, appointer];
        for (uint256 i = 0; i < all.length; ++i) {
            refused(all[i], abi.encodeWithSelector(IGrantRegistry.NotSteward.selector, device, all[i], steward));
            grants.grant(device, given, 1);
        }
    }
}
