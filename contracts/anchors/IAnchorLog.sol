// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Which batches were anchored, in which order?
/// @notice Per stream an append-only RFC 6962 tree over anchor leaves, kept as its frontier: every batch ever anchored
/// can be proven against the present state, and nothing can be put in between or taken out.
/// @notice A gateway that breaks a promise (an ack@1) can be convicted of it here by anybody who holds the promise: its
/// stream takes no more anchors until a quorum of members resumes it, or fences it for good.
/// @dev Warning: a conviction says that the gateway did not do what it signed, not why. A chain that stood still makes
/// promises overdue as well; that is for members to judge. And nothing here says anything against a device.
interface IAnchorLog {
    /// @dev open ↔ suspended (a challenge; members resume) → fenced (members; for good). Open streams may be fenced too.
    enum Standing {
        Open,
        Suspended,
        Fenced
    }

    /// @notice What a promise was broken by.
    enum Breach {
        Overdue, // due, and not all anchored yet
        Late, // anchored after it was due
        Misplaced, // another leaf is anchored at the promised position
        Contradicted // another promise gives the position to another leaf
    }

    // The order is that of what is signed, and of the words that a reader knows.
    /* solhint-disable gas-struct-packing */

    /// @notice What a gateway signs in an ack@1, without what this contract knows itself, and the signature (any s).
    struct Ack {
        uint64 first; // position of the first leaf
        uint64 count; // leaves
        bytes32 root; // RFC 6962 root over them
        uint64 acceptedAt; // ms
        uint64 anchorBy; // seconds
        bytes32 r;
        bytes32 s;
    }

    /// @notice One leaf's place in a promise or in a batch.
    struct Place {
        bytes32 leaf;
        uint64 index;
        bytes32[] path;
    }

    /// @notice A batch of the stream and its path in the present log.
    struct Batch {
        uint64 number;
        bytes32 root;
        uint64 count;
        uint64 firstLeaf;
        bytes32[] path;
    }

    /* solhint-enable gas-struct-packing */

    event StreamOpened(bytes32 indexed stream, address indexed group, uint64 n);
    event Anchored(bytes32 indexed stream, uint64 indexed number, bytes32 root, uint64 count, uint64 firstLeaf);
    /// @notice `ack` is the SHA-256 of what the gateway signed; its numbers are anybody's and stay out of the log.
    event Suspended(bytes32 indexed stream, uint32 indexed suspension, Breach breach, bytes32 ack, address by);
    event Resumed(bytes32 indexed stream, uint32 indexed suspension, bytes32 reason, uint256 signers);
    event Fenced(
        bytes32 indexed stream,
        uint64 size,
        uint64 nextLeaf,
        bytes32 logRoot,
        bytes32 reason,
        uint256 signers
    );
    event Succeeded(bytes32 indexed stream, bytes32 indexed successor, bytes32 end);

    error StreamUnknown(bytes32 stream);
    error StreamSuspended(bytes32 stream);
    error StreamFenced(bytes32 stream);
    error StreamNotSuspended(bytes32 stream);
    error StreamNotFenced(bytes32 stream);
    error SuspensionUnexpected(bytes32 stream, uint32 expected, uint32 got);
    error SuccessorExists(bytes32 stream, bytes32 successor);
    error SenderNotOfGroup(address group, address sender);
    error AnchorNumberUnexpected(bytes32 stream, uint64 expected, uint64 got);
    error BatchEmpty(bytes32 stream, uint64 number);
    error BatchesTooMany(bytes32 stream, uint64 size);
    error LeavesTooMany(bytes32 stream, uint64 nextLeaf, uint64 count);
    error AckNotSigned(bytes32 stream, bytes32 ack);
    error AckForgiven(bytes32 stream, uint64 anchorBy, uint64 resumedAt);
    error AckNotDue(bytes32 stream, uint64 anchorBy, uint64 time);
    error AckKept(bytes32 stream, uint64 promisedUntil, uint64 nextLeaf);
    error PeriodNotProving(bytes32 stream, uint64 period);
    error PlaceInvalid(bytes32 leaf, uint64 index);
    error PlacesDiffer(uint64 first, uint64 second);
    error LeafSame(bytes32 leaf);
    error BatchNotInLog(bytes32 stream, uint64 number);

    /// @notice Opens the group's next stream; by a sender of the group. Not while one of its streams is suspended, or fenced
    /// without a successor: who was convicted cannot go on elsewhere before members have decided.
    /// @return stream keccak256(abi.encode(chainId, this log, group, n)), n from 0 per group
    function openStream(address group) external returns (bytes32 stream);

    /// @notice Anchors the next batch; by a sender of the stream's group, while the stream is open.
    /// @dev Compare and swap on the number: a sender who does not know whether its transaction was mined sends it
    /// again; the second time reverts with `AnchorNumberUnexpected` and changes nothing.
    /// @param number the stream's size before this batch
    /// @param root RFC 6962 root over the batch's leaves
    /// @param count leaves in the batch, at least 1
    function anchor(bytes32 stream, uint64 number, bytes32 root, uint64 count) external;

    /// @notice Suspends a stream: the promise is due, and its last position is not anchored yet. A promise is due when it says,
    /// and not before `RESUME_GRACE` after members resumed the stream: whoever goes on has that long to anchor what waits.
    /// @dev Open to challenge only until the leaves are anchored; afterwards `challengeLate` is left.
    function challengeOverdue(bytes32 stream, Ack calldata ack) external;

