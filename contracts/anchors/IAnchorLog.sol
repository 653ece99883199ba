// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Which batches were anchored, in which order?
/// @notice Per stream an append-only RFC 6962 tree over anchor leaves, kept as its frontier: every batch ever anchored
/// can be proven against the present state, and nothing can be put in between or taken out.
interface IAnchorLog {
    event StreamOpened(bytes32 indexed stream, address indexed group, uint64 n);
    event Anchored(bytes32 indexed stream, uint64 indexed number, bytes32 root, uint64 count, uint64 firstLeaf);

    error StreamUnknown(bytes32 stream);
    error SenderNotOfGroup(address group, address sender);
    error AnchorNumberUnexpected(bytes32 stream, uint64 expected, uint64 got);
    error BatchEmpty(bytes32 stream, uint64 number);
    error LeavesTooMany(bytes32 stream, uint64 nextLeaf, uint64 count);

    /// @notice Opens the group's next stream; by a sender of the group.
    /// @return stream keccak256(abi.encode(chainId, this log, group, n)), n from 0 per group
    function openStream(address group) external returns (bytes32 stream);

    /// @notice Anchors the next batch; by a sender of the stream's group.
    /// @dev Compare and swap on the number: a sender who does not know whether its transaction was mined sends it
    /// again; the second time reverts with `AnchorNumberUnexpected` and changes nothing.
    /// @param number the stream's size before this batch
    /// @param root RFC 6962 root over the batch's leaves
    /// @param count leaves in the batch, at least 1
    function anchor(bytes32 stream, uint64 number, bytes32 root, uint64 count) external;

    /// @notice The group, the batches and the leaves so far. Zeros for an unknown stream.
    function stream(bytes32 id) external view returns (address group, uint64 size, uint64 nextLeaf);

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
