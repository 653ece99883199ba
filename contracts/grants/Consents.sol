// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ITwinRegistry} from "../twins/ITwinRegistry.sol";
import {IGrantRegistry} from "./IGrantRegistry.sol";
import {Signed} from "./Signed.sol";

/// @title What a subject agrees to, reader by reader
abstract contract Consents is IGrantRegistry, Signed {
    struct Consent {
        uint8 purposes; // ┐ bitmap
        uint64 changes; // ┘ how often it was set; a signature names it, so that it counts once and not after another
    }

    bytes32 private constant CONSENT_TYPE = keccak256(
        "Consent(bytes32 twin,address reader,uint8 purposes,uint256 nonce,uint40 deadline)"
    );

    ITwinRegistry public immutable twinRegistry;

    /// @dev The six that there are.
    uint8 private constant PURPOSES = 0x3f;

    mapping(bytes32 twin => mapping(address reader => Consent)) public consentOf;

    constructor(ITwinRegistry twinRegistry_) {
        twinRegistry = twinRegistry_;
    }

    /// @inheritdoc IGrantRegistry
    function setConsent(bytes32 twin, address reader, uint8 purposes) external {
        _requireSubject(twin, msg.sender);
        _setConsent(twin, reader, purposes, msg.sender);
    }

    /// @inheritdoc IGrantRegistry
    function relayConsent(
        bytes32 twin,
        address reader,
        uint8 purposes,
        address signer,
        uint40 deadline,
        bytes calldata signature
    ) external {
        // Before the signature: a signer that is a contract is only asked where its word counts.
        _requireSubject(twin, signer);
        uint256 nonce = consentOf[twin][reader].changes;
        bytes32 said = keccak256(abi.encode(CONSENT_TYPE, twin, reader, purposes, nonce, deadline));
        _requireSigned(signer, said, deadline, signature);
        _setConsent(twin, reader, purposes, signer);
    }

    function _setConsent(bytes32 twin, address reader, uint8 purposes, address by) private {
        // A bit that names no purpose could be told of in no record.
        if (purposes & ~PURPOSES != 0) revert PurposesRefused(purposes);

        Consent storage consent = consentOf[twin][reader];
        consent.purposes = purposes;
        ++consent.changes;
        emit ConsentSet(twin, reader, purposes, by);
    }

    function _requireSubject(bytes32 twin, address by) private view {
        if (!twinRegistry.speaksFor(twin, by)) revert NotSubject(twin, by);
    }
}
