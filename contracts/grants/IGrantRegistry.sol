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
        bytes32 grant; // id of it, or of an opening of the glass
        address reader;
        uint8 purpose; // the bit's place, not the bitmap: an ask names one
        uint64 segments; // bitmap; of a command the segments it sets
    }

    /// @notice In the order of the checks: the first that applies is the answer. The last two are of an opening
    /// (IBreakGlass.sol) what GrantRevoked and GrantExpired are of a grant, and stand in their place.
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
        ConsentMissing,
        SegmentsNotGranted,
        DeviceQuarantined,
        CommandNotInTwin,
        BreakGlassEnded,
        BreakGlassExpired
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
    event ConsentSet(bytes32 indexed twin, address indexed reader, uint8 purposes, address by);
    /// @notice Whether a server that cannot see the chain honours the grant for a while: docs/access.md.
    event ContinuitySet(bytes32 indexed grant, bool on);
    event NonceCancelled(address indexed signer, uint256 nonce);
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
    error NotSubject(bytes32 twin, address speaker);
    error BatchUneven(uint256 grants, uint256 nonces);
    error SignatureExpired(uint40 deadline, uint256 present);
    error SignatureInvalid(address signer, bytes32 digest);

    /// @notice Gives a reader a part of a twin; by the steward of the twin's device.
    /// @param device of the twin; known beforehand it need not be looked up
    /// @param nonce any that the steward has not used
    /// @return id keccak256(abi.encode(twin, reader, grantor, parent, nonce)), parent zero
    function grant(bytes32 device, Grant calldata given, uint256 nonce) external returns (bytes32 id);

    /// @notice The same, sent by anybody for the steward.
    /// @param deadline last second in which the signature counts
    /// @param signature EIP-712, Grant(bytes32 twin,address reader,uint40 from,uint40 until,uint64 segments,uint8 purposes,
    /// uint8 depth,bytes32 parent,uint32 epoch,uint256 nonce,uint40 deadline) without the line's break, by the steward of
    /// the day: 65 bytes, or what its ERC-1271 contract takes. The parent is zero, the epoch the twin's present one
    function relayGrant(
        bytes32 device,
        Grant calldata given,
        uint256 nonce,
        uint40 deadline,
        bytes calldata signature
    ) external returns (bytes32 id);

    /// @notice Several grants on twins of one device under one signature; all of them or none.
    /// @param signature as in `relayGrant`, over GrantBatch(Grant[] grants)
    function relayGrants(
        bytes32 device,
        Grant[] calldata given,
        uint256[] calldata nonces,
        uint40 deadline,
        bytes calldata signature
    ) external returns (bytes32[] memory ids);

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

    /// @notice The same, sent by anybody for the reader of the parent.
    /// @param grantor that reader
    /// @param signature as in `relayGrant`, with the parent, by the grantor
    function relayDelegation(
        bytes32 device,
        Grant calldata given,
        uint256 nonce,
        address grantor,
        Source calldata source,
        uint40 deadline,
        bytes calldata signature
    ) external returns (bytes32 id);

    /// @notice Ends a grant now and for good, and what was passed on of it; by whoever gave it, or by the steward of the
    /// twin's device at this time. All grants of a twin at once: `TwinRegistry.raiseEpoch`.
    function revoke(bytes32 twin, address reader, Source calldata source) external;

    /// @notice The same, sent by anybody for whoever may revoke it.
    /// @param signer who gave it, or the steward of the twin's device at this time
    /// @param deadline last second in which the signature counts
    /// @param signature EIP-712, Revocation(bytes32 grant,uint40 deadline), by the signer: 65 bytes, or what its ERC-1271 contract
    /// takes. It needs no nonce: a grant is revoked once
    function relayRevocation(
        bytes32 twin,
        address reader,
        address signer,
        Source calldata source,
        uint40 deadline,
        bytes calldata signature
    ) external;

    /// @notice Lets a server honour a grant for at most an hour after it has last seen the chain, or no longer; by the steward of the
    /// twin's device at this time. Off for every new grant, also for one that is passed on from one that has it. Only for purposes
    /// among care and emergency (`PurposesRefused`). It changes nothing of what the chain itself says.
    function setContinuity(bytes32 twin, address reader, bool on, Source calldata source) external;

    /// @notice Whether `setContinuity` is on.
    function hasContinuity(bytes32 grant) external view returns (bool);

    /// @notice Says for which purposes a reader may read a twin, where the twin asks for consent: given, changed and (zero)
    /// withdrawn; by the subject of the twin's assignment or its guardian. It gives nothing without a grant. A bit that is no
    /// purpose is refused (`PurposesRefused`).
    function setConsent(bytes32 twin, address reader, uint8 purposes) external;

    /// @notice The same, sent by anybody.
    /// @param signer the subject or its guardian
    /// @param deadline last second in which the signature counts
    /// @param signature EIP-712, Consent(bytes32 twin,address reader,uint8 purposes,uint256 nonce,uint40 deadline), by the
    /// signer: 65 bytes, or what its ERC-1271 contract takes. The nonce is how often this consent was set before, so
    /// whatever is set ends all signatures that were not used
    function relayConsent(
        bytes32 twin,
        address reader,
        uint8 purposes,
        address signer,
        uint40 deadline,
        bytes calldata signature
    ) external;

    /// @notice Makes a nonce of the caller's unusable, and with it a signature that was not used yet.
    function cancelNonce(uint256 nonce) external;

    /// @notice What the subject agreed to for a reader of a twin, and how often that was set.
    function consentOf(bytes32 twin, address reader) external view returns (uint8 purposes, uint64 changes);

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
    /// grant's id out of twin and reader, the answer is GrantForOther. None for an oracle and for an opening
    function explain(Ask calldata ask, Source[] calldata chain) external view returns (Reason);

    /// @notice Whether a grantor has used this nonce.
    function isNonceUsed(address grantor, uint256 nonce) external view returns (bool);
}
