// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Rfc6962} from "../lib/Rfc6962.sol";
import {Sha256Leaf} from "../lib/Sha256Leaf.sol";
import {IMemberRegistry} from "../members/IMemberRegistry.sol";
import {IAnchorLog} from "./IAnchorLog.sol";

/// @title The order of anchored batches
contract AnchorLog is IAnchorLog {
    /// @dev One slot, so that an anchor reads and writes one.
    struct Head {
        address group;
        uint48 size; // batches
        uint48 nextLeaf; // leaves
    }

    struct Stream {
        Head head;
        /// @dev By height; alive where the size has that bit. A merged peak is left as it is: writing over it later
        /// costs less than clearing it now.
        bytes32[48] peaks;
    }

    IMemberRegistry public immutable memberRegistry;

    mapping(bytes32 id => Stream) private _streams;
    mapping(address group => uint64) public streamCount;

    constructor(IMemberRegistry memberRegistry_) {
        memberRegistry = memberRegistry_;
    }

    /// @inheritdoc IAnchorLog
    function openStream(address group) external returns (bytes32 id) {
        _requireSender(group);
        uint64 n = streamCount[group];
        streamCount[group] = n + 1;
        id = streamId(group, n);
        _streams[id].head.group = group;
        emit StreamOpened(id, group, n);
    }

    /// @inheritdoc IAnchorLog
    function anchor(bytes32 id, uint64 number, bytes32 root, uint64 count) external {
        Stream storage log = _streams[id];
        Head memory head = log.head;
        if (head.group == address(0)) revert StreamUnknown(id);
        _requireSender(head.group);
        uint256 size = head.size;
        uint64 firstLeaf = head.nextLeaf;
        if (number != size) revert AnchorNumberUnexpected(id, uint64(size), number);
        if (count == 0) revert BatchEmpty(id, number);
        if (count > type(uint48).max - firstLeaf) revert LeavesTooMany(id, firstLeaf, count);

        bytes32 peak = Sha256Leaf.anchorLeaf(id, number, root, count, firstLeaf);
        unchecked {
            // Each trailing set bit of the size is a full subtree that the new leaf completes. Nothing overflows: the
            // leaves were counted above, there are at most as many batches as leaves, and 48 peaks for 48 bits.
            bytes32[48] storage peaks = log.peaks;
            uint256 height = 0;
            for (uint256 rest = size; rest & 1 == 1; rest >>= 1) {
                peak = Sha256Leaf.node(peaks[height], peak);
                ++height;
            }
            peaks[height] = peak;
            log.head = Head(head.group, uint48(size + 1), uint48(firstLeaf + count));
        }
        emit Anchored(id, number, root, count, firstLeaf);
    }

    /// @inheritdoc IAnchorLog
    function stream(bytes32 id) external view returns (address group, uint64 size, uint64 nextLeaf) {
        Head memory head = _streams[id].head;
        return (head.group, head.size, head.nextLeaf);
    }

    /// @inheritdoc IAnchorLog
    function logRoot(bytes32 id) external view returns (bytes32) {
        return Rfc6962.rootOf(frontier(id));
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
        return _verifyAnchor(id, Sha256Leaf.anchorLeaf(id, number, root, count, firstLeaf), number, size, path);
    }

    /// @inheritdoc IAnchorLog
    function streamId(address group, uint64 n) public view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, address(this), group, n));
    }

    /// @inheritdoc IAnchorLog
    function frontier(bytes32 id) public view returns (bytes32[] memory peaks) {
        Stream storage log = _streams[id];
        uint256 size = log.head.size;
        uint256 count = 0;
        for (uint256 rest = size; rest != 0; rest &= rest - 1) ++count;
        peaks = new bytes32[](count);
        for (uint256 height = 0; count > 0; ++height) {
            if ((size >> height) & 1 == 1) peaks[--count] = log.peaks[height];
        }
    }

    function _verifyAnchor(
        bytes32 id,
        bytes32 leaf,
        uint64 number,
        uint64 size,
        bytes32[] calldata path
    ) private view returns (bool) {
        if (size != _streams[id].head.size) return false;
        return Rfc6962.verifyInclusion(leaf, number, size, path, Rfc6962.rootOf(frontier(id)));
    }

    function _requireSender(address group) private view {
        if (!memberRegistry.isSender(group, msg.sender)) revert SenderNotOfGroup(group, msg.sender);
    }
}
