// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {EcdsaP256} from "../lib/EcdsaP256.sol";
import {Rfc6962} from "../lib/Rfc6962.sol";
import {Sha256Leaf} from "../lib/Sha256Leaf.sol";
import {IMemberRegistry} from "../members/IMemberRegistry.sol";
import {Head, packHead} from "./Head.sol";
import {IAnchorLog} from "./IAnchorLog.sol";
import {StreamLog} from "./StreamLog.sol";

/// @title The order of anchored batches, and what becomes of a stream whose gateway broke a promise
contract AnchorLog is StreamLog, EIP712 {
    bytes32 private constant RESUME_TYPE = keccak256("Resume(bytes32 stream,uint32 suspension,bytes32 reason)");
    bytes32 private constant FENCE_TYPE = keccak256("Fence(bytes32 stream,bytes32 reason)");
    uint8 private constant KIND_END = 12;

    constructor(IMemberRegistry memberRegistry_) StreamLog(memberRegistry_) EIP712("Twinward AnchorLog", "1") {}

    /// @inheritdoc IAnchorLog
    function challengeOverdue(bytes32 id, Ack calldata ack) external {
        bytes32 digest = _requireAck(id, ack);
        uint64 due = _dueAt(id, ack.anchorBy);
        if (block.timestamp <= due) revert AckNotDue(id, due, uint64(block.timestamp));
        _requireBeyond(id, ack, _streams[id].head.nextLeafOf());
        _suspend(id, Breach.Overdue, digest);
    }

    /// @inheritdoc IAnchorLog
    function challengeLate(bytes32 id, Ack calldata ack, uint64 period) external {
        bytes32 digest = _requireAck(id, ack);
        uint256 reached = _streams[id].reached[period];
        // Unknown: no batch was the period's first. Too early: at its first batch the promise may not have been due.
        if (reached == 0 || uint256(period) * PERIOD <= _dueAt(id, ack.anchorBy)) revert PeriodNotProving(id, period);
        _requireBeyond(id, ack, uint64(reached - 1));
        _suspend(id, Breach.Late, digest);
    }

    /// @inheritdoc IAnchorLog
    function challengeMisplaced(
        bytes32 id,
        Ack calldata ack,
        Place calldata promised,
        Batch calldata batch,
        Place calldata anchored
    ) external {
        bytes32 digest = _requireAck(id, ack);
        uint64 position = _positionOf(ack, promised);
        bytes32 leaf = Sha256Leaf.anchorLeaf(id, batch.number, batch.root, batch.count, batch.firstLeaf);
        if (!_isInLog(id, leaf, batch.number, batch.path)) revert BatchNotInLog(id, batch.number);
        _requirePlace(anchored, batch.count, batch.root);
        // In the log, so its leaves were counted when it was anchored: no overflow.
        _requireContrary(position, promised.leaf, batch.firstLeaf + anchored.index, anchored.leaf);
        _suspend(id, Breach.Misplaced, digest);
    }

    /// @inheritdoc IAnchorLog
    function challengeContradicted(
        bytes32 id,
        Ack calldata ack,
        Place calldata promised,
        Ack calldata otherAck,
        Place calldata other
    ) external {
        bytes32 digest = _requireAck(id, ack);
        _requireSigned(id, otherAck);
        _requireContrary(_positionOf(ack, promised), promised.leaf, _positionOf(otherAck, other), other.leaf);
        _suspend(id, Breach.Contradicted, digest);
    }

    /// @inheritdoc IAnchorLog
    function resume(
        bytes32 id,
        uint32 suspension,
        bytes32 reason,
        uint256 signers,
        bytes32[2][] calldata signatures
    ) external {
        Stream storage log = _requireStream(id);
        if (_standingOf(log.head.tagOf()) != Standing.Suspended) revert StreamNotSuspended(id);
        if (suspension != log.suspensions) revert SuspensionUnexpected(id, log.suspensions, suspension);
        memberRegistry.requireQuorum(resumeDigest(id, suspension, reason), signers, signatures);

        log.resumedAt = uint40(block.timestamp);
        _stand(id, Standing.Open);
        emit Resumed(id, suspension, reason, signers);
    }

    /// @inheritdoc IAnchorLog
    function fence(bytes32 id, bytes32 reason, uint256 signers, bytes32[2][] calldata signatures) external {
        Head head = _requireStream(id).head;
        if (_standingOf(head.tagOf()) == Standing.Fenced) revert StreamFenced(id);
        memberRegistry.requireQuorum(fenceDigest(id, reason), signers, signatures);

        _stand(id, Standing.Fenced);
        emit Fenced(id, head.sizeOf(), head.nextLeafOf(), logRoot(id), reason, signers);
    }

    /// @inheritdoc IAnchorLog
    function openSuccessor(bytes32 id) external returns (bytes32 next) {
        Stream storage log = _requireStream(id);
        Head head = log.head;
        _requireSender(head.groupOf());
        if (_standingOf(head.tagOf()) != Standing.Fenced) revert StreamNotFenced(id);
        if (log.successor != 0) revert SuccessorExists(id, log.successor);

        next = _open(head.groupOf());
        log.successor = next;
        // The end cannot move any more. As the first leaf of the successor's log it is bound into everything after it,
        // also for those who see no more of the chain than that log.
        bytes32 end = Sha256Leaf.leaf(KIND_END, id, head.sizeOf(), logRoot(id));
        Stream storage begun = _streams[next];
        begun.peaks[0] = Sha256Leaf.anchorLeaf(next, 0, end, 1, 0);
        begun.head = packHead(head.groupOf(), 1, 1, 0);
        emit Anchored(next, 0, end, 1, 0);
        emit Succeeded(id, next, end);
    }

    /// @inheritdoc IAnchorLog
    function ackDigest(bytes32 id, Ack calldata ack) public view returns (bytes32) {
        return
            sha256(
                abi.encodePacked(
                    "twinward/ack@1",
                    block.chainid,
                    address(this),
                    id,
                    ack.first,
                    ack.count,
                    ack.root,
                    ack.acceptedAt,
                    ack.anchorBy
                )
            );
    }

    /// @inheritdoc IAnchorLog
    function resumeDigest(bytes32 id, uint32 suspension, bytes32 reason) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(RESUME_TYPE, id, suspension, reason)));
    }

    /// @inheritdoc IAnchorLog
    function fenceDigest(bytes32 id, bytes32 reason) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(FENCE_TYPE, id, reason)));
    }

    function _suspend(bytes32 id, Breach breach, bytes32 digest) private {
        uint32 suspension = ++_streams[id].suspensions;
        _stand(id, Standing.Suspended);
        emit Suspended(id, suspension, breach, digest, msg.sender);
    }

    /// @dev A promise of this stream's gateway that still counts. What is suspended or fenced already cannot be again:
    /// nobody can fill the log with one breach.
    function _requireAck(bytes32 id, Ack calldata ack) private view returns (bytes32 digest) {
        Stream storage log = _requireStream(id);
        _requireOpen(id, log.head.tagOf());
        if (ack.anchorBy <= log.resumedAt) revert AckForgiven(id, ack.anchorBy, log.resumedAt);
        return _requireSigned(id, ack);
    }

    /// @dev After a resume the log must have had the time to reach what had waited.
    function _dueAt(bytes32 id, uint64 anchorBy) private view returns (uint64) {
        uint64 resumedAt = _streams[id].resumedAt;
        if (resumedAt == 0 || anchorBy >= resumedAt + RESUME_GRACE) return anchorBy;
        return resumedAt + RESUME_GRACE;
    }

    function _requireSigned(bytes32 id, Ack calldata ack) private view returns (bytes32 digest) {
        // By the key of that time, so that no change of keys, and no leaving, frees a gateway from what it promised. A
        // former key that was stolen could promise backwards in time for ever: so it does for no longer than a while.
        (bytes32 x, bytes32 y, uint64 until) = memberRegistry.gatewayKeyAt(
            _streams[id].head.groupOf(),
            ack.acceptedAt / 1000
        );
        digest = ackDigest(id, ack);
        bool outlived = until != 0 && ack.anchorBy > until + KEY_GRACE;
        if (outlived || !EcdsaP256.verify(digest, ack.r, ack.s, x, y)) revert AckNotSigned(id, digest);
    }

    function _requireStream(bytes32 id) private view returns (Stream storage log) {
        log = _streams[id];
        if (log.head.isZero()) revert StreamUnknown(id);
    }

    /// @dev Position of a leaf that is where the promise says.
    function _positionOf(Ack calldata ack, Place calldata place) private view returns (uint64) {
        _requirePlace(place, ack.count, ack.root);
        return ack.first + place.index;
    }

    function _requirePlace(Place calldata place, uint64 count, bytes32 root) private view {
        if (!Rfc6962.verifyInclusion(place.leaf, place.index, count, place.path, root)) {
            revert PlaceInvalid(place.leaf, place.index);
        }
    }

    function _requireBeyond(bytes32 id, Ack calldata ack, uint64 nextLeaf) private pure {
        uint64 until = ack.first + ack.count;
        if (until <= nextLeaf) revert AckKept(id, until, nextLeaf);
    }

    function _requireContrary(uint64 position, bytes32 leaf, uint64 other, bytes32 otherLeaf) private pure {
        if (position != other) revert PlacesDiffer(position, other);
        if (leaf == otherLeaf) revert LeafSame(leaf);
    }
}