    /// @notice Suspends a stream: when the first batch of `period` was anchored, the promise was due and its last
    /// position not anchored.
    /// @dev Convicts of every delay of more than `PERIOD` seconds, also long after, and of shorter ones where a period
    /// began in between. Not of a stream's first batch after a silence of a whole multiple of 2¹⁴ periods (114 days).
    /// @param period number of a period, seconds since 1970 divided by `PERIOD`
    function challengeLate(bytes32 stream, Ack calldata ack, uint64 period) external;

    /// @notice Suspends a stream: another leaf than the promised one is anchored at its position.
    /// @param promised the leaf's place in the promise
    /// @param anchored what is at that position: a place in the batch
    function challengeMisplaced(
        bytes32 stream,
        Ack calldata ack,
        Place calldata promised,
        Batch calldata batch,
        Place calldata anchored
    ) external;

    /// @notice Suspends a stream: two promises give one position to two leaves. Needs nothing of the gateway's.
    function challengeContradicted(
        bytes32 stream,
        Ack calldata ack,
        Place calldata promised,
        Ack calldata otherAck,
        Place calldata other
    ) external;

    /// @notice Lets a suspended stream go on, by a quorum of members. What was due by now is forgiven: it can suspend the
    /// stream no more.
    /// @param suspension the one that is lifted, so that no signature lifts a later one
    /// @param signers,signatures as `IMemberRegistry.requireQuorum` takes them, over `resumeDigest`
    function resume(
        bytes32 stream,
        uint32 suspension,
        bytes32 reason,
        uint256 signers,
        bytes32[2][] calldata signatures
    ) external;

    /// @notice Ends a stream for good, by a quorum of members: nothing is anchored in it any more.
    /// @param signers,signatures as `IMemberRegistry.requireQuorum` takes them, over `fenceDigest`
    function fence(bytes32 stream, bytes32 reason, uint256 signers, bytes32[2][] calldata signatures) external;

    /// @notice Opens the one successor of a fenced stream, as the group's next stream; by a sender of the group. This log
    /// itself anchors the end of the old one as batch 0 of the new one: one leaf of kind 12 with the old stream as
    /// subject, its batches as sequence and its log root as content.
    function openSuccessor(bytes32 stream) external returns (bytes32 successor);

    /// @notice The group, the batches and the leaves so far. Zeros for an unknown stream.
    function stream(bytes32 id) external view returns (address group, uint64 size, uint64 nextLeaf);

    /// @notice Whether the stream takes anchors, how often it was suspended, when it was last resumed (seconds; zero:
    /// never), and its successor (zero: none).
    function standing(
        bytes32 id
    ) external view returns (Standing now_, uint32 suspensions, uint64 resumedAt, bytes32 successor);

    /// @notice Leaves that were anchored before the first anchor of a period; `known` is false where none fell into it.
    function reachedBefore(bytes32 stream, uint64 period) external view returns (bool known, uint64 leaves);

    /// @notice Seconds in a period.
    function PERIOD() external view returns (uint64);

    /// @notice Seconds after a resume before anything falls due.
    function RESUME_GRACE() external view returns (uint64);

    /// @notice Seconds after a gateway's key ended until which what it promised before may fall due. A promise is held
    /// against the key of the time at which it was accepted; one that falls due later is nobody's.
    function KEY_GRACE() external view returns (uint64);

    /// @notice SHA-256 of what a gateway signs: "twinward/ack@1" ‖ chainId u256 ‖ this log 20 ‖ stream 32 ‖ first u64 ‖
    /// count u64 ‖ root 32 ‖ acceptedAt u64 ‖ anchorBy u64.
    function ackDigest(bytes32 stream, Ack calldata ack) external view returns (bytes32);

    /// @notice EIP-712: Resume(bytes32 stream,uint32 suspension,bytes32 reason)
    function resumeDigest(bytes32 stream, uint32 suspension, bytes32 reason) external view returns (bytes32);

    /// @notice EIP-712: Fence(bytes32 stream,bytes32 reason)
    function fenceDigest(bytes32 stream, bytes32 reason) external view returns (bytes32);

    /// @notice How many streams a group has opened.
    function streamCount(address group) external view returns (uint64);

    /// @notice The id of a group's stream n, opened or not.
    function streamId(address group, uint64 n) external view returns (bytes32);

    /// @notice Roots of the full subtrees over the anchor leaves, largest first: one for each set bit of the size.
    function frontier(bytes32 id) external view returns (bytes32[] memory peaks);

    /// @notice RFC 6962 root over all anchor leaves of the stream; SHA-256 of nothing while there are none.
    function logRoot(bytes32 id) external view returns (bytes32);

    /// @notice Whether `leaf` is number `index` of `count` leaves under `root`. Exact path length.
    function verifyLeaf(
        bytes32 leaf,
        uint64 index,
        uint64 count,
        bytes32[] calldata path,
        bytes32 root
    ) external view returns (bool);

    /// @notice Whether this batch is in the stream, proven against its present state.
    /// @param size the size that the path was made for; false unless it is the present one
    function verifyBatch(
        bytes32 id,
        uint64 number,
        bytes32 root,
        uint64 count,
        uint64 firstLeaf,
        uint64 size,
        bytes32[] calldata path
    ) external view returns (bool);
}
