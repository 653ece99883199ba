// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title What did a quorum of oracles find about a device?
/// @notice A verdict rests on anchored batches and moves the device's state. It is superseded, never overwritten, and
/// never takes data away from care (see `IGrantRegistry.explain`).
interface IVerdictOracle {
    /// @notice What every signer of a verdict has computed itself: integers only, so that honest oracles agree.
    struct Verdict {
        bytes32 oracleSet; // MemberRegistry.oracleSetDigest()
        bytes32 stream; // the device's home stream, or one that succeeds it
        uint64 round; // batches [10·round, 10·round + 10) of the stream
        uint64 firstBatch; // 10·round
        uint64 lastBatch; // the last batch judged, inclusive
        bytes32 device;
        uint64 firstSequence; // of the leaves judged
        uint64 lastSequence; // inclusive
        uint8 kind; // 1 suspect, 2 quarantine, 3 readmission
        uint8 severity; // 1 to 5
        bytes32 model; // hash of the model that judged
        bytes32 leavesRoot; // RFC 6962 root over the judged leaves, in order
    }

    event VerdictReached(
        bytes32 indexed digest,
        bytes32 indexed device,
        uint64 indexed round,
        Verdict verdict,
        uint32 signers
    );
    event RoundCleared(bytes32 indexed stream, uint64 indexed round, bytes32 root, uint32 signers);

    error VerdictStale(bytes32 device, uint64 round, uint8 severity, uint64 latestRound, uint8 latestSeverity);
    error TransmitterNotOracle(address transmitter);
    error OracleSetUnexpected(bytes32 expected, bytes32 got);
    error RoundBoundsUnexpected(uint64 round, uint64 firstBatch, uint64 lastBatch);
    error SequenceTooLarge(uint64 sequence, uint64 most);
    error SequencesUnexpected(uint64 firstSequence, uint64 lastSequence);
    error EvidenceNotAnchored(bytes32 stream, uint64 lastBatch, uint64 size);
    error StreamNotHome(bytes32 device, bytes32 homeStream, bytes32 stream);
    error KindUnknown(uint8 kind);
    error SeverityUnexpected(uint8 severity);
    error ReadmissionUnexpected(bytes32 device, uint8 state);
    error SignatureCountUnexpected(uint256 needed, uint256 got);
    error SignatureNotOracle(uint8 bit, address recovered);
    error RoundAlreadyCleared(bytes32 stream, uint64 round, bytes32 root);
    error RootZero();

    /// @notice Lets a verdict act; by an oracle, with exactly f + 1 signatures (readmission: 2f + 1).
    /// @param v EIP-712 type `Verdict(bytes32 oracleSet,bytes32 stream,uint64 round,uint64 firstBatch,uint64 lastBatch,
    /// bytes32 device,uint64 firstSequence,uint64 lastSequence,uint8 kind,uint8 severity,bytes32 model,
    /// bytes32 leavesRoot)`, in one line
    /// @param signers bit i: oracle i of `MemberRegistry.oracles()`
    /// @param signatures ERC-2098 (r, vs), lowest bit first
    function transmit(Verdict calldata v, uint32 signers, bytes32[2][] calldata signatures) external;

    /// @notice Says that a whole round was judged and nothing found in it; by an oracle, with exactly 2f + 1
    /// signatures over `AllClear(bytes32 oracleSet,bytes32 stream,uint64 round,bytes32 root)`; once per round, after
    /// its last batch. A round without one is visible.
    function allClear(
        bytes32 stream,
        uint64 round,
        bytes32 root,
        uint32 signers,
        bytes32[2][] calldata signatures
    ) external;

    /// @notice Batches in a round.
    function BATCHES_PER_ROUND() external view returns (uint64);

    /// @notice The EIP-712 digest that an oracle signs for a verdict; its id everywhere.
    function verdictDigest(Verdict calldata v) external view returns (bytes32);

    /// @notice The EIP-712 digest that an oracle signs for an all-clear, under the present oracle set.
    function allClearDigest(bytes32 stream, uint64 round, bytes32 root) external view returns (bytes32);

    /// @notice The root of a round's all-clear; zero: none.
    function clearedRoot(bytes32 stream, uint64 round) external view returns (bytes32);

    /// @notice The device's latest verdict; zeros: none yet. Those before it are in `VerdictReached`.
    /// @return tag first 16 bytes of its digest
    /// @return round that it is of
    /// @return kind suspect, quarantine, readmission
    /// @return severity 1 to 5
    /// @return reachedAt seconds
    function latestVerdict(
        bytes32 device
    ) external view returns (bytes16 tag, uint64 round, uint8 kind, uint8 severity, uint40 reachedAt);
}
