// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IBreakGlass} from "../../contracts/grants/IBreakGlass.sol";
import {IGrantRegistry} from "../../contracts/grants/IGrantRegistry.sol";
import {Consortium} from "./Consortium.sol";
import {TestBase} from "./TestBase.sol";

/// @dev Holders, reviewers and operators doing random things, right and wrong, and a plain memory of what was done.
contract Openers is Consortium {
    struct Opened {
        bytes32 id;
        bytes32 twin;
        address opener;
        uint40 since;
        uint40 until;
        bool ended;
        bool reviewed;
    }

    bytes32 public device;
    bytes32 public twin; // of the open assignment
    uint64 private _start = 1;
    bool private _paused;
    uint256 private _given;
    Opened[] private _opened;

    constructor() {
        setUp();
        (device, ) = activeDevice(DEVICE_KEY);
        nameEmergency();
    }

    // What they do

    /// @dev A holder breaks the glass, now and then with the other beside; alone only while no review is overdue.
    function breakTheGlass(uint256 seed, uint16 length, bool alone) external {
        (uint256 key, uint256 beside) = seed % 2 == 0 ? (HOLDER_KEY, SECOND_KEY) : (SECOND_KEY, HOLDER_KEY);
        address by = vm.addr(key);
        uint40 until = uint40(block.timestamp + 1 + (length % 4 hours));
        IBreakGlass.Claim memory claim = IBreakGlass.Claim(twin, until, keccak256(abi.encode(seed)));
        IBreakGlass.Second memory with;
        if (!alone) {
            bytes32 digest = claimDigest(claim, by, until);
            with = IBreakGlass.Second(vm.addr(beside), until, signWith(beside, digest));
        }
        bool refusedAlone = alone && isOverdue();
        vm.prank(by);
        try breakGlass.open(claim, with) returns (bytes32 id) {
            check(!refusedAlone, "alone although a review is overdue");
            _opened.push(Opened(id, twin, by, uint40(block.timestamp), until, false, false));
        } catch {
            check(refusedAlone, "whoever may is never simply refused");
        }
    }

    function endOpening(uint256 which) external {
        if (_opened.length == 0) return;
        Opened storage chosen = _opened[which % _opened.length];
        if (chosen.ended || block.timestamp >= chosen.until) return;
        vm.prank(which % 3 == 0 ? steward : chosen.opener);
        breakGlass.end(chosen.id);
        chosen.ended = true;
    }

    /// @dev Somebody reviews: whoever opened tries it first.
    function reviewOpening(uint256 which, bool justified) external {
        if (_opened.length == 0) return;
        Opened storage chosen = _opened[which % _opened.length];
        vm.prank(chosen.opener);
        try breakGlass.review(chosen.id, justified, MODEL) {
            revert("reviewed what it opened");
        } catch {}
        bool may = !chosen.reviewed && (chosen.ended || block.timestamp >= chosen.until);
        vm.prank(reviewer);
        try breakGlass.review(chosen.id, justified, MODEL) {
            check(may, "reviewed what runs, or twice");
            chosen.reviewed = true;
        } catch {
            check(!may, "what is over can be reviewed");
        }
    }

    function pauseOrResume(bool on) external {
        if (on) {
            vm.prank(pauser);
            grants.pause();
        } else if (_paused) {
            vm.prank(resumer);
            operators.schedule(address(grants), abi.encodeCall(grants.resume, ()), 0);
            vm.warp(block.timestamp + 1 hours);
            vm.prank(resumer);
            grants.resume();
        }
        _paused = on;
    }

    /// @dev A pause stops giving and nothing else: what was given before is revoked.
    function give() external {
        IGrantRegistry.Grant memory terms = someGrant(twin);
        terms.until = uint40(block.timestamp + 60);
        vm.prank(steward);
        try grants.grant(device, terms, ++_given) {
            check(!_paused, "given while paused");
            vm.prank(pauser);
            grants.pause();
            _paused = true;
            vm.prank(steward);
            grants.revoke(twin, reader, direct(_given));
        } catch {
            check(_paused, "only a pause stops it");
        }
    }

    function wait(uint8 hours_) external {
        vm.warp(block.timestamp + uint256(hours_ % 24) * 1 hours);
    }

    function reassign(uint8 length) external {
        bytes32 open = twins.openAssignment(device);
        _start += length;
        vm.prank(steward);
        twins.endAssignment(open, _start);
        vm.prank(steward);
        twins.beginAssignment(device, _start);
        nameEmergency();
    }

    function judgeSomehow(uint8 kind) external {
        vm.prank(address(verdicts));
        try devices.applyVerdict(device, uint8(bound(kind, 1, 3)), MODEL) {} catch {}
    }

    function nameEmergency() private {
        twin = openTwin(device, 0x0f, 0x03);
        bytes32 open = twins.openAssignment(device);
        vm.prank(steward);
        breakGlass.nameEmergencyTwin(open, twin, 0);
    }

    // What they remember

    function openedCount() external view returns (uint256) {
        return _opened.length;
    }

    function openedAt(uint256 i) external view returns (Opened memory) {
        return _opened[i];
    }

    function openingOf(bytes32 id) external view returns (IBreakGlass.Opening memory) {
        return breakGlass.openingOf(id);
    }

    function oldestUnreviewed() external view returns (bytes32 oldest) {
        (oldest, ) = breakGlass.oldestUnreviewed(0);
    }

    function isOverdue() public view returns (bool) {
        for (uint256 i = 0; i < _opened.length; ++i) {
            if (!_opened[i].reviewed && block.timestamp >= _opened[i].since + 3 days) return true;
        }
        return false;
    }

    function permits(Opened calldata opened, address who, uint8 purpose) external view returns (bool) {
        IGrantRegistry.Ask memory ask = readAsk(opened.twin, opened.id, purpose);
        (ask.device, ask.reader, ask.segments) = (device, who, 0x0f);
        return grants.canRead(ask, new IGrantRegistry.Source[](0));
    }
}

