// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IBreakGlass} from "../../contracts/grants/IBreakGlass.sol";
import {IGrantRegistry} from "../../contracts/grants/IGrantRegistry.sol";
import {Cut} from "../../contracts/twins/Cut.sol";
import {Consortium} from "./Consortium.sol";

/// @dev test/vectors/decisions.json against `explain`: the same cases that drive the server's decide. Each case is made
/// real, by the transactions that lead to its facts.
contract DecisionsTest is Consortium {
    string[20] private reasons = [
        "Permitted",
        "TwinUnknown",
        "TwinEnded",
        "DeviceRetired",
        "SecurityTwinOnly",
        "ReaderNotOracle",
        "GrantUnknown",
        "GrantForOther",
        "GrantRevoked",
        "EpochRaised",
        "ParentRevoked",
        "GrantNotStarted",
        "GrantExpired",
        "PurposeNotGranted",
        "ConsentMissing",
        "SegmentsNotGranted",
        "DeviceQuarantined",
        "CommandNotInTwin",
        "BreakGlassEnded",
        "BreakGlassExpired"
    ];
    string[6] private purposes = ["care", "emergency", "research", "maintenance", "audit", "security"];

    string private json;
    uint256 private cases;
    IGrantRegistry.Source[] private chain;
    uint256[20] private seen;

    function setUp() public override {
        super.setUp();
        json = vm.readFile("test/vectors/decisions.json");
    }

    function field(string memory name) private view returns (string memory) {
        return string.concat(".cases[", vm.toString(cases), "].", name);
    }

    function numberAt(string memory name) private view returns (uint256) {
        return vm.parseJsonUint(json, field(name));
    }

    function boolAt(string memory name) private view returns (bool) {
        return vm.parseJsonBool(json, field(name));
    }

    function textAt(string memory name) private view returns (string memory) {
        return vm.parseJsonString(json, field(name));
    }

    function isText(string memory name, string memory wanted) private view returns (bool) {
        return keccak256(bytes(textAt(name))) == keccak256(bytes(wanted));
    }

    function test_everyCaseAsTheServerDecides() public {
        for (; vm.keyExistsJson(json, field("name")); ++cases) {
            if (!boolAt("solidity")) continue;
            uint256 expected = 0;
            while (!isText("reason", reasons[expected])) ++expected;
            delete chain;
            IGrantRegistry.Ask memory ask = makeReal();
            checkEqual(expected, uint256(grants.explain(ask, chain)), textAt("name"));
            check(grants.canRead(ask, chain) == (expected == 0), textAt("name"));
            ++seen[expected];
        }
        for (uint256 i = 0; i < seen.length; ++i) check(seen[i] >= 2, reasons[i]);
    }

    /// @dev A device of its own for each case, registered long before any of the case's times.
    function makeReal() private returns (IGrantRegistry.Ask memory ask) {
        vm.warp(1_000_000);
        bytes32 device = registerDevice(0x10000 + cases);
        bytes32 twin = MODEL;
        bool exists = vm.keyExistsJson(json, field("facts.twin.segments"));
        bool security = exists && boolAt("facts.twin.security");
        if (!isText("facts.device", "registered") && !security) {
            vm.prank(steward);
            twins.createSecurityTwin(device, MANIFEST, 0xff);
        }
        if (exists) twin = makeTwin(device, security);
        ask = IGrantRegistry.Ask({
            action: isText("ask.action", "read") ? IGrantRegistry.Action.Read : IGrantRegistry.Action.Command,
            device: device,
            twin: twin,
            grant: 0,
            reader: boolAt("facts.readerIsOracle") ? vm.addr(oracleKey(2)) : reader,
            purpose: 0,
            segments: uint64(numberAt("ask.segments"))
        });
        while (!isText("ask.purpose", purposes[ask.purpose])) ++ask.purpose;
        if (exists && !security) {
            bindSubject(twins.openAssignment(device));
            vm.prank(subject);
            twins.setConsentMask(twin, uint8(numberAt("facts.twin.consent")));
            agree(twin, ask.reader, uint8(numberAt("facts.consented")));
        }
        if (vm.keyExistsJson(json, field("facts.grant.from"))) ask.grant = makeGrant(device, ask);
        if (vm.keyExistsJson(json, field("facts.opening.until"))) ask.grant = makeOpening(device, ask);
        moveTo(device);
        if (exists && boolAt("facts.twin.ended")) {
            bytes32 open = twins.openAssignment(device);
            vm.prank(steward);
            twins.endAssignment(open, 100);
        }
        vm.warp(numberAt("ask.now"));
    }

    function makeTwin(bytes32 device, bool security) private returns (bytes32) {
        uint64 segments = uint64(numberAt("facts.twin.segments"));
        if (!security) return openTwin(device, segments, uint64(numberAt("facts.twin.commands")));
        vm.prank(steward);
        return twins.createSecurityTwin(device, MANIFEST, segments);
    }

    /// @dev Where the case's twin could never be granted (it is missing, or a security twin), another twin of the device
    /// stands in, as it would for somebody who shows a grant for something else. A grant with a parent is passed on by
    /// the stranger, whom the steward gave the same.
    function makeGrant(bytes32 device, IGrantRegistry.Ask memory ask) private returns (bytes32 id) {
        IGrantRegistry.Grant memory given = IGrantRegistry.Grant({
            twin: ask.twin,
            reader: boolAt("facts.grant.sameReader") ? ask.reader : stranger,
            from: uint40(numberAt("facts.grant.from")),
            until: uint40(numberAt("facts.grant.until")),
            segments: uint64(numberAt("facts.grant.segments")),
            purposes: uint8(numberAt("facts.grant.purposes")),
            depth: 0
        });
        Cut cut = twins.cuts(device, ask.twin);
        bool other = !boolAt("facts.grant.sameTwin") || !cut.exists() || cut.isSecurity();
        if (other) given.twin = openTwin(device, 0xff, 0);
        IGrantRegistry.Source memory source = direct(cases);
        if (boolAt("facts.grant.parentRevoked")) {
            given.depth = 1;
            (address own, IGrantRegistry.Source memory above) = (given.reader, source);
            given.reader = stranger;
            bytes32 parent = give(given, cases);
            (given.reader, given.depth) = (own, 0);
            source = IGrantRegistry.Source(stranger, parent, cases);
            id = pass(stranger, given, cases, above);
            revoke(given.twin, stranger, above);
            chain.push(source);
            chain.push(above);
        } else {
            id = give(given, cases);
            chain.push(source);
        }
        if (boolAt("facts.grant.revoked")) revoke(given.twin, given.reader, source);
        if (boolAt("facts.grant.epochRaised")) {
            vm.prank(steward);
            twins.raiseEpoch(given.twin);
        }
    }

    /// @dev An hour before its end, by the holder, on the twin or on another of its assignment.
    function makeOpening(bytes32 device, IGrantRegistry.Ask memory ask) private returns (bytes32 opening) {
        bytes32 named = boolAt("facts.opening.sameTwin") ? ask.twin : openTwin(device, 0xff, 0);
        if (boolAt("facts.opening.sameReader")) ask.reader = holder;
        uint40 until = uint40(numberAt("facts.opening.until"));
        bytes32 open = twins.openAssignment(device);
        vm.prank(steward);
        breakGlass.nameEmergencyTwin(open, named, 0);
        vm.warp(until - 1 hours);
        vm.prank(holder);
        opening = breakGlass.open(IBreakGlass.Claim(named, until, MODEL), nobody());
        if (boolAt("facts.opening.ended")) {
            vm.prank(holder);
            breakGlass.end(opening);
        }
        // Reviewed, so that the next case's opening needs no second holder.
        vm.warp(until);
        vm.prank(reviewer);
        breakGlass.review(opening, true, MODEL);
    }

    function revoke(bytes32 twin, address of_, IGrantRegistry.Source memory source) private {
        vm.prank(steward);
        grants.revoke(twin, of_, source);
    }

    function moveTo(bytes32 device) private {
        if (isText("facts.device", "suspect")) judge(device, 1);
        if (isText("facts.device", "quarantined")) judge(device, 2);
        if (isText("facts.device", "retired")) {
            vm.prank(steward);
            devices.retire(device);
        }
    }
}
