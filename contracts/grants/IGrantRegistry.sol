// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Terms} from "./Terms.sol";

/// @title Who may do what with a twin, now, and if not, why not?
/// @notice One rule, the same as server/access/decide.ts; test/vectors/decisions.json holds the two together.
/// Purposes: bit 0 care, 1 emergency, 2 research, 3 maintenance, 4 audit, 5 security.
interface IGrantRegistry {
    /// @notice What is given. Time is [from, until), in seconds.
    struct Grant {
        bytes32 twin;
        address reader;
        uint40 from;
        uint40 until; // mandatory
        uint64 segments; // bitmap, part of the twin's
        uint8 purposes; // bitmap, never with security
        uint8 depth; // how often it may be passed on, one after the other: 0 to 3
    }

    /// @notice Where a grant comes from. With its twin and its reader it makes the id, and so it proves all five: the
    /// chain stores of a grant only what it permits.
    struct Source {
        address grantor;
        bytes32 parent; // id of the grant that was passed on; zero for a steward's own
        uint256 nonce; // of the grantor
    }

    enum Action {
        Read,
        Command
    }

    /// @notice What somebody wants to do now.
    struct Ask {
        Action action;
        bytes32 device;
        bytes32 twin; // of that device
        bytes32 grant; // id
        address reader;
        uint8 purpose; // the bit's place, not the bitmap: an ask names one
        uint64 segments; // bitmap; of a command the segments it sets
    }

    /// @notice In the order of the checks: the first that applies is the answer.
    enum Reason {
        Permitted,
        TwinUnknown,
        TwinEnded,
        DeviceRetired,
        SecurityTwinOnly,
        ReaderNotOracle,
        GrantUnknown,
        GrantForOther,
        GrantRevoked,
        EpochRaised,
        ParentRevoked,
        GrantNotStarted,
        GrantExpired,
        PurposeNotGranted,
        SegmentsNotGranted,
        DeviceQuarantined,
        CommandNotInTwin
    }

    /// @param nonce of the grantor; with twin, reader, grantor and parent it makes the id
    /// @param terms what is permitted, bit by bit: Terms.sol
    event Granted(
        bytes32 indexed grant,
        bytes32 indexed twin,
        address indexed reader,
        address grantor,
        uint256 nonce,
        Terms terms
    );
    /// @notice After the `Granted` of a grant that was passed on: what it is a part of.
    event Delegated(bytes32 indexed grant, bytes32 indexed parent);
    event Revoked(bytes32 indexed grant, address indexed by);

    error TwinUnknown(bytes32 twin);
    error TwinEnded(bytes32 twin);
    error DeviceRetired(bytes32 device);
    error SecurityTwinOnly(bytes32 twin);
    error NotSteward(bytes32 device, address caller, address steward);
    error ReaderZero();
    error GrantTermEmpty(uint40 from, uint40 until);
    error GrantExpired(uint40 until, uint256 present);
    error SegmentsNotInTwin(bytes32 twin, uint64 segments, uint64 twinSegments);
    error PurposesRefused(uint8 purposes);
    error DepthTooGreat(uint8 depth, uint8 most);
    error NonceUsed(address grantor, uint256 nonce);
    error GrantUnknown(bytes32 grant);
    error GrantRevoked(bytes32 grant, uint40 revokedAt);
    error EpochRaised(bytes32 twin, uint32 epoch, uint32 present);
    error DelegationExceedsParent(bytes32 parent);

    /// @notice Gives a reader a part of a twin; by the steward of the twin's device.
    /// @param device of the twin; known beforehand it need not be looked up
    /// @param nonce any that the steward has not used
    /// @return id keccak256(abi.encode(twin, reader, grantor, parent, nonce)), parent zero
    function grant(bytes32 device, Grant calldata given, uint256 nonce) external returns (bytes32 id);

    /// @notice Passes a grant on, or a part of it; by its reader. The child has no more than the parent in segments,
    /// purposes and time, and less in depth (`DelegationExceedsParent`), and permits only while the whole chain of
    /// grants above it is unrevoked.
    /// @dev Warning: only the parent is looked at here, not what is above it; a child of a chain that was cut further
    /// up is given and permits nothing.
    /// @param source of the parent, which is the caller's grant on the same twin
    function delegate(
        bytes32 device,
        Grant calldata given,
        uint256 nonce,
        Source calldata source
    ) external returns (bytes32 id);

    /// @notice Ends a grant now and for good, and what was passed on of it; by whoever gave it, or by the steward of the
    /// twin's device at this time. All grants of a twin at once: `TwinRegistry.raiseEpoch`.
    function revoke(bytes32 twin, address reader, Source calldata source) external;

    /// @notice What was given under this id; `until` zero: nothing. Twin, reader and source are in its `Granted`.
    /// @return from seconds
    /// @return until seconds, exclusive
    /// @return segments bitmap
    /// @return purposes bitmap
    /// @return depth how often it may be passed on
    /// @return epoch of the twin when it was given
    /// @return revokedAt seconds; zero: not revoked
    function grantOf(
        bytes32 id
    )
        external
        view
        returns (
            uint40 from,
            uint40 until,
            uint64 segments,
            uint8 purposes,
            uint8 depth,
            uint32 epoch,
            uint40 revokedAt
        );

    /// @notice Whether `explain` says Permitted.
    function canRead(Ask calldata ask, Source[] calldata chain) external view returns (bool);

    /// @notice Permitted, or the first reason why not, at this block's time.
    /// @dev Warning: the chain does not know which commands lead to a safe state, so it refuses every command on a
    /// quarantined device; the server permits those that the device model calls safe.
    /// @param chain the sources of the grant and of all above it, the reader's own first. Where they do not make the
    /// grant's id out of twin and reader, the answer is GrantForOther. None for an oracle
    function explain(Ask calldata ask, Source[] calldata chain) external view returns (Reason);

    /// @notice Whether a grantor has used this nonce.
    function nonceUsed(address grantor, uint256 nonce) external view returns (bool);
}
