// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDeviceRegistry} from "../../contracts/devices/IDeviceRegistry.sol";
import {IGrantRegistry} from "../../contracts/grants/IGrantRegistry.sol";
import {IMemberRegistry} from "../../contracts/members/IMemberRegistry.sol";
import {IPausable} from "../../contracts/operators/IPausable.sol";
import {Consortium} from "./Consortium.sol";

/// @dev Everybody trying, by whatever they may do and what they may not, to keep detection from what a device says.
abstract contract Closers is Consortium {
    uint64 internal constant WATCHED = 0xff;
    uint256 private constant ORACLES_EVER = 7;

    bytes32 public device;
    bytes32 public securityTwin;
    uint256 public oracleCount = 4;
    bytes32[] private _retired;
    bytes32[] private _watched; // the security twins of those

    function setUp() public virtual override {
        super.setUp();
        (device, securityTwin) = activeDevice(DEVICE_KEY);
    }

    /// @dev Whoever has a say about a device's other twins has none about this one.
    function closeSomehow(uint8 way, uint8 who, uint8 mask) external {
        address by = [steward, subject, guardian, admin, pauser, stranger][who % 6];
        vm.prank(by);
        (bool done, ) = closing(way % 6, mask);
        check(!done, "somebody closed security");
    }

    function closing(uint8 way, uint8 mask) private returns (bool, bytes memory) {
        if (way == 0) return address(twins).call(abi.encodeCall(twins.raiseEpoch, (securityTwin)));
        if (way == 1) return address(twins).call(abi.encodeCall(twins.setConsentMask, (securityTwin, mask)));
        if (way == 2) {
            return address(twins).call(abi.encodeCall(twins.createSecurityTwin, (device, MANIFEST, uint64(mask) + 1)));
        }
        if (way == 3) return address(grants).call(abi.encodeCall(grants.setConsent, (securityTwin, reader, mask)));
        // Its word, and whether its device is watched at all: only the other contracts write these.
        bytes memory cut = abi.encodeWithSignature("setCut(bytes32,bytes32,uint256)", device, securityTwin, mask);
        return address(devices).call(way == 4 ? cut : abi.encodeCall(devices.setAssigned, (device, false)));
    }

    /// @dev An heir of the device can no more than the steward, who gets it back.
    function handOverAndBack(uint8 way, uint8 mask) external {
        pass(steward, stranger);
        vm.prank(stranger);
        (bool done, ) = closing(way % 6, mask);
        check(!done, "an heir closed security");
        pass(stranger, steward);
    }

    function pass(address from, address to) private {
        vm.prank(from);
        devices.offerSteward(device, to);
        vm.prank(to);
        devices.acceptSteward(device);
    }

    /// @dev Operators stop new grants, and nothing else stops.
    function pauseAndResume(uint8 now_) external {
        // Seldom, because an hour ends most grants.
        if (now_ % 4 != 0) return;
        bytes memory resume = abi.encodeCall(IPausable.resume, ());
        vm.prank(pauser);
        grants.pause();
        vm.prank(resumer);
        operators.schedule(address(grants), resume, 0);
        check(isWatched(device, securityTwin), "a pause closed security");
        vm.warp(block.timestamp + 1 hours);
        vm.prank(resumer);
        grants.resume();
    }

    /// @dev The members have other oracles: those read, and whoever was one before does not.
    function replaceOracles(uint8 count) external {
        oracleCount = bound(count, 1, ORACLES_EVER);
        bytes[] memory calls = new bytes[](1);
        uint8 faults = uint8((oracleCount - 1) / 3);
        calls[0] = abi.encodeCall(IMemberRegistry.replaceOracles, (someOracles(oracleCount), faults));
        uint64 number = members.changeCount();
        bytes32[2][] memory signatures = new bytes32[2][](1);
        bytes32 digest = members.changeDigest(number, type(uint40).max, calls);
        (signatures[0][0], signatures[0][1]) = vm.signCompact(0x41, digest);
        members.carryOut(number, type(uint40).max, calls, 1, signatures);
    }

    /// @dev Another device, watched and then over: nothing can be found out about it any more that acts.
    function retireAnother(uint8 kind) external {
        uint256 place = _retired.length;
        (bytes32 other, bytes32 watched) = activeDevice(0xa000 + place);
        vm.prank(steward);
        devices.retire(other);
        _retired.push(other);
        _watched.push(watched);
        kind = uint8(bound(kind, 1, 3));
        refused(address(verdicts), abi.encodeWithSelector(IDeviceRegistry.DeviceRetired.selector, other));
        devices.applyVerdict(other, kind, "verdict");
    }

    // What is asked of them

    function retiredCount() external view returns (uint256) {
        return _retired.length;
    }

    function retiredAt(uint256 i) external view returns (bytes32, bytes32) {
        return (_retired[i], _watched[i]);
    }

    /// @dev Exactly the oracles of the present set read the whole security twin, for nothing but security.
    function isWatched(bytes32 of_, bytes32 watched) public view returns (bool) {
        IGrantRegistry.Source[] memory none = new IGrantRegistry.Source[](0);
        IGrantRegistry.Ask memory ask = IGrantRegistry.Ask(
            IGrantRegistry.Action.Read,
            of_,
            watched,
            0,
            steward,
            SECURITY,
            WATCHED
        );
        if (grants.canRead(ask, none)) return false;
        for (uint256 bit = 0; bit < ORACLES_EVER; ++bit) {
            ask.reader = vm.addr(oracleKey(bit));
            (ask.purpose, ask.segments) = (SECURITY, WATCHED);
            if (grants.canRead(ask, none) != bit < oracleCount) return false;
            ask.segments = WATCHED + 1;
            if (grants.canRead(ask, none)) return false;
            (ask.purpose, ask.segments) = (AUDIT, WATCHED);
            if (grants.canRead(ask, none)) return false;
        }
        return true;
    }
}
