// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Who read in an emergency without being asked first, and who looks at it afterwards?
/// @notice One reads an assignment's emergency twin without a grant and without consent, for the purpose emergency alone, for
/// at most four hours, in sight of everybody; each time somebody else says afterwards whether it was right. It is never
/// simply refused to whoever may: what is late with its review costs a second person's signature.
/// Nothing pauses it. Roles are those of `Operators`: a member's holders open, its reviewers review.
interface IBreakGlass {
    /// @notice What an opener says.
    struct Claim {
        bytes32 twin; // the assignment's emergency twin
        uint40 until; // seconds, exclusive; at most MOST_SECONDS from now
        bytes32 reason; // SHA-256 of a salt and the reason in words: docs/formats/break-glass.md
    }

    /// @notice A second holder who stands for it too; zeros where there is none.
    struct Second {
        address holder;
        uint40 deadline; // last second in which the signature counts
        bytes signature;
    }

    struct Opening {
        bytes32 twin;
        address opener; // ┐ one slot, which a decision reads
        uint40 openedAt; // │ seconds
        uint40 until; // │ seconds, exclusive
        bool ended; // ┘ before its time
        address second; // ┐ who signed beside the opener; zero: nobody
        uint16 member; // │ whose holder opened it
        uint40 reviewedAt; // │ seconds; zero: not yet
        bool justified; // │ what the review found
        uint32 n; // ┘ of the member's openings, from 1
        uint32 before; // ┐ n of the member's unreviewed opening before this one, and of the next
        uint32 next; // ┘ zero: none
    }

    event EmergencyTwinNamed(bytes32 indexed assignment, bytes32 indexed twin, uint16 member);
    /// @param reviewBy seconds; from then on it is overdue
    /// @param caseId keccak256(abi.encode(chainId, this contract, opening))
    event BreakGlassOpened(
        bytes32 indexed opening,
        bytes32 indexed twin,
        address indexed opener,
        uint16 member,
        uint40 until,
        uint40 reviewBy,
        bytes32 reason,
        address second,
        bytes32 caseId
    );
    event BreakGlassEnded(bytes32 indexed opening, address indexed by);
    event BreakGlassReviewed(bytes32 indexed opening, address indexed reviewer, bool justified, bytes32 note);

    error NotSteward(bytes32 device, address caller, address steward);
    error AssignmentEnded(bytes32 assignment);
    error TwinNotOfAssignment(bytes32 twin, bytes32 assignment);
    error NoEmergencyTwin(bytes32 assignment);
    error TwinEnded(bytes32 twin);
    error DeviceRetired(bytes32 device);
    error MemberNotPresent(uint16 member);
    error NotHolder(uint16 member, address account);
    error ReasonMissing();
    error OpeningTermUnexpected(uint40 until, uint256 present, uint256 most);
    error ReviewOverdue(uint16 member, bytes32 opening, uint256 due);
    error SecondIsOpener(address opener);
    error OpeningUnknown(bytes32 opening);
    error OpeningOver(bytes32 opening);
    error OpeningRuns(bytes32 opening, uint40 until);
    error NotOpener(bytes32 opening, address caller);
    error NotReviewer(uint16 member, address account);
    error ReviewOfOwn(bytes32 opening, address account);
    error AlreadyReviewed(bytes32 opening, uint40 reviewedAt);
    error NoteMissing();
    error SignatureExpired(uint40 deadline, uint256 present);
    error SignatureInvalid(address signer, bytes32 digest);

    /// @notice Names the twin that is read in an emergency, and the member whose holders may; at most one at a time, by the
    /// steward of the assignment's device. It ends with the assignment; what is open on another twin stays open.
    /// @dev Warning: an opening permits what the twin permits for the purpose emergency, its commands too. Name a twin
    /// without those that nobody should give in an emergency.
    /// @param twin of that assignment; zero: none any more
    function nameEmergencyTwin(bytes32 assignment, bytes32 twin, uint16 member) external;

    /// @notice Opens; by a holder. While one of the member's reviews is overdue it needs a second holder (`ReviewOverdue`).
    /// @param second signature as in `relayOpen`, over the caller's claim, by another holder of the same member
    /// @return opening keccak256(abi.encode(chainId, this contract, member, n)), n counted from 1 per member; whoever asks
    /// `GrantRegistry.explain` gives it in the place of a grant, without sources
    function open(Claim calldata claim, Second calldata second) external returns (bytes32 opening);

    /// @notice The same, sent by anybody for the opener.
    /// @param deadline last second in which the signature counts
    /// @param signature EIP-712, BreakGlass(bytes32 twin,address opener,uint40 until,bytes32 reason,uint256 nonce,uint40
    /// deadline) without the line's break, by the opener: 65 bytes, or what its ERC-1271 contract takes. The nonce is how
    /// often this opener has opened, so that a signature serves once, the second one's as well
    function relayOpen(
        Claim calldata claim,
        address opener,
        uint40 deadline,
        bytes calldata signature,
        Second calldata second
    ) external returns (bytes32 opening);

    /// @notice Ends an opening before its time; by its opener or the steward of the twin's device at this time.
    function end(bytes32 opening) external;

    /// @notice Says whether an opening that is over was justified; by a reviewer of the same member who is neither its opener
    /// nor its second. Once.
    /// @param note SHA-256 of a salt and the finding in words
    function review(bytes32 opening, bool justified, bytes32 note) external;

    /// @notice The longest opening, seconds.
    function MOST_SECONDS() external view returns (uint40);

    /// @notice How long after an opening its review is due, seconds.
    function REVIEW_SECONDS() external view returns (uint40);

    /// @notice The emergency twin of an assignment and the member whose holders may open it; zero: none.
    function emergencyTwin(bytes32 assignment) external view returns (bytes32 twin, uint16 member);

    /// @notice All that is kept of an opening; zeros where there is none.
    function openingOf(bytes32 id) external view returns (Opening memory);

    /// @notice What a decision needs of an opening; zeros where there is none.
    function standing(bytes32 id) external view returns (bytes32 twin, address opener, uint40 until, bool ended);

    /// @notice How often a holder has opened: the nonce of the next signature.
    function nonceOf(address opener) external view returns (uint256);

    /// @notice The member's oldest opening that nobody has reviewed; zero: none. Its due time, seconds.
    function oldestUnreviewed(uint16 member) external view returns (bytes32 opening, uint40 due);
}
