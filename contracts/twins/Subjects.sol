// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {IMemberRegistry} from "../members/IMemberRegistry.sol";
import {ITwinRegistry} from "./ITwinRegistry.sol";

/// @title Whose data an assignment is, and who speaks for them
abstract contract Subjects is ITwinRegistry, EIP712 {
    struct Persons {
        address subject;
        address guardian;
    }

    /// @dev The purpose research, as a bitmap: no twin shows it without consent.
    uint8 internal constant RESEARCH = 0x04;
    /// @dev All but audit and security, which nobody can close.
    uint8 private constant CONSENTABLE = 0x0f;
    bytes32 private constant SUBJECT_TYPE = keccak256(
        "Subject(bytes32 assignment,address subject,address guardian,uint40 deadline)"
    );
    bytes32 private constant GUARDIAN_TYPE = keccak256("Guardian(bytes32 assignment,address guardian,uint40 deadline)");

    IMemberRegistry public immutable memberRegistry;

    mapping(bytes32 assignment => Persons) public personsOf;

    constructor(IMemberRegistry memberRegistry_) EIP712("Twinward TwinRegistry", "1") {
        memberRegistry = memberRegistry_;
    }

    /// @inheritdoc ITwinRegistry
    function bindSubject(
        bytes32 assignment,
        address subject,
        address guardian,
        uint40 deadline,
        bytes calldata signature
    ) external {
        _requireOpen(assignment);
        if (subject == address(0)) revert SubjectZero(assignment);
        address bound = personsOf[assignment].subject;
        if (bound != address(0)) revert SubjectAlreadyBound(assignment, bound);
        bytes32 said = keccak256(abi.encode(SUBJECT_TYPE, assignment, subject, guardian, deadline));
        _requireSigned(subject, said, deadline, signature);

        // A guardian whom the steward named while nobody could sign gives way to the one whom the subject names.
        personsOf[assignment] = Persons(subject, guardian);
        emit SubjectBound(assignment, subject, guardian);
    }

    /// @inheritdoc ITwinRegistry
    function appointGuardian(bytes32 assignment, address guardian) external {
        address subject = personsOf[assignment].subject;
        if (msg.sender != subject) revert NotSubject(assignment, msg.sender, subject);
        _appoint(assignment, guardian);
    }

    /// @inheritdoc ITwinRegistry
    function appointGuardianFor(
        bytes32 assignment,
        address guardian,
        uint16 member,
        uint40 deadline,
        bytes calldata signature
    ) external {
        _requireOpen(assignment);
        address bound = personsOf[assignment].subject;
        if (bound != address(0)) revert SubjectAlreadyBound(assignment, bound);
        address signer = memberRegistry.member(member).signer;
        // Who has left keeps its place and its signer, and speaks for nobody.
        if ((memberRegistry.presentMembers() >> member) & 1 == 0) revert IMemberRegistry.MemberGone(member);
        if (signer == msg.sender) revert NotOtherMember(signer, msg.sender);
        _requireSigned(
            signer,
            keccak256(abi.encode(GUARDIAN_TYPE, assignment, guardian, deadline)),
            deadline,
            signature
        );
        _appoint(assignment, guardian);
    }

    function _appoint(bytes32 assignment, address guardian) private {
        personsOf[assignment].guardian = guardian;
        emit GuardianAppointed(assignment, guardian, msg.sender);
    }

    /// @dev An open assignment of a device whose steward calls; reverts otherwise.
    function _requireOpen(bytes32 assignment) internal view virtual returns (bytes32 device);

    function _speaksFor(bytes32 assignment, address speaker) internal view returns (bool) {
        Persons storage persons = personsOf[assignment];
        return speaker != address(0) && (speaker == persons.subject || speaker == persons.guardian);
    }

    function _mayAsk(uint8 purposes) internal pure returns (bool) {
        return purposes & RESEARCH != 0 && purposes & ~CONSENTABLE == 0;
    }

    function _requireSigned(address signer, bytes32 said, uint40 deadline, bytes calldata signature) private view {
        if (block.timestamp > deadline) revert SignatureExpired(deadline, block.timestamp);
        bytes32 digest = _hashTypedDataV4(said);
        if (!SignatureChecker.isValidSignatureNowCalldata(signer, digest, signature)) {
            revert SignatureInvalid(signer, digest);
        }
    }
}
