/** The published entry of the protocol; a test pins its exports. */
export { ackMessage, readAck, verifyAck, verifyAckLeaf, verifyAckSignature } from "./ack.ts";
export type { Ack, AckPromise, AckProof } from "./ack.ts";
export { anchorLeaf, streamEndLeaf } from "./anchor.ts";
export type { Batch } from "./anchor.ts";
export { ackArgument, findBreach, PERIOD_SECONDS } from "./breach.ts";
export type { AckBreach, AckFate } from "./breach.ts";
export { checkpointOver, logTree, parseAnchors, sourceOfAnchors } from "./anchors.ts";
export type { Anchor, AnchoredStream, AnchorsFile, AnchorSource, BlockReference } from "./anchors.ts";
export { fromBase64url, fromHex, isHex, toBase64url, toHex, utf8, ZERO_32 } from "./bytes.ts";
export type { Hex } from "./bytes.ts";
export {
  checkpointDigest,
  checkpointSigners,
  checkpointTypedData,
  parseCheckpoint,
  signCheckpoint,
  signersLacking,
} from "./checkpoint.ts";
export type { Checkpoint, CheckpointSignature, LogState } from "./checkpoint.ts";
export { groupOfStream, memberQuorum, parseConsortium } from "./consortium.ts";
export type { Consortium, ConsortiumMember, Contracts, GatewayGroup } from "./consortium.ts";
export { modelHash, readDeviceModel, segmentNames, segmentsMask } from "./device-model.ts";
export type { CommandShape, DeviceModel, Segment } from "./device-model.ts";
export { equivocationDigest, findEquivocation } from "./equivocation.ts";
export type { Equivocation, SignedInput } from "./equivocation.ts";
export { codeOfRefusal, ERRORS, toProblem, TwinwardError } from "./errors.ts";
export type { ErrorCode, ErrorRow, Problem } from "./errors.ts";
export { es256Signer, isOnCurve, newPrivateKey, publicKeyOf, signEs256, verifyEs256 } from "./es256.ts";
export type { Es256Signer, PublicKey } from "./es256.ts";
export { CHECKS } from "./checks.ts";
export type { Check, CheckName, CheckResult } from "./checks.ts";
export { keccak256, sha256 } from "./hash.ts";
export { assignmentId, caseId, deviceId, grantId, keyProofMessage, streamId, twinId } from "./ids.ts";
export { canonical, parseStrict } from "./json.ts";
export { keyAt, keysRoot } from "./key-history.ts";
export type { DeviceKey, KeyHistory, KeyMark } from "./key-history.ts";
export { leafHash } from "./leaf.ts";
export { manifestHash, readManifest } from "./manifest.ts";
export type { AggregateName, Manifest, Resolution } from "./manifest.ts";
export type { Bounds, Noise } from "./noise.ts";
export { CLOCK_TOLERANCE_MS, LATE_AFTER_MS, plausibility } from "./plausibility.ts";
export type { Plausibility, Remark } from "./plausibility.ts";
export {
  buildReading,
  checkAgainstModel,
  parsePresentation,
  parseReading,
  presentation,
  readingLeaf,
  verifyReadingSignature,
} from "./reading.ts";
export type { Disclosure, ParsedReading, ReadingLimits, ReadingParts, ReadingPayload } from "./reading.ts";
export { parseReceipt, readReceipt, writeReceipt } from "./receipt.ts";
export type { Disclosed, Receipt } from "./receipt.ts";
export { buildRecord, readRecord, recordKind } from "./record.ts";
export type { DecisionRecord, LeafRecord, RecordHead, WrittenRecord } from "./record.ts";
export { strayValues, valuesOf } from "./release.ts";
export type { ReleasedValue, ReleaseRecord, Transform } from "./release.ts";
export { isRequestSigned, readRequest, requestId, requestTypedData } from "./request.ts";
export type { Asking, RequestDomain, SignedRequest } from "./request.ts";
export { ANSWERS } from "./request-record.ts";
export type { AnswerRecord, AnswerWord, AskedRecord, Granted, RequestRecord } from "./request-record.ts";
export { actTypedData, idOfSigned, readSignedAct } from "./signed-acts.ts";
export type {
  SaidAct,
  SaidConsent,
  SaidGrant,
  SaidRevocation,
  SignedAct,
  SignedConsent,
  SignedGrant,
  SignedRevocation,
  TypedData,
} from "./signed-acts.ts";
export { noteHash, readNote, writeNote } from "./salted-note.ts";
export type { SaltedNote } from "./salted-note.ts";
export { isHeld, isRefusal, toRefusal } from "./refusal.ts";
export type { Held, ReadingAnswer, Refusal } from "./refusal.ts";
export {
  consistencyPath,
  EMPTY_ROOT,
  Frontier,
  inclusionPath,
  merkleRoot,
  Tree,
  verifyConsistency,
  verifyInclusion,
} from "./tree.ts";
export { verifyReceipt } from "./verify.ts";
export type { Trust, Verification } from "./verify.ts";
export { verifyWebhook, WEBHOOK_SIGNATURE, webhookMessage } from "./webhook.ts";
export type { Webhook } from "./webhook.ts";
export {
  CONTRACTS,
  DEVICE_STATES,
  FLAGS,
  flagNames,
  isPurpose,
  LEAF_KINDS,
  purposeBit,
  purposeNames,
  PURPOSES,
  purposesMask,
} from "./words.ts";
export type { ContractName, DeviceState, Flag, LeafKind, Purpose } from "./words.ts";
