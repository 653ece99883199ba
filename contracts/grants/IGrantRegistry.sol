// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Who may do what with a twin, now, and if not, why not?
/// @notice One rule, the same as server/access/decide.ts; test/vectors/decisions.json holds the two together.
/// Purposes: bit 0 care, 1 emergency, 2 research, 3 maintenance, 4 audit, 5 security.
interface IGrantRegistry {
    /// @notice What a steward gives. Time is [from, until), in seconds.
    struct Grant {
        bytes32 twin;
        address reader;
        uint40 from;
        uint40 until; // mandatory
        uint64 segments; // bitmap, part of the twin's
        uint8 purposes; // bitmap, never with security
    }

    enum Action {
        Read,
        Command
    }

    /// @notice What somebody wants to do now.
    struct Ask {
        Action action;
        bytes32 twin;
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
        GrantNotStarted,
        GrantExpired,
        PurposeNotGranted,
        SegmentsNotGranted,
        DeviceQuarantined,
        CommandNotInTwin
    }

    event Granted(
        bytes32 indexed grant,
        bytes32 indexed twin,
        address indexed reader,
        address grantor,
        uint40 from,
        uint40 until,
        uint64 segments,
        uint8 purposes
    );
    event Revoked(bytes32 indexed grant, bytes32 indexed twin, address by);

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
    error NonceUsed(address grantor, uint256 nonce);
    error GrantUnknown(bytes32 grant);
    error GrantAlreadyRevoked(bytes32 grant, uint40 revokedAt);

    /// @notice Gives a reader a part of a twin; by the steward of the twin's device.
    /// @param nonce any that the steward has not used
    /// @return id keccak256(abi.encode(twin, reader, grantor, parent, nonce)), parent zero
    function grant(Grant calldata given, uint256 nonce) external returns (bytes32 id);

    /// @notice Ends a grant now and for good; by the steward of the twin's device at this time.
    function revoke(bytes32 id) external;

    /// @notice What was given, by whom, and when it was revoked (seconds; zero: not). Zeros where there is none.
    function grantOf(bytes32 id) external view returns (Grant memory given, address grantor, uint40 revokedAt);

    /// @notice Whether `explain` says Permitted.
    function canRead(Ask calldata ask) external view returns (bool);

    /// @notice Permitted, or the first reason why not, at this block's time.
    /// @dev Warning: the chain does not know which commands lead to a safe state, so it refuses every command on a
    /// quarantined device; the server permits those that the device model calls safe.
    function explain(Ask calldata ask) external view returns (Reason);

    /// @notice Whether a grantor has used this nonce.
    function nonceUsed(address grantor, uint256 nonce) external view returns (bool);
}
