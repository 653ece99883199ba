import { row, type ErrorRow } from "./error-row.ts";

/**
 * What the contracts refuse, under the words of their custom errors, where somebody's own transaction may meet it. `errors.ts`
 * takes these lines into the one table; beside them are those words there that a server says too. A test holds all of it
 * against the ABIs, with a reason for each error that is in neither.
 */
export const CONTRACT_ERRORS = {
  // Members.
  CHANGE_EMPTY: row(422, "A change of members names no call.", "Name at least one call."),
  CHANGE_EXPIRED: row(409, "The change's deadline has passed.", "Propose it anew, with a later `--until`."),
  CHANGE_NUMBER_UNEXPECTED: row(
    409,
    "The change is not the next one: another was carried out, perhaps this very one.",
    "Look at `member list`; where it is still wanted, propose it anew and have it signed anew.",
  ),
  FAULT_BOUND_UNEXPECTED: row(
    409,
    "The set of oracles has another fault bound than the change says.",
    "Say (oracles − 1) / 3, rounded down, if that is what the members want.",
  ),
  GROUP_CLOSED: row(409, "The gateway group is closed, for good.", "Add a group with another address."),
  GROUP_DUPLICATE: row(409, "There is, or was, a gateway group of this address.", "Name another address."),
  GROUP_UNKNOWN: row(404, "No gateway group has this address.", "Look it up in consortium.json."),
  GROUP_ZERO: row(422, "A gateway group needs an address.", "Name one that no group had before."),
  KEY_NOT_ON_CURVE: row(422, "The key is no point of P-256.", "Give x and y of a P-256 public key."),
  KEY_SINCE_UNEXPECTED: row(
    409,
    "A gateway's next key would begin in the past, or before the one that it has.",
    "Let it begin later; leave members the time to sign.",
  ),
  MEMBER_BIT_UNKNOWN: row(422, "A signature is said to be by a member that there never was.", "Look at `member list`."),
  MEMBER_GONE: row(409, "This member has left.", "Use a present member's signature or index: `member list`."),
  MEMBER_HAS_GROUPS: row(
    409,
    "The member still has an open gateway group.",
    "Close its groups in the same change, before it leaves.",
  ),
  MEMBER_HAS_ORACLES: row(
    409,
    "The member still has oracles, or is the last one.",
    "Replace the oracles in the same change, before it leaves.",
  ),
  MEMBERS_TOO_MANY: row(
    409,
    "There is no room for another member, present and past together.",
    "Found a consortium anew.",
  ),
  MEMBER_UNKNOWN: row(404, "There is no member of this index.", "Look at `member list`."),
  ORACLE_COUNT_UNEXPECTED: row(422, "A set has 1 to 31 oracles.", "Name as many."),
  ORACLE_KEY_DUPLICATE: row(422, "An oracle occurs twice in the set.", "Name each key once."),
  ORACLE_KEY_ZERO: row(422, "An oracle's address is missing.", "Name the address that it signs with."),
  SENDER_DUPLICATE: row(422, "A sender occurs twice in the group.", "Name each address once."),
  SENDERS_MISSING: row(422, "A gateway group needs a sender.", "Name the address that sends its anchors."),
  SENDER_ZERO: row(422, "A sender's address is missing.", "Name the address that sends the group's anchors."),
  SIGNATURE_COUNT_UNEXPECTED: row(
    409,
    "There are more or fewer signatures than exactly a quorum.",
    "Have as many present members sign as `member list` says.",
  ),
  SIGNATURE_NOT_MEMBER: row(
    401,
    "A signature is not by the member that it is said to be by, or is under something else.",
    "Have that member sign this very text again, with the present key.",
  ),
  SIGNER_DUPLICATE: row(409, "Another member signs with this address.", "Give each member a key of its own."),
  SIGNER_ZERO: row(422, "A member's signing address is missing.", "Name the address that it signs with."),

  // Devices.
  ASSIGNMENTS_TOO_MANY: row(
    409,
    "The device has had as many assignments as can be.",
    "Register it anew, with a new key.",
  ),
  CONTENT_SAME: row(409, "Both readings say the same: nothing is proven.", "Bring two that differ."),
  DEVICE_ALREADY_REGISTERED: row(409, "A device with this key is registered.", "Use it, or give the device a new key."),
  DEVICE_STATE_UNEXPECTED: row(409, "The device's state does not allow this.", "Look at it with `device list`."),
  HOME_STREAM_ZERO: row(
    422,
    "A device needs a home stream.",
    "Name a stream of the gateway that will take its readings.",
  ),
  INPUT_MALFORMED: row(
    422,
    "What is brought is no signing input of a reading.",
    "Bring the bytes as the device signed them.",
  ),
  INPUT_NOT_OF_KEY: row(
    409,
    "The reading names another key than its sequence has.",
    "Bring readings signed by the key of their sequence.",
  ),
  INPUT_NOT_SIGNED: row(
    401,
    "The reading is not signed by the device's key.",
    "Bring the reading with its own signature.",
  ),
  KEY_PROOF_INVALID: row(
    401,
    "The new key has not signed for this device, key number and steward.",
    "Sign again with the device's new key, for the account that sends.",
  ),
  KEY_RANGE_UNEXPECTED: row(409, "The key's first sequence is not above the former key's.", "Name a later sequence."),
  KEYS_TOO_MANY: row(409, "The device has had as many keys as can be.", "Register it anew, with a new key."),
  KEY_UNKNOWN: row(404, "The device has no key of this number.", "Look at the device's keys."),
  MARK_NOT_EARLIER: row(
    409,
    "The key is marked from an earlier sequence already.",
    "Nothing: what is marked stays marked.",
  ),
  MARK_OUTSIDE_RANGE: row(409, "The mark lies outside the key's sequences.", "Name a sequence of the key's range."),
  MARKS_TOO_MANY: row(409, "The key has as many marks as can be.", "Rotate the key, or retire the device."),
  MODEL_HASH_ZERO: row(422, "A device needs a model.", "Name the hash of its device model."),
  NOT_OFFERED_STEWARD: row(
    403,
    "The device was not offered to this account.",
    "Have its steward offer it, then accept.",
  ),
  SEQUENCES_DIFFER: row(409, "The readings are of different sequences.", "Bring two of one sequence."),
  SEQUENCE_TOO_LARGE: row(422, "The sequence is larger than sequences can be.", "Name one of at most 2^53 − 1."),
  SEQUENCE_WITHOUT_KEY: row(
    409,
    "No key of the device holds this sequence.",
    "Name a sequence from the first key's on.",
  ),

  // Streams.
  ACK_FORGIVEN: row(
    409,
    "Members have resumed the stream since: what was due by then is forgiven.",
    "Nothing: they have decided.",
  ),
  ACK_KEPT: row(409, "What the ack promised is anchored.", "Nothing: the promise was kept."),
  ACK_NOT_DUE: row(409, "The promise is not due yet.", "Challenge it again when it is."),
  ACK_NOT_SIGNED: row(
    401,
    "The ack is not signed by the key that the stream's gateway had when it accepted.",
    "Bring the ack as it was received, for the stream that it names.",
  ),
  BATCH_NOT_IN_LOG: row(
    409,
    "The batch is not in the stream's log as it is now.",
    "Make the path again: the log has grown.",
  ),
  LEAF_SAME: row(409, "Both places hold the same leaf: nothing is proven.", "Bring a place that holds another."),
  PERIOD_NOT_PROVING: row(
    409,
    "That period's first batch does not prove it late.",
    "Name a period that began after it was due.",
  ),
  PLACE_INVALID: row(
    409,
    "The leaf is not where its path leads.",
    "Bring the path of the ack or of the receipt, unchanged.",
  ),
  PLACES_DIFFER: row(409, "The two places are not the same position.", "Bring what stands where the ack promised."),
  SENDER_NOT_OF_GROUP: row(
    403,
    "This account may not send for the gateway group.",
    "Have members name it: `changeSenders`.",
  ),
  STREAM_NOT_SUSPENDED: row(409, "The stream is not suspended.", "Nothing: it goes on, or is fenced."),
  STREAM_UNKNOWN: row(404, "No such stream was opened.", "Look it up with `anchors export`."),

  // Assignments, twins, subjects.
  ASSIGNMENT_ALREADY_ENDED: row(409, "The assignment has ended.", "Begin another one."),
  ASSIGNMENT_END_UNEXPECTED: row(409, "The assignment would end before it began.", "Name a later sequence."),
  ASSIGNMENT_OPEN: row(409, "The device's assignment is open.", "End it first."),
  ASSIGNMENT_START_UNEXPECTED: row(
    409,
    "The assignment would begin inside the one before it.",
    "Name a later sequence.",
  ),
  ASSIGNMENT_UNKNOWN: row(404, "No such assignment.", "Look at the device with `device list`."),
  CONSENT_MASK_REFUSED: row(
    422,
    "Consent is always asked for research, never for security and audit.",
    "Name research and what else may be asked for.",
  ),
  CONSENT_MASK_SHRINKS: row(
    403,
    "A steward may only add to what consent is asked for.",
    "The subject or its guardian may take away.",
  ),
  MANIFEST_HASH_ZERO: row(422, "A twin needs a manifest.", "Name the hash of its manifest."),
  NOT_OTHER_MEMBER: row(403, "The member who agrees to the guardian is the steward.", "Have another member sign."),
  SECURITY_TWIN_EXISTS: row(409, "The device has its security twin.", "Nothing: it ends with the device only."),
  SEGMENTS_MISSING: row(422, "A twin or a grant without a segment shows nothing.", "Name at least one segment."),
  SUBJECT_ZERO: row(422, "The subject's address is missing.", "Name the address that signed."),

  // Grants.
  BATCH_UNEVEN: row(422, "There are not as many nonces as grants.", "Give one nonce for each grant."),

  // Emergencies.
  ALREADY_REVIEWED: row(409, "This opening has been reviewed.", "Nothing: a review is not written over."),
  ASSIGNMENT_ENDED: row(409, "The assignment has ended.", "Use the device's open assignment."),
  MEMBER_NOT_PRESENT: row(409, "The member is not one any more, or never was.", "Name a present one: `member list`."),
  NO_EMERGENCY_TWIN: row(409, "The assignment has no emergency twin.", "Have the device's steward name one."),
  NOTE_MISSING: row(422, "A review without a note says nothing.", "Say what was found."),
  NOT_HOLDER: row(
    403,
    "This account may not open emergency access for the member.",
    "Have the member give it the role.",
  ),
  NOT_OPENER: row(403, "Only the opener or the device's steward may end it.", "Have one of them end it."),
  NOT_REVIEWER: row(403, "This account is no reviewer of the member.", "Have one of the member's reviewers do it."),
  OPENING_OVER: row(409, "This emergency access is over.", "Review it; where there still is an emergency, open anew."),
  OPENING_RUNS: row(409, "This emergency access still runs.", "Review it when it is over, or end it first."),
  OPENING_TERM_UNEXPECTED: row(
    422,
    "Emergency access would end in the past, or last too long.",
    "Let it end within four hours.",
  ),
  OPENING_UNKNOWN: row(404, "No such emergency access was opened.", "Look at the list of openings."),
  REASON_MISSING: row(422, "Emergency access needs a reason.", "Say why."),
  REVIEW_OF_OWN: row(403, "Whoever opened or co-signed does not review it.", "Have another reviewer do it."),
  REVIEW_OVERDUE: row(
    409,
    "A review of this member is overdue, so one holder is not enough.",
    "Open it with a second holder's signature; have the overdue one reviewed.",
  ),
  SECOND_IS_OPENER: row(422, "The second holder is the opener.", "Have another holder sign."),
  TWIN_NOT_OF_ASSIGNMENT: row(422, "The twin is not of this assignment.", "Name a twin of the assignment."),

  // Operators.
  ACCESS_MANAGED_UNAUTHORIZED: row(
    403,
    "This account does not hold the operator's role that this needs.",
    "Use an account that holds it, or have it granted.",
  ),
  ACCESS_MANAGED_REQUIRED_DELAY: row(
    409,
    "This act of an operator must be scheduled, and its delay must pass.",
    "Schedule it, wait for its delay, then do it.",
  ),
  GRANTS_PAUSED: row(
    409,
    "New grants are paused; reading, revoking and withdrawing go on.",
    "Wait until an operator lifts the pause.",
  ),
} as const satisfies Record<string, ErrorRow>;
