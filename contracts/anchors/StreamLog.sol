// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Rfc6962} from "../lib/Rfc6962.sol";
import {Sha256Leaf} from "../lib/Sha256Leaf.sol";
import {IMemberRegistry} from "../members/IMemberRegistry.sol";
import {Head, LEAVES_MAX, packHead, SIZE_MAX} from "./Head.sol";
import {IAnchorLog} from "./IAnchorLog.sol";

/// @title Streams and their batches
/// @dev The half of AnchorLog that every anchor pays for.
abstract contract StreamLog is IAnchorLog {
    struct Stream {
        Head head;
        /// @dev By height; alive where the size has that bit. A merged peak is left as it is: writing over it later
        /// costs less than clearing it now.
        bytes32[32] peaks;
        uint32 suspensions; // ┐ one slot
        uint40 resumedAt; // ┘ seconds
        bytes32 successor;
        /// @dev Leaves before the first anchor of a period, plus one; zero: none fell into it.
        mapping(uint256 period => uint256) reached;
    }

    /// @inheritdoc IAnchorLog
    uint64 public constant PERIOD = 600;
    /// @inheritdoc IAnchorLog
    uint64 public constant RESUME_GRACE = 600;
    /// @inheritdoc IAnchorLog
    uint64 public constant KEY_GRACE = 1 days;

    uint256 private constant STANDING_BITS = 2;
    uint256 private constant STANDING_MASK = 3;
    uint256 private constant TAG_MASK = type(uint16).max;

    IMemberRegistry public immutable memberRegistry;

    mapping(bytes32 id => Stream) internal _streams;
    mapping(address group => uint64) public streamCount;

    constructor(IMemberRegistry memberRegistry_) {
        memberRegistry = memberRegistry_;
    }

    /// @inheritdoc IAnchorLog
    function openStream(address group) external returns (bytes32 id) {
        _requireSender(group);
        _requireSettled(group);
        return _open(group);
    }

    /// @inheritdoc IAnchorLog
    function anchor(bytes32 id, uint64 number, bytes32 root, uint64 count) external {
        Stream storage log = _streams[id];
        Head head = log.head;
        if (head.isZero()) revert StreamUnknown(id);
        _requireSender(head.groupOf());
        uint64 size = head.sizeOf();
        uint64 firstLeaf = head.nextLeafOf();
        if (number != size) revert AnchorNumberUnexpected(id, size, number);
        if (count == 0) revert BatchEmpty(id, number);
        unchecked {
            // 64 bits each, added in 256: nothing overflows before it is refused.
            if (uint256(firstLeaf) + count > LEAVES_MAX) revert LeavesTooMany(id, firstLeaf, count);
            if (size == SIZE_MAX) revert BatchesTooMany(id, size);
            uint256 period = block.timestamp / PERIOD;
            uint256 tag = (period << STANDING_BITS) & TAG_MASK;
            if (head.tagOf() != tag) {
                _requireOpen(id, head.tagOf());
                log.reached[period] = uint256(firstLeaf) + 1;
            }

            bytes32 peak = Sha256Leaf.anchorLeaf(id, number, root, count, firstLeaf);
            // Each trailing set bit of the size is a full subtree that the new leaf completes: 32 peaks for 32 bits.
            bytes32[32] storage peaks = log.peaks;
            uint256 height = 0;
            for (uint256 rest = size; rest & 1 == 1; rest >>= 1) {
                peak = Sha256Leaf.node(peaks[height], peak);
                ++height;
            }
            peaks[height] = peak;
            log.head = packHead(head.groupOf(), uint256(size) + 1, uint256(firstLeaf) + count, tag);
        }
        emit Anchored(id, number, root, count, firstLeaf);
    }

    /// @inheritdoc IAnchorLog
    function stream(bytes32 id) external view returns (address group, uint64 size, uint64 nextLeaf) {
        Head head = _streams[id].head;
        return (head.groupOf(), head.sizeOf(), head.nextLeafOf());
    }

    /// @inheritdoc IAnchorLog
    function standing(bytes32 id) external view returns (Standing, uint32, uint64, bytes32) {
        Stream storage log = _streams[id];
        return (_standingOf(log.head.tagOf()), log.suspensions, log.resumedAt, log.successor);
    }

    /// @inheritdoc IAnchorLog
    function reachedBefore(bytes32 id, uint64 period) external view returns (bool known, uint64 leaves) {
        uint256 reached = _streams[id].reached[period];
        return reached == 0 ? (false, 0) : (true, uint64(reached - 1));
    }

    /// @inheritdoc IAnchorLog
    function verifyLeaf(
        bytes32 leaf,
        uint64 index,
        uint64 count,
        bytes32[] calldata path,
        bytes32 root
    ) external view returns (bool) {
        return Rfc6962.verifyInclusion(leaf, index, count, path, root);
    }

    /// @inheritdoc IAnchorLog
    function verifyBatch(
        bytes32 id,
        uint64 number,
        bytes32 root,
        uint64 count,
        uint64 firstLeaf,
        uint64 size,
        bytes32[] calldata path
    ) external view returns (bool) {
        if (size != _streams[id].head.sizeOf()) return false;
        return _isInLog(id, Sha256Leaf.anchorLeaf(id, number, root, count, firstLeaf), number, path);
    }

    /// @inheritdoc IAnchorLog
    function streamId(address group, uint64 n) public view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, address(this), group, n));
    }

    /// @inheritdoc IAnchorLog
    function logRoot(bytes32 id) public view returns (bytes32) {
        return Rfc6962.rootOf(frontier(id));
    }

    /// @inheritdoc IAnchorLog
    function frontier(bytes32 id) public view returns (bytes32[] memory peaks) {
        Stream storage log = _streams[id];
        uint256 size = log.head.sizeOf();
        uint256 count = 0;
        for (uint256 rest = size; rest != 0; rest &= rest - 1) ++count;
        peaks = new bytes32[](count);
        for (uint256 height = 0; count > 0; ++height) {
            if ((size >> height) & 1 == 1) peaks[--count] = log.peaks[height];
        }
    }

    function _open(address group) internal returns (bytes32 id) {
        uint64 n = streamCount[group];
        streamCount[group] = n + 1;
        id = streamId(group, n);
        _streams[id].head = packHead(group, 0, 0, 0);
        emit StreamOpened(id, group, n);
    }

    function _stand(bytes32 id, Standing next) internal {
        Head head = _streams[id].head;
        uint256 tag = (head.tagOf() & ~STANDING_MASK) | uint256(next);
        _streams[id].head = packHead(head.groupOf(), head.sizeOf(), head.nextLeafOf(), tag);
    }

    function _isInLog(bytes32 id, bytes32 leaf, uint64 number, bytes32[] calldata path) internal view returns (bool) {
        return Rfc6962.verifyInclusion(leaf, number, _streams[id].head.sizeOf(), path, logRoot(id));
    }

    function _requireSender(address group) internal view {
        if (!memberRegistry.isSender(group, msg.sender)) revert SenderNotOfGroup(group, msg.sender);
    }

    /// @dev Nothing of the group's waits for its members, or for its successor.
    function _requireSettled(address group) private view {
        uint64 count = streamCount[group];
        for (uint64 n = 0; n < count; ++n) {
            bytes32 id = streamId(group, n);
            Stream storage log = _streams[id];
            if (log.successor == 0) _requireOpen(id, log.head.tagOf());
        }
    }

    function _requireOpen(bytes32 id, uint256 tag) internal pure {
        Standing now_ = _standingOf(tag);
        if (now_ == Standing.Suspended) revert StreamSuspended(id);
        if (now_ == Standing.Fenced) revert StreamFenced(id);
    }

    function _standingOf(uint256 tag) internal pure returns (Standing) {
        return Standing(tag & STANDING_MASK);
    }
}