/// @dev What holds after whatever anybody did. Each in an English sentence first.
contract BreakGlassInvariantsTest is TestBase {
    Openers private openers;

    struct FuzzSelector {
        address target;
        bytes4[] selectors;
    }

    function setUp() public {
        openers = new Openers();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(openers);
    }

    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        bytes4[] memory selectors = new bytes4[](8);
        selectors[0] = Openers.breakTheGlass.selector;
        selectors[1] = Openers.endOpening.selector;
        selectors[2] = Openers.reviewOpening.selector;
        selectors[3] = Openers.pauseOrResume.selector;
        selectors[4] = Openers.give.selector;
        selectors[5] = Openers.wait.selector;
        selectors[6] = Openers.reassign.selector;
        selectors[7] = Openers.judgeSomehow.selector;
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(openers), selectors);
    }

    /// @dev Breaking the glass always leaves something to review, which stays until somebody else has.
    function invariant_reviews() public view {
        bytes32 oldest = 0;
        for (uint256 i = openers.openedCount(); i > 0; --i) {
            Openers.Opened memory opened = openers.openedAt(i - 1);
            IBreakGlass.Opening memory kept = openers.openingOf(opened.id);
            check((kept.reviewedAt != 0) == opened.reviewed, "reviewed only by a review");
            if (!opened.reviewed) oldest = opened.id;
        }
        checkEqual(oldest, openers.oldestUnreviewed(), "what waits longest is known");
    }

    /// @dev An opening permits emergency, to its opener, while it runs and its assignment does, whatever was found of the
    /// device and whoever has paused what; nothing else, and to nobody else.
    function invariant_openings() public view {
        for (uint256 i = openers.openedCount(); i > 0; --i) {
            Openers.Opened memory opened = openers.openedAt(i - 1);
            bool runs = !opened.ended && block.timestamp < opened.until && opened.twin == openers.twin();
            for (uint8 purpose = 0; purpose < 6; ++purpose) {
                bool permitted = openers.permits(opened, opened.opener, purpose);
                check(permitted == (runs && purpose == 1), "for emergency, while it runs");
            }
            check(!openers.permits(opened, address(openers), 1), "to its opener alone");
        }
    }
}
