// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AnchorLog} from "../../contracts/anchors/AnchorLog.sol";
import {DeviceRegistry} from "../../contracts/devices/DeviceRegistry.sol";
import {IDeviceRegistry} from "../../contracts/devices/IDeviceRegistry.sol";
import {GrantRegistry} from "../../contracts/grants/GrantRegistry.sol";
import {IGrantRegistry} from "../../contracts/grants/IGrantRegistry.sol";
import {EcdsaP256} from "../../contracts/lib/EcdsaP256.sol";
import {Rfc6962} from "../../contracts/lib/Rfc6962.sol";
import {Sha256Leaf} from "../../contracts/lib/Sha256Leaf.sol";
import {MemberRegistry} from "../../contracts/members/MemberRegistry.sol";
import {IMemberRegistry} from "../../contracts/members/IMemberRegistry.sol";
import {TwinRegistry} from "../../contracts/twins/TwinRegistry.sol";
import {Consortium} from "./Consortium.sol";

/// @dev The golden vectors of test/vectors, the same that the TypeScript tests read. They name contract addresses, so
/// the contracts are put there: none keeps anything in storage at construction that these tests need.
contract VectorsTest is Consortium {
    function load(string memory name) private view returns (string memory) {
        return vm.readFile(string.concat("test/vectors/", name, ".json"));
    }

    function place(string memory list, uint256 i, string memory field) private pure returns (string memory) {
        return string.concat(".", list, "[", vm.toString(i), "]", field);
    }

    function putAt(address target, address original) private returns (address) {
        vm.etch(target, original.code);
        return target;
    }

    function test_leafVectors() public view {
        string memory json = load("leaf");
        uint256 i = 0;
        for (; vm.keyExistsJson(json, place("cases", i, "")); ++i) {
            bytes32 leaf = Sha256Leaf.leaf(
                uint8(vm.parseJsonUint(json, place("cases", i, ".kind"))),
                vm.parseJsonBytes32(json, place("cases", i, ".subject")),
                uint64(vm.parseJsonUint(json, place("cases", i, ".sequence"))),
                vm.parseJsonBytes32(json, place("cases", i, ".content"))
            );
            checkEqual(vm.parseJsonBytes32(json, place("cases", i, ".leaf")), leaf, "leaf");
        }
        check(i >= 5, "there are leaf vectors");
    }

    function test_treeRootsFromFrontiers() public view {
        string memory json = load("tree");
        bytes32[] memory roots = vm.parseJsonBytes32Array(json, ".roots");
        for (uint256 size = 0; size < roots.length; ++size) {
            bytes32[] memory peaks = vm.parseJsonBytes32Array(json, place("frontier", size, ""));
            checkEqual(roots[size], Rfc6962.rootOf(peaks), "root of the frontier");
        }
        check(roots.length == 34, "sizes 0 to 33");
    }

    function test_treeInclusion() public view {
        string memory json = load("tree");
        bytes32[] memory leaves = vm.parseJsonBytes32Array(json, ".leaves");
        bytes32[] memory roots = vm.parseJsonBytes32Array(json, ".roots");
        uint256 i = 0;
        for (; vm.keyExistsJson(json, place("inclusion", i, "")); ++i) {
            uint64 index = uint64(vm.parseJsonUint(json, place("inclusion", i, ".index")));
            uint64 size = uint64(vm.parseJsonUint(json, place("inclusion", i, ".size")));
            bytes32[] memory path = vm.parseJsonBytes32Array(json, place("inclusion", i, ".path"));
            check(anchors.verifyLeaf(leaves[index], index, size, path, roots[size]), "leaf is included");
            check(!anchors.verifyLeaf(leaves[index], index + 1, size, path, roots[size]), "not one further");
            check(!anchors.verifyLeaf(leaves[index], index, size, path, roots[size - 1]), "not under another root");
        }
        check(i >= 150, "there are inclusion vectors");
    }

    function test_anchorVectors() public {
        string memory json = load("anchor");
        address target = vm.parseJsonAddress(json, ".streams[0].anchorLog");
        address gateway = vm.parseJsonAddress(json, ".streams[0].gateway");
        IMemberRegistry.GatewayGroup[] memory groups = someGroups();
        groups[0].group = gateway;
        MemberRegistry registry = new MemberRegistry(someMembers(), groups, someOracles(1));
        AnchorLog log = AnchorLog(putAt(target, address(new AnchorLog(registry))));

        for (uint256 n = 0; n < 2; ++n) {
            vm.prank(sender);
            checkEqual(vm.parseJsonBytes32(json, place("streams", n, ".stream")), log.openStream(gateway), "stream id");
        }
        bytes32 stream = vm.parseJsonBytes32(json, ".streams[0].stream");
        uint64 i = 0;
        for (; vm.keyExistsJson(json, place("anchors", i, "")); ++i) {
            bytes32 root = vm.parseJsonBytes32(json, place("anchors", i, ".root"));
            uint64 count = uint64(vm.parseJsonUint(json, place("anchors", i, ".count")));
            uint64 firstLeaf = uint64(vm.parseJsonUint(json, place("anchors", i, ".firstLeaf")));
            (, , uint64 nextLeaf) = log.stream(stream);
            checkEqual(firstLeaf, nextLeaf, "first leaf");
            checkEqual(
                vm.parseJsonBytes32(json, place("anchors", i, ".anchorLeaf")),
                Sha256Leaf.anchorLeaf(stream, i, root, count, firstLeaf),
                "anchor leaf"
            );
            vm.prank(sender);
            log.anchor(stream, i, root, count);
            checkEqual(vm.parseJsonBytes32(json, place("anchors", i, ".logRoot")), log.logRoot(stream), "log root");
            checkEqual(
                keccak256(abi.encode(vm.parseJsonBytes32Array(json, place("anchors", i, ".frontier")))),
                keccak256(abi.encode(log.frontier(stream))),
                "frontier"
            );
        }
        check(i == 20, "twenty anchors");
    }

    function test_idVectors() public {
        string memory json = load("ids");
        vm.chainId(vm.parseJsonUint(json, ".chainId"));
        bytes32 device = registerVectorDevice();
        checkEqual(vm.parseJsonBytes32(json, ".device"), device, "device id");

        address target = vm.parseJsonAddress(json, ".twinRegistry");
        TwinRegistry registry = TwinRegistry(putAt(target, address(new TwinRegistry(members, devices))));
        devices.wire(target, address(verdicts));
        bytes32 manifest = vm.parseJsonBytes32(json, ".twin.manifestHash");

        vm.prank(steward);
        bytes32 assignment = registry.beginAssignment(device, 1);
        checkEqual(vm.parseJsonBytes32(json, ".assignment.id"), assignment, "assignment id");
        vm.prank(steward);
        bytes32 twin = registry.createTwin(assignment, manifest, 1, 0);
        checkEqual(vm.parseJsonBytes32(json, ".twin.id"), twin, "twin id");
        manifest = vm.parseJsonBytes32(json, ".securityTwin.manifestHash");
        vm.prank(steward);
        checkEqual(
            vm.parseJsonBytes32(json, ".securityTwin.id"),
            registry.createSecurityTwin(device, manifest, 1),
            "security twin id"
        );

        checkGrantId(registry, twin);
    }

    /// @dev The vector's grantor becomes the steward as anybody would: by an offer accepted.
    function checkGrantId(TwinRegistry registry, bytes32 twin) private {
        string memory json = load("ids");
        (bytes32 device, , , , , , ) = registry.twin(twin);
        address grantor = vm.parseJsonAddress(json, ".grant.grantor");
        vm.prank(steward);
        devices.offerSteward(device, grantor);
        vm.prank(grantor);
        devices.acceptSteward(device);
        IGrantRegistry.Grant memory given = someGrant(twin);
        given.reader = vm.parseJsonAddress(json, ".grant.reader");
        given.segments = 1;
        uint256 nonce = vm.parseJsonUint(json, ".grant.nonce");
        grants = new GrantRegistry(members, devices, registry, breakGlass, address(operators));
        vm.prank(grantor);
        checkEqual(vm.parseJsonBytes32(json, ".grant.id"), grants.grant(device, given, nonce), "grant id");
    }

    function test_keyProofVector() public {
        string memory json = load("ids");
        vm.chainId(vm.parseJsonUint(json, ".chainId"));
        DeviceRegistry registry = DeviceRegistry(
            putAt(vm.parseJsonAddress(json, ".keyProof.registry"), address(devices))
        );
        bytes memory proof = registry.keyProof(
            vm.parseJsonBytes32(json, ".device"),
            uint32(vm.parseJsonUint(json, ".keyProof.keyNumber")),
            vm.parseJsonAddress(json, ".keyProof.steward")
        );
        checkEqual(
            keccak256(vm.parseJsonBytes(json, ".keyProof.bytes")),
            keccak256(proof),
            "the bytes a new key signs"
        );
        checkEqual(vm.parseJsonBytes32(json, ".keyProof.sha256"), sha256(proof), "their digest");
    }

    /// @dev Every reading twice: as signed, and with its s replaced by N − s. On chain both are good.
    function test_readingSignaturesInBothForms() public view {
        string memory json = load("reading");
        bytes32 x = vm.parseJsonBytes32(json, ".key.x");
        bytes32 y = vm.parseJsonBytes32(json, ".key.y");
        uint256 i = 0;
        for (; vm.keyExistsJson(json, place("readings", i, "")); ++i) {
            bytes32 content = sha256(bytes(vm.parseJsonString(json, place("readings", i, ".signingInput"))));
            checkEqual(vm.parseJsonBytes32(json, place("readings", i, ".content")), content, "content");
            bytes32 r = checkReading(vm.parseJsonString(json, place("readings", i, ".reading")), content, x, y);
            bytes32 same = checkReading(vm.parseJsonString(json, place("readings", i, ".highS")), content, x, y);
            checkEqual(r, same, "the same signature in two forms");
        }
        check(i == 4, "four readings");
    }

    function test_equivocationVector() public {
        bytes32 device = registerVectorDevice();
        string memory json = load("equivocation");
        checkEqual(vm.parseJsonBytes32(json, ".device"), device, "device id");
        devices.proveEquivocation(device, signedInput(json, ".second"), signedInput(json, ".first"));
        (, , , , uint64 from, , bytes32 reason) = devices.key(device, 1);
        checkEqual(vm.parseJsonUint(json, ".sequence"), from, "marked from there");
        checkEqual(vm.parseJsonBytes32(json, ".digest"), reason, "the digest is the reason");
    }

    function signedInput(
        string memory json,
        string memory field
    ) private pure returns (IDeviceRegistry.SignedInput memory) {
        return
            IDeviceRegistry.SignedInput(
                vm.parseJsonBytes(json, string.concat(field, ".input")),
                vm.parseJsonBytes32(json, string.concat(field, ".r")),
                vm.parseJsonBytes32(json, string.concat(field, ".s"))
            );
    }

    function checkReading(string memory jws, bytes32 content, bytes32 x, bytes32 y) private view returns (bytes32) {
        (bytes32 r, bytes32 s) = signatureOf(bytes(jws));
        check(EcdsaP256.verify(content, r, s, x, y), "signature is good");
        check(!EcdsaP256.verify(content ^ bytes32(uint256(1)), r, s, x, y), "not for other content");
        check(!EcdsaP256.verify(content, r ^ bytes32(uint256(1)), s, x, y), "not with another r");
        check(!EcdsaP256.verify(content, r, s ^ bytes32(uint256(1)), x, y), "not with another s");
        return r;
    }

    /// @dev r and s from the 86 base64url characters after the second dot.
    function signatureOf(bytes memory jws) private pure returns (bytes32 r, bytes32 s) {
        uint256 i = 0;
        for (uint256 dots = 0; dots < 2; ++i) if (jws[i] == ".") ++dots;
        uint256 bits = 0;
        uint256 held = 0;
        bytes memory out = new bytes(64);
        for (uint256 n = 0; n < 64; ++i) {
            bits = (bits << 6) | valueOf(uint8(jws[i]));
            held += 6;
            if (held < 8) continue;
            held -= 8;
            out[n++] = bytes1(uint8(bits >> held));
        }
        return abi.decode(out, (bytes32, bytes32));
    }

    function valueOf(uint8 c) private pure returns (uint256) {
        if (c >= 0x61) return c - 0x61 + 26;
        if (c == 0x5f) return 63;
        if (c >= 0x41) return c - 0x41;
        return c == 0x2d ? 62 : c - 0x30 + 52;
    }

    /// @dev The device of reading.json, in a DeviceRegistry at the address that its id is made with.
    function registerVectorDevice() private returns (bytes32) {
        string memory json = load("reading");
        DeviceRegistry original = new DeviceRegistry();
        devices = DeviceRegistry(putAt(vm.parseJsonAddress(json, ".deviceRegistry"), address(original)));
        uint256 key = vm.parseJsonUint(json, ".key.d");
        (bytes32 x, ) = publicKey(key);
        checkEqual(vm.parseJsonBytes32(json, ".key.x"), x, "the vector's key");
        return registerDevice(key);
    }
}
