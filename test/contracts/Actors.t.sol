// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAnchorLog} from "../../contracts/anchors/IAnchorLog.sol";
import {IGrantRegistry} from "../../contracts/grants/IGrantRegistry.sol";
import {Sha256Leaf} from "../../contracts/lib/Sha256Leaf.sol";
import {Closers} from "./Closers.sol";

/// @dev Everybody of the consortium doing random things, right and wrong, and a plain memory of what was done.
contract Actors is Closers {
    struct Batch {
        bytes32 root;
        uint64 count;
        uint64 firstLeaf;
    }

    struct Given {
        bytes32 id;
        IGrantRegistry.Grant terms;
        IGrantRegistry.Source[] chain; // its own source first
        uint256 parent; // place in the memory, from 1; zero: the steward's own
        bool revoked;
        bool ended; // with all others of its twin
    }

    bytes32 public twin; // of the open assignment
    bytes32 public endedTwin; // of the one before
    uint64 public assignmentStart = 1;
    Batch[] private _batches;
    uint64[] public keyStarts; // by key number − 1
    mapping(uint256 index => bytes32) public closedKeys; // what a closed range was when it closed
    Given[] private _given;
    bool public quarantined;
    bool public distrusted; // by a verdict of any kind
    mapping(bytes32 twin => mapping(address reader => uint8)) public agreed;
    mapping(bytes32 twin => uint8) public alsoAsked; // beside research

    constructor() {
        setUp();
        twin = openTwin(device, 0x0f, 0x03);
        bindSubject(twins.openAssignment(device));
        keyStarts.push(1);
    }

    // What they do

    function anchor(uint256 seed, uint8 count) external {
        uint64 number = uint64(_batches.length);
        (, , uint64 firstLeaf) = anchors.stream(home);
        bytes32 root = keccak256(abi.encode(seed));
        vm.prank(seed % 2 == 0 ? sender : secondSender);
        anchors.anchor(home, number, root, uint64(count) + 1);
        _batches.push(Batch(root, uint64(count) + 1, firstLeaf));
    }

    /// @dev Any number, any sender: what is not the next batch by a sender of the group must not be taken.
    function anchorWrongly(uint64 number, uint8 who, bytes32 root) external {
        bool wrongNumber = number != _batches.length;
        address by = who % 2 == 0 ? stranger : sender;
        if (by == sender && !wrongNumber) return;
        vm.prank(by);
        try anchors.anchor(home, number, root, 1) {
            revert("anchored what it must not");
        } catch {}
    }

    function rotate(uint16 step) external {
        uint32 number = uint32(keyStarts.length);
        uint64 from = keyStarts[number - 1] + 1 + step;
        rotateTo(device, number + 1, from, 0x5000 + number);
        keyStarts.push(from);
        closedKeys[number] = rangeDigest(number);
    }

    function rotateBackwards(uint64 from) external {
        uint32 number = uint32(keyStarts.length) + 1;
        from = uint64(bound(from, 0, keyStarts[number - 2]));
        (bytes32 x, bytes32 y) = publicKey(0x5000 + number);
        (bytes32 r, bytes32 s) = proveKey(device, number, steward, 0x5000 + number);
        vm.prank(steward);
        try devices.rotateKey(device, from, x, y, r, s) {
            revert("opened a range inside another");
        } catch {}
    }

    function mark(uint32 number, uint64 from) external {
        number = uint32(bound(number, 1, keyStarts.length));
        vm.prank(steward);
        try devices.markKey(device, number, from, 1, "marked") {} catch {}
    }

    /// @dev A gateway breaks a promise: nothing is anchored until the member has decided, then all goes on as before.
    function suspendAndResume(uint64 beyond, bytes32 root) external {
        IAnchorLog.Ack memory ack;
        (ack.first, ack.count) = (0, uint64(bound(beyond, 1, type(uint32).max)));
        (, , uint64 nextLeaf) = anchors.stream(home);
        ack.count += nextLeaf;
        // After the last resume, which has forgiven what was due until then.
        ack.anchorBy = uint64(block.timestamp) + 1;
        (ack.r, ack.s) = vm.signP256(0xc2, anchors.ackDigest(home, ack));
        // By then it is due, however lately the stream was resumed.
        vm.warp(block.timestamp + anchors.RESUME_GRACE() + 2);
        anchors.challengeOverdue(home, ack);
        vm.prank(sender);
        try anchors.anchor(home, uint64(_batches.length), root, 1) {
            revert("anchored into a suspended stream");
        } catch {}
        (, uint32 suspension, , ) = anchors.standing(home);
        bytes32[2][] memory signatures = new bytes32[2][](1);
        (bytes32 r, bytes32 vs) = vm.signCompact(0x41, anchors.resumeDigest(home, suspension, root));
        signatures[0] = [r, vs];
        anchors.resume(home, suspension, root, 1, signatures);
    }

    function give(uint64 segments, uint8 purposes, uint16 delay, uint16 length, uint8 depth) external {
        IGrantRegistry.Grant memory terms = someGrant(twin);
        terms.segments = uint64(bound(segments, 1, 0x0f));
        terms.purposes = uint8(bound(purposes, 1, 0x1f));
        terms.from = uint40(block.timestamp + (delay % 1_000));
        terms.until = terms.from + 1 + (length % 2_000);
        terms.depth = depth % 4;
        remember(give(terms, _given.length), terms, new IGrantRegistry.Source[](0), 0, direct(_given.length));
    }

    /// @dev Whoever has a grant passes on something like it: a little more or a little less. Exactly what is inside it
    /// must be taken.
    function passOn(uint256 which, uint64 segments, uint8 purposes, int8 sooner, int8 later, uint8 depth) external {
        if (_given.length == 0) return;
        uint256 parent = which % _given.length;
        Given memory above = _given[parent];
        IGrantRegistry.Grant memory terms = someGrant(above.terms.twin);
        terms.reader = vm.addr(0x7000 + _given.length);
        terms.segments = segments % 8 == 0 ? uint64(bound(segments, 1, 0x0f)) : above.terms.segments;
        terms.purposes = purposes % 8 == 0 ? uint8(bound(purposes, 1, 0x1f)) : above.terms.purposes;
        terms.from = uint40(int40(above.terms.from) + (sooner % 8 == 0 ? sooner : int8(0)));
        terms.until = uint40(int40(above.terms.until) + (later % 8 == 0 ? later : int8(0)));
        terms.depth = depth % 4 == 0 ? depth % 3 : (above.terms.depth == 0 ? 0 : above.terms.depth - 1);
        if (terms.until <= terms.from) return;
        bool within =
            isWithin(terms, above.terms) &&
                !above.revoked &&
                !above.ended &&
                above.terms.twin == twin &&
                block.timestamp < terms.until;
        vm.prank(above.terms.reader);
        try grants.delegate(device, terms, _given.length, above.chain[0]) returns (bytes32 id) {
            check(within, "passed on more than it had");
            IGrantRegistry.Source memory source = IGrantRegistry.Source(above.terms.reader, above.id, _given.length);
            remember(id, terms, above.chain, parent + 1, source);
        } catch {
            check(!within, "a part is passed on");
        }
    }

    /// @dev The subject agrees to some purposes of a reader, or takes it back; others try.
    function agreeSomehow(uint256 which, uint8 purposes, bool asGuardian) external {
        if (_given.length == 0) return;
        purposes = uint8(bound(purposes, 0, 0x3f));
        Given storage chosen = _given[which % _given.length];
        (bytes32 of_, address to) = (chosen.terms.twin, chosen.terms.reader);
        vm.prank(stranger);
        try grants.setConsent(of_, to, purposes) {
            revert("a stranger agreed");
        } catch {}
        vm.prank(asGuardian ? guardian : subject);
        grants.setConsent(of_, to, purposes);
        agreed[of_][to] = purposes;
    }

    /// @dev The subject asks to be asked for more or fewer purposes; never for fewer than research.
    function askSomehow(uint8 purposes) external {
        purposes = (purposes & 0x0f) | 0x04;
        vm.prank(subject);
        twins.setConsentMask(twin, purposes);
        alsoAsked[twin] = purposes;
    }

    function raiseEpoch() external {
        vm.prank(steward);
        twins.raiseEpoch(twin);
        for (uint256 i = 0; i < _given.length; ++i) {
            if (_given[i].terms.twin == twin) _given[i].ended = true;
        }
    }

    function remember(
        bytes32 id,
        IGrantRegistry.Grant memory terms,
        IGrantRegistry.Source[] memory above,
        uint256 parent,
        IGrantRegistry.Source memory source
    ) private {
        Given storage given = _given.push();
        (given.id, given.terms, given.parent) = (id, terms, parent);
        given.chain.push(source);
        for (uint256 i = 0; i < above.length; ++i) given.chain.push(above[i]);
    }

    function revoke(uint256 which) external {
        if (_given.length == 0) return;
        Given storage chosen = _given[which % _given.length];
        if (chosen.revoked) return;
        vm.prank(chosen.chain[0].grantor);
        grants.revoke(chosen.terms.twin, chosen.terms.reader, chosen.chain[0]);
        chosen.revoked = true;
    }

    function wait(uint16 seconds_) external {
        vm.warp(block.timestamp + (seconds_ % 500));
    }

    function reassign(uint8 length) external {
        bytes32 open = twins.openAssignment(device);
        assignmentStart += length;
        vm.prank(steward);
        twins.endAssignment(open, assignmentStart);
        vm.prank(steward);
        twins.beginAssignment(device, assignmentStart);
        endedTwin = twin;
        bindSubject(twins.openAssignment(device));
        twin = openTwin(device, 0x0f, 0x03);
    }

    /// @dev Nothing that anybody does to a device in use keeps a verdict from it.
    function judgeSomehow(uint8 kind) external {
        kind = uint8(bound(kind, 1, 3));
        vm.prank(address(verdicts));
        try devices.applyVerdict(device, kind, keccak256("verdict")) {
            quarantined = kind == 2 || (kind == 1 && quarantined);
            distrusted = kind != 3;
        } catch {
            check(kind == 3 && !distrusted, "only who is trusted cannot be readmitted");
        }
    }

    // What they remember

    function batchCount() external view returns (uint256) {
        return _batches.length;
    }

    function batchAt(uint256 i) external view returns (Batch memory) {
        return _batches[i];
    }

    function anchorLeaves() external view returns (bytes32[] memory leaves) {
        leaves = new bytes32[](_batches.length);
        for (uint64 i = 0; i < leaves.length; ++i) {
            Batch storage batch = _batches[i];
            leaves[i] = Sha256Leaf.anchorLeaf(home, i, batch.root, batch.count, batch.firstLeaf);
        }
    }

    function givenCount() external view returns (uint256) {
        return _given.length;
    }

    function isWithin(
        IGrantRegistry.Grant memory child,
        IGrantRegistry.Grant memory parent
    ) public pure returns (bool) {
        return
            child.segments & ~parent.segments == 0 &&
            child.purposes & ~parent.purposes == 0 &&
            child.from >= parent.from &&
            child.until <= parent.until &&
            child.depth < parent.depth;
    }

    function givenAt(uint256 i) external view returns (Given memory) {
        return _given[i];
    }

    function keyCount() external view returns (uint32) {
        return uint32(keyStarts.length);
    }

    /// @dev Number, key and range, without the mark: marks may come, the rest may not change.
    function rangeDigest(uint32 number) public view returns (bytes32) {
        (bytes32 x, bytes32 y, uint64 from, uint64 until, , , ) = devices.key(device, number);
        return keccak256(abi.encode(number, x, y, from, until));
    }

    /// @dev The rule of a read, written the plain way.
    function covers(Given calldata given, bytes32 asked, uint8 purpose, uint64 segments) external view returns (bool) {
        return
            given.terms.twin == asked &&
            asked == twin &&
            !given.ended &&
            isUnrevoked(given) &&
            block.timestamp >= given.terms.from &&
            block.timestamp < given.terms.until &&
            purpose < SECURITY &&
            given.terms.purposes & (1 << purpose) != 0 &&
            segments != 0 &&
            segments & given.terms.segments == segments &&
            isAgreed(given, purpose) &&
            !(quarantined && purpose == RESEARCH);
    }

    function isAgreed(Given calldata given, uint8 purpose) public view returns (bool) {
        bool needed = (alsoAsked[given.terms.twin] | 0x04) & (1 << purpose) != 0;
        return !needed || agreed[given.terms.twin][given.terms.reader] & (1 << purpose) != 0;
    }

    /// @dev It and all above it.
    function isUnrevoked(Given memory given) public view returns (bool) {
        while (!given.revoked && given.parent != 0) given = _given[given.parent - 1];
        return !given.revoked;
    }

    function permits(bytes32 asked, Given calldata given, uint8 purpose, uint64 segments) external view returns (bool) {
        IGrantRegistry.Ask memory ask = readAsk(asked, given.id, purpose);
        (ask.device, ask.reader, ask.segments) = (device, given.terms.reader, segments);
        return grants.canRead(ask, given.chain);
    }

    function isProvable(uint64 i, bytes32[] calldata path) external view returns (bool) {
        Batch storage batch = _batches[i];
        uint64 size = uint64(_batches.length);
        return anchors.verifyBatch(home, i, batch.root, batch.count, batch.firstLeaf, size, path);
    }

    function stream() external view returns (uint64 size, uint64 nextLeaf, bytes32 root) {
        (, size, nextLeaf) = anchors.stream(home);
        return (size, nextLeaf, anchors.logRoot(home));
    }

    function keyNumberAt(uint64 sequence) external view returns (uint32 number) {
        (number, , ) = devices.keyAt(device, sequence);
    }
}
