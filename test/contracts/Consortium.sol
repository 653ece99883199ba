// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AnchorLog} from "../../contracts/anchors/AnchorLog.sol";
import {DeviceRegistry} from "../../contracts/devices/DeviceRegistry.sol";
import {BreakGlass} from "../../contracts/grants/BreakGlass.sol";
import {GrantRegistry} from "../../contracts/grants/GrantRegistry.sol";
import {IBreakGlass} from "../../contracts/grants/IBreakGlass.sol";
import {IGrantRegistry} from "../../contracts/grants/IGrantRegistry.sol";
import {IDeviceRegistry} from "../../contracts/devices/IDeviceRegistry.sol";
import {IMemberRegistry} from "../../contracts/members/IMemberRegistry.sol";
import {Operators} from "../../contracts/operators/Operators.sol";
import {Roles} from "../../contracts/operators/Roles.sol";
import {MemberRegistry} from "../../contracts/members/MemberRegistry.sol";
import {TwinRegistry} from "../../contracts/twins/TwinRegistry.sol";
import {IVerdictOracle} from "../../contracts/verdicts/IVerdictOracle.sol";
import {VerdictOracle} from "../../contracts/verdicts/VerdictOracle.sol";
import {TestBase} from "./TestBase.sol";

/// @dev A whole consortium: one member, one gateway group with two senders, four oracles (f = 1), one steward.
abstract contract Consortium is TestBase {
    uint256 internal constant NOW = 1_790_000_000;
    uint256 internal constant DEVICE_KEY = 0xd1;
    bytes32 internal constant MODEL = keccak256("model");
    bytes32 internal constant MANIFEST = keccak256("manifest");
    uint8 internal constant CARE = 0;
    uint8 internal constant EMERGENCY = 1;
    uint8 internal constant RESEARCH = 2;
    uint8 internal constant MAINTENANCE = 3;
    uint8 internal constant AUDIT = 4;
    uint8 internal constant SECURITY = 5;

    address internal steward = vm.addr(0x51);
    address internal reader = vm.addr(0x52);
    address internal stranger = vm.addr(0x53);
    uint256 internal constant SUBJECT_KEY = 0x54;
    uint256 internal constant STEWARD_KEY = 0x51;
    address internal subject = vm.addr(SUBJECT_KEY);
    address internal guardian = vm.addr(0x55);
    uint256 internal constant HOLDER_KEY = 0x56;
    uint256 internal constant SECOND_KEY = 0x57;
    address internal holder = vm.addr(HOLDER_KEY);
    address internal second = vm.addr(SECOND_KEY);
    address internal reviewer = vm.addr(0x58);
    address internal appointer = vm.addr(0x59);
    address internal admin = vm.addr(0x5a);
    address internal pauser = vm.addr(0x5b);
    address internal resumer = vm.addr(0x5c);
    address internal group = vm.addr(0x61);
    address internal sender = vm.addr(0x62);
    address internal secondSender = vm.addr(0x63);

    MemberRegistry internal members;
    DeviceRegistry internal devices;
    AnchorLog internal anchors;
    TwinRegistry internal twins;
    Operators internal operators;
    BreakGlass internal breakGlass;
    GrantRegistry internal grants;
    VerdictOracle internal verdicts;
    bytes32 internal home;

    function setUp() public virtual {
        vm.warp(NOW);
        members = new MemberRegistry(someMembers(), someGroups(), someOracles(4));
        devices = new DeviceRegistry();
        anchors = new AnchorLog(members);
        twins = new TwinRegistry(members, devices);
        operators = new Operators(admin, someAppointments());
        breakGlass = new BreakGlass(members, devices, twins, operators);
        grants = new GrantRegistry(members, devices, twins, breakGlass, address(operators));
        verdicts = new VerdictOracle(members, devices, anchors);
        devices.wire(address(twins), address(verdicts));
        vm.prank(sender);
        home = anchors.openStream(group);
    }

    function someAppointments() internal view returns (Operators.Appointment[] memory list) {
        list = new Operators.Appointment[](8);
        list[0] = Operators.Appointment(Roles.PAUSER, pauser, 0);
        list[1] = Operators.Appointment(Roles.RESUMER, resumer, 1 hours);
        list[2] = Operators.Appointment(Roles.holder(0), vm.addr(HOLDER_KEY), 0);
        list[3] = Operators.Appointment(Roles.holder(0), vm.addr(SECOND_KEY), 0);
        list[4] = Operators.Appointment(Roles.reviewer(0), reviewer, 0);
        list[5] = Operators.Appointment(Roles.appointer(0), appointer, 0);
        // So that whoever opened or signed beside can try to review, too.
        list[6] = Operators.Appointment(Roles.reviewer(0), vm.addr(HOLDER_KEY), 0);
        list[7] = Operators.Appointment(Roles.reviewer(0), vm.addr(SECOND_KEY), 0);
    }

    function publicKey(uint256 key) internal pure returns (bytes32, bytes32) {
        (uint256 x, uint256 y) = vm.publicKeyP256(key);
        return (bytes32(x), bytes32(y));
    }

    function someMembers() internal pure returns (IMemberRegistry.Member[] memory list) {
        list = new IMemberRegistry.Member[](1);
        (bytes32 x, bytes32 y) = publicKey(0xc1);
        list[0] = IMemberRegistry.Member("North", "https://north.example", vm.addr(0x41), x, y);
    }

    function someGroups() internal view returns (IMemberRegistry.GatewayGroup[] memory list) {
        list = new IMemberRegistry.GatewayGroup[](1);
        (bytes32 x, bytes32 y) = publicKey(0xc2);
        address[] memory senders = new address[](2);
        (senders[0], senders[1]) = (sender, secondSender);
        list[0] = IMemberRegistry.GatewayGroup(group, 0, x, y, senders);
    }

    function oracleKey(uint256 bit) internal pure returns (uint256) {
        return 0x1000 + bit;
    }

    function someOracles(uint256 count) internal pure returns (IMemberRegistry.OracleKey[] memory list) {
        list = new IMemberRegistry.OracleKey[](count);
        for (uint256 i = 0; i < count; ++i) list[i] = IMemberRegistry.OracleKey(0, vm.addr(oracleKey(i)));
    }

    // Devices

    function proveKey(
        bytes32 device,
        uint32 number,
        address by,
        uint256 key
    ) internal view returns (bytes32 r, bytes32 s) {
        return vm.signP256(key, sha256(devices.keyProof(device, number, by)));
    }

    function registerDevice(uint256 key) internal returns (bytes32 device) {
        (bytes32 x, bytes32 y) = publicKey(key);
        (bytes32 r, bytes32 s) = proveKey(devices.deviceId(x, y), 1, steward, key);
        vm.prank(steward);
        return devices.register(MODEL, home, x, y, r, s);
    }

    function rotateTo(bytes32 device, uint32 number, uint64 fromSequence, uint256 key) internal {
        (bytes32 x, bytes32 y) = publicKey(key);
        (bytes32 r, bytes32 s) = proveKey(device, number, steward, key);
        vm.prank(steward);
        devices.rotateKey(device, fromSequence, x, y, r, s);
    }

    function stateOf(bytes32 device) internal view returns (IDeviceRegistry.DeviceState state) {
        (, state, , ) = devices.standing(device);
    }

    /// @dev As the verdict contract would: for tests of what a state does, not of how it comes about.
    function judge(bytes32 device, uint8 kind) internal {
        vm.prank(address(verdicts));
        devices.applyVerdict(device, kind, keccak256(abi.encode("verdict", kind)));
    }

    // Twins

    function activeDevice(uint256 key) internal returns (bytes32 device, bytes32 securityTwin) {
        device = registerDevice(key);
        vm.prank(steward);
        securityTwin = twins.createSecurityTwin(device, MANIFEST, 0xff);
    }

    function openTwin(bytes32 device, uint64 segments, uint64 commands) internal returns (bytes32 twin) {
        bytes32 assignment = twins.openAssignment(device);
        if (assignment == 0) {
            vm.prank(steward);
            assignment = twins.beginAssignment(device, 1);
        }
        vm.prank(steward);
        return twins.createTwin(assignment, MANIFEST, segments, commands);
    }

    // Consent

    /// @dev Of an EIP-712 struct, in the domain of one of our contracts.
    function typedDigest(string memory name, address target, bytes32 said) internal view returns (bytes32) {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256(bytes(name)),
                keccak256("1"),
                block.chainid,
                target
            )
        );
        return keccak256(abi.encodePacked(hex"1901", domain, said));
    }

    function signWith(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (bytes32 r, bytes32 vs) = vm.signCompact(key, digest);
        uint8 v = uint8(uint256(vs) >> 255) + 27;
        return abi.encodePacked(r, vs & bytes32(uint256(type(uint256).max >> 1)), v);
    }

    function subjectDigest(
        bytes32 assignment,
        address who,
        address guardian_,
        uint40 deadline
    ) internal view returns (bytes32) {
        bytes32 kind = keccak256("Subject(bytes32 assignment,address subject,address guardian,uint40 deadline)");
        bytes32 said = keccak256(abi.encode(kind, assignment, who, guardian_, deadline));
        return typedDigest("Twinward TwinRegistry", address(twins), said);
    }

    function bindSubject(bytes32 assignment) internal {
        bytes memory signature = signWith(SUBJECT_KEY, subjectDigest(assignment, subject, guardian, type(uint40).max));
        vm.prank(steward);
        twins.bindSubject(assignment, subject, guardian, type(uint40).max, signature);
    }

    function agree(bytes32 twin, address to, uint8 purposes) internal {
        vm.prank(subject);
        grants.setConsent(twin, to, purposes);
    }

    // Grants

    function someGrant(bytes32 twin) internal view returns (IGrantRegistry.Grant memory) {
        return IGrantRegistry.Grant(twin, reader, uint40(NOW), uint40(NOW + 3600), 0x0f, 0x1f, 0);
    }

    function give(IGrantRegistry.Grant memory given, uint256 nonce) internal returns (bytes32) {
        bytes32 device = twins.deviceOf(given.twin);
        vm.prank(steward);
        return grants.grant(device, given, nonce);
    }

    function pass(
        address by,
        IGrantRegistry.Grant memory given,
        uint256 nonce,
        IGrantRegistry.Source memory source
    ) internal returns (bytes32) {
        bytes32 device = twins.deviceOf(given.twin);
        vm.prank(by);
        return grants.delegate(device, given, nonce, source);
    }

    /// @dev Of a grant that the steward gave with this nonce.
    function direct(uint256 nonce) internal view returns (IGrantRegistry.Source memory) {
        return IGrantRegistry.Source(steward, 0, nonce);
    }

    function idOf(bytes32 twin, address reader_, IGrantRegistry.Source memory source) internal pure returns (bytes32) {
        return keccak256(abi.encode(twin, reader_, source.grantor, source.parent, source.nonce));
    }

    function chainOf(IGrantRegistry.Source memory source) internal pure returns (IGrantRegistry.Source[] memory chain) {
        chain = new IGrantRegistry.Source[](1);
        chain[0] = source;
    }

    function readAsk(bytes32 twin, bytes32 grant, uint8 purpose) internal view returns (IGrantRegistry.Ask memory) {
        bytes32 device = twins.deviceOf(twin);
        return IGrantRegistry.Ask(IGrantRegistry.Action.Read, device, twin, grant, reader, purpose, 0x01);
    }

    // Break-glass

    function claimDigest(
        IBreakGlass.Claim memory claim,
        address opener,
        uint40 deadline
    ) internal view returns (bytes32) {
        bytes32 kind = keccak256(
            "BreakGlass(bytes32 twin,address opener,uint40 until,bytes32 reason,uint256 nonce,uint40 deadline)"
        );
        uint256 nonce = breakGlass.nonceOf(opener);
        bytes32 said = keccak256(abi.encode(kind, claim.twin, opener, claim.until, claim.reason, nonce, deadline));
        return typedDigest("Twinward BreakGlass", address(breakGlass), said);
    }

    function nobody() internal pure returns (IBreakGlass.Second memory none) {}

    // Anchors and verdicts

    function anchorMany(bytes32 stream, uint256 count) internal {
        (, uint64 size, ) = anchors.stream(stream);
        for (uint64 i = 0; i < count; ++i) {
            // Before the prank: SHA-256 is a call, and the prank is for the next call.
            bytes32 root = sha256(abi.encode("batch", size + i));
            vm.prank(sender);
            anchors.anchor(stream, size + i, root, 1 + (i % 3));
        }
    }

    function someVerdict(
        bytes32 device,
        uint64 round,
        uint8 kind,
        uint8 severity
    ) internal view returns (IVerdictOracle.Verdict memory) {
        return
            IVerdictOracle.Verdict({
                oracleSet: members.oracleSetDigest(),
                stream: home,
                round: round,
                firstBatch: round * 10,
                lastBatch: round * 10,
                device: device,
                firstSequence: 1,
                lastSequence: 5,
                kind: kind,
                severity: severity,
                model: MODEL,
                leavesRoot: keccak256("leaves")
            });
    }

    function signBits(bytes32 digest, uint32 signers) internal pure returns (bytes32[2][] memory signatures) {
        uint256 count = 0;
        for (uint32 rest = signers; rest != 0; rest &= rest - 1) ++count;
        signatures = new bytes32[2][](count);
        uint256 next = 0;
        for (uint256 bit = 0; bit < 32; ++bit) {
            if ((signers >> bit) & 1 == 0) continue;
            (bytes32 r, bytes32 vs) = vm.signCompact(oracleKey(bit), digest);
            signatures[next] = [r, vs];
            ++next;
        }
    }

    function transmit(IVerdictOracle.Verdict memory v, uint32 signers) internal returns (bytes32 digest) {
        digest = verdicts.verdictDigest(v);
        bytes32[2][] memory signatures = signBits(digest, signers);
        vm.prank(vm.addr(oracleKey(0)));
        verdicts.transmit(v, signers, signatures);
    }
}
