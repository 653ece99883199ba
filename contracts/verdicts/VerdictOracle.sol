// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {IAnchorLog} from "../anchors/IAnchorLog.sol";
import {IDeviceRegistry} from "../devices/IDeviceRegistry.sol";
import {SEQUENCE_MAX} from "../lib/Sequence.sol";
import {IMemberRegistry} from "../members/IMemberRegistry.sol";
import {OracleSet} from "../members/OracleSet.sol";
import {OracleSets} from "../members/OracleSets.sol";
import {IVerdictOracle} from "./IVerdictOracle.sol";

/// @title Verdicts and all-clears by quorum
contract VerdictOracle is IVerdictOracle, EIP712 {
    using OracleSets for OracleSet;

    /// @dev Every verdict that was reached is in an event; the contract keeps what the next one is held against.
    struct Latest {
        uint64 round; // ┐ one slot
        uint8 kind; // │
        uint8 severity; // │ never zero in a verdict, so zero says: none yet
        uint40 reachedAt; // │ seconds
        bool elsewhere; // │ reached in another stream than the device's home
        bytes16 tag; // ┘ first half of its digest
    }

    /// @dev The present oracles, read once.
    struct Panel {
        bytes32 digest;
        bytes keys; // OracleSets.keyIn
        uint256 size;
    }

    uint64 public constant BATCHES_PER_ROUND = 10;

    uint8 private constant KIND_READMISSION = 3;
    uint8 private constant SEVERITY_MAX = 5;
    bytes32 private constant VERDICT_TYPE = keccak256(
        "Verdict(bytes32 oracleSet,bytes32 stream,uint64 round,uint64 firstBatch,uint64 lastBatch,bytes32 device,uint64 firstSequence,uint64 lastSequence,uint8 kind,uint8 severity,bytes32 model,bytes32 leavesRoot)"
    );
    bytes32 private constant ALL_CLEAR_TYPE = keccak256(
        "AllClear(bytes32 oracleSet,bytes32 stream,uint64 round,bytes32 root)"
    );

    IMemberRegistry public immutable memberRegistry;
    IDeviceRegistry public immutable deviceRegistry;
    IAnchorLog public immutable anchorLog;

    mapping(bytes32 device => Latest) private _latest;
    /// @dev The stream of the latest verdict that was reached elsewhere.
    mapping(bytes32 device => bytes32 stream) private _judgedIn;
    mapping(bytes32 stream => mapping(uint64 round => bytes32)) public clearedRoot;

    constructor(
        IMemberRegistry memberRegistry_,
        IDeviceRegistry deviceRegistry_,
        IAnchorLog anchorLog_
    ) EIP712("Twinward VerdictOracle", "1") {
        memberRegistry = memberRegistry_;
        deviceRegistry = deviceRegistry_;
        anchorLog = anchorLog_;
    }

    /// @inheritdoc IVerdictOracle
    function transmit(Verdict calldata v, uint32 signers, bytes32[2][] calldata signatures) external {
        bytes32 home = deviceRegistry.homeStream(v.device);
        _requireFresh(v, home);
        Panel memory panel = _requireTransmitter();
        if (v.oracleSet != panel.digest) revert OracleSetUnexpected(panel.digest, v.oracleSet);
        _requireEvidence(v);
        _requireJudgement(v, home);
        bytes32 digest = verdictDigest(v);
        _requireSignatures(digest, v.kind == KIND_READMISSION, panel, signers, signatures);

        bool elsewhere = v.stream != home;
        uint40 present = uint40(block.timestamp);
        _latest[v.device] = Latest(v.round, v.kind, v.severity, present, elsewhere, bytes16(digest));
        if (elsewhere) _judgedIn[v.device] = v.stream;
        emit VerdictReached(digest, v.device, v.round, v, signers);
        deviceRegistry.applyVerdict(v.device, v.kind, digest);
    }

    /// @inheritdoc IVerdictOracle
    function allClear(
        bytes32 stream,
        uint64 round,
        bytes32 root,
        uint32 signers,
        bytes32[2][] calldata signatures
    ) external {
        bytes32 cleared = clearedRoot[stream][round];
        if (cleared != 0) revert RoundAlreadyCleared(stream, round, cleared);
        Panel memory panel = _requireTransmitter();
        if (root == 0) revert RootZero();
        uint64 lastBatch = _firstBatchOf(round) + BATCHES_PER_ROUND - 1;
        _requireAnchored(stream, lastBatch);
        bytes32 digest = _clearDigest(panel.digest, stream, round, root);
        _requireSignatures(digest, true, panel, signers, signatures);

        clearedRoot[stream][round] = root;
        emit RoundCleared(stream, round, root, signers);
    }

    /// @inheritdoc IVerdictOracle
    function latestVerdict(
        bytes32 device
    ) external view returns (bytes16 tag, uint64 round, uint8 kind, uint8 severity, uint40 reachedAt) {
        Latest storage latest = _latest[device];
        return (latest.tag, latest.round, latest.kind, latest.severity, latest.reachedAt);
    }

    /// @inheritdoc IVerdictOracle
    function verdictDigest(Verdict calldata v) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(VERDICT_TYPE, v)));
    }

    /// @inheritdoc IVerdictOracle
    function allClearDigest(bytes32 stream, uint64 round, bytes32 root) public view returns (bytes32) {
        return _clearDigest(memberRegistry.oracleSetDigest(), stream, round, root);
    }

    function _clearDigest(
        bytes32 oracleSet,
        bytes32 stream,
        uint64 round,
        bytes32 root
    ) private view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(ALL_CLEAR_TYPE, oracleSet, stream, round, root)));
    }

    /// @dev Rounds only go on and within one severity only rises. So a verdict that somebody held back cannot undo
    /// what a later one said, and the same one cannot act twice. Each stream counts its rounds from 0, and what is in a
    /// successor is later than all that is in the stream before it.
    function _requireFresh(Verdict calldata v, bytes32 home) private view {
        Latest memory latest = _latest[v.device];
        uint8 severity = latest.severity;
        if (severity == 0) return;
        uint64 round = latest.round;
        bytes32 judged = latest.elsewhere ? _judgedIn[v.device] : home;
        bool earlier = v.round < round || (v.round == round && v.severity <= severity);
        if (v.stream == judged ? earlier : _succeeds(judged, v.stream)) {
            revert VerdictStale(v.device, v.round, v.severity, round, severity);
        }
    }

    /// @dev As many steps as members fenced streams, each by a quorum.
    function _succeeds(bytes32 stream, bytes32 before) private view returns (bool) {
        while (before != 0) {
            (, , , before) = anchorLog.standing(before);
            if (before == stream) return before != 0;
        }
        return false;
    }

    function _requireTransmitter() private view returns (Panel memory panel) {
        OracleSet present = memberRegistry.oracleSet();
        panel.digest = present.digestOf();
        panel.keys = address(present).code;
        panel.size = OracleSets.sizeIn(panel.keys);
        for (uint256 bit = 0; bit < panel.size; ++bit) {
            if (OracleSets.keyIn(panel.keys, bit) == msg.sender) return panel;
        }
        revert TransmitterNotOracle(msg.sender);
    }

    function _requireEvidence(Verdict calldata v) private view {
        uint64 first = _firstBatchOf(v.round);
        if (v.firstBatch != first || v.lastBatch < first || v.lastBatch - first >= BATCHES_PER_ROUND) {
            revert RoundBoundsUnexpected(v.round, v.firstBatch, v.lastBatch);
        }
        if (v.firstSequence == 0 || v.firstSequence > v.lastSequence) {
            revert SequencesUnexpected(v.firstSequence, v.lastSequence);
        }
        if (v.lastSequence > SEQUENCE_MAX) revert SequenceTooLarge(v.lastSequence, SEQUENCE_MAX);
        _requireAnchored(v.stream, v.lastBatch);
    }

    function _requireAnchored(bytes32 stream, uint64 lastBatch) private view {
        (, uint64 size, ) = anchorLog.stream(stream);
        if (lastBatch >= size) revert EvidenceNotAnchored(stream, lastBatch, size);
    }

    function _requireJudgement(Verdict calldata v, bytes32 home) private view {
        if (v.stream != home && !_succeeds(v.stream, home)) revert StreamNotHome(v.device, home, v.stream);
        if (v.kind == 0 || v.kind > KIND_READMISSION) revert KindUnknown(v.kind);
        if (v.severity == 0 || v.severity > SEVERITY_MAX) revert SeverityUnexpected(v.severity);
        if (v.kind != KIND_READMISSION) return;
        (, IDeviceRegistry.DeviceState state, , ) = deviceRegistry.standing(v.device);
        bool distrusted =
            state == IDeviceRegistry.DeviceState.Suspect || state == IDeviceRegistry.DeviceState.Quarantined;
        if (!distrusted) revert ReadmissionUnexpected(v.device, uint8(state));
    }

    /// @dev The keys at the set bits are distinct because the set holds no key twice, so as many signatures as bits,
    /// each by the key at its bit, are that many oracles. A zero key cannot be recovered into: no oracle has it.
    function _requireSignatures(
        bytes32 digest,
        bool full,
        Panel memory panel,
        uint32 signers,
        bytes32[2][] calldata signatures
    ) private pure {
        uint256 f = (panel.size - 1) / 3;
        uint256 needed = full ? 2 * f + 1 : f + 1;
        if (signatures.length != needed) revert SignatureCountUnexpected(needed, signatures.length);
        if (signers >> panel.size != 0) revert IMemberRegistry.OracleBitUnknown(signers, panel.size);
        uint256 count = 0;
        for (uint256 rest = signers; rest != 0; rest &= rest - 1) ++count;
        if (count != needed) revert SignatureCountUnexpected(needed, count);
        uint256 i = 0;
        for (uint256 bit = 0; i < needed; ++bit) {
            if ((signers >> bit) & 1 == 0) continue;
            (address recovered, , ) = ECDSA.tryRecover(digest, signatures[i][0], signatures[i][1]);
            if (recovered != OracleSets.keyIn(panel.keys, bit)) revert SignatureNotOracle(uint8(bit), recovered);
            ++i;
        }
    }

    /// @dev Checked: a round beyond what 64 bits hold reverts.
    function _firstBatchOf(uint64 round) private pure returns (uint64) {
        return round * BATCHES_PER_ROUND;
    }
}
