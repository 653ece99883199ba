// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC5267} from "@openzeppelin/contracts/interfaces/IERC5267.sol";
import {IBreakGlass} from "../../contracts/grants/IBreakGlass.sol";
import {ITwinRegistry} from "../../contracts/twins/ITwinRegistry.sol";
import {SignedGrants} from "./SignedGrants.sol";

/// @dev Every contract that people sign for says in what domain (ERC-5267), and holds signatures against exactly that one.
contract DomainsTest is SignedGrants {
    bytes32 private constant KIND = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    );

    bytes32 private twin;

    /// @dev As a wallet works it out that knows nothing but the contract's own answer.
    function published(address target, string memory name) private view returns (bytes32) {
        (
            bytes1 fields,
            string memory said_,
            string memory version,
            uint256 chainId,
            address contract_,
            bytes32 salt,
            uint256[] memory extensions
        ) = IERC5267(target).eip712Domain();
        checkEqual(0x0f, uint8(fields), "name, version, chain and contract; no salt");
        checkEqual(keccak256(bytes(name)), keccak256(bytes(said_)), name);
        checkEqual(block.chainid, chainId, "this chain");
        checkEqual(target, contract_, "this contract");
        check(salt == 0 && extensions.length == 0, "nothing else");
        return keccak256(abi.encode(KIND, keccak256(bytes(said_)), keccak256(bytes(version)), chainId, contract_));
    }

    function inDomain(bytes32 domain, bytes32 struct_) private pure returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", domain, struct_));
    }

    /// @dev Also after the chain has split: what was signed for the one counts nothing on the other.
    function testFuzz_whatIsSignedIsOfTheDomain(uint32 chain) public {
        vm.chainId(bound(chain, 1, type(uint32).max));
        // After the split: a device's key proves itself on its chain, too.
        (bytes32 device, ) = activeDevice(DEVICE_KEY);
        twin = openTwin(device, 0x0f, 0x03);
        checkMembers();
        checkAnchors();
        checkVerdicts();
        checkGrants();
        checkTwins();
        checkGlass();
    }

    function checkMembers() private view {
        bytes[] memory calls = new bytes[](1);
        bytes32 each = keccak256(abi.encodePacked(keccak256(calls[0])));
        bytes32 kind = keccak256("Change(uint64 number,bytes[] calls,uint40 deadline)");
        bytes32 wanted = inDomain(
            published(address(members), "Twinward MemberRegistry"),
            keccak256(abi.encode(kind, 7, each, LATER))
        );
        checkEqual(wanted, members.changeDigest(7, LATER, calls), "a change");
    }

    function checkAnchors() private view {
        bytes32 domain = published(address(anchors), "Twinward AnchorLog");
        bytes32 fencing = keccak256(abi.encode(keccak256("Fence(bytes32 stream,bytes32 reason)"), home, MODEL));
        checkEqual(inDomain(domain, fencing), anchors.fenceDigest(home, MODEL), "a fence");
        bytes32 kind = keccak256("Resume(bytes32 stream,uint32 suspension,bytes32 reason)");
        bytes32 resuming = keccak256(abi.encode(kind, home, 3, MODEL));
        checkEqual(inDomain(domain, resuming), anchors.resumeDigest(home, 3, MODEL), "a resumption");
    }

    function checkVerdicts() private view {
        bytes32 kind = keccak256("AllClear(bytes32 oracleSet,bytes32 stream,uint64 round,bytes32 root)");
        bytes32 wanted = inDomain(
            published(address(verdicts), "Twinward VerdictOracle"),
            keccak256(abi.encode(kind, members.oracleSetDigest(), home, 2, MODEL))
        );
        checkEqual(wanted, verdicts.allClearDigest(home, 2, MODEL), "an all-clear");
    }

    // These three publish no digest: a signature over the one that a wallet works out is taken, or the refusal names it.

    function checkGrants() private {
        bytes32 domain = published(address(grants), "Twinward GrantRegistry");
        bytes32 said_ = said(someGrant(twin), 0, 0, 9, LATER);
        bytes memory signature = signWith(STEWARD_KEY, inDomain(domain, said_));
        bytes32 device = twins.deviceOf(twin);
        vm.prank(relayer);
        grants.relayGrant(device, someGrant(twin), 9, LATER, signature);
    }

    function checkTwins() private {
        bytes32 domain = published(address(twins), "Twinward TwinRegistry");
        bytes32 assignment = twins.openAssignment(twins.deviceOf(twin));
        bytes32 kind = keccak256("Subject(bytes32 assignment,address subject,address guardian,uint40 deadline)");
        bytes32 wanted = inDomain(domain, keccak256(abi.encode(kind, assignment, subject, guardian, LATER)));
        refused(steward, abi.encodeWithSelector(ITwinRegistry.SignatureInvalid.selector, subject, wanted));
        twins.bindSubject(assignment, subject, guardian, LATER, "");
    }

    function checkGlass() private {
        bytes32 domain = published(address(breakGlass), "Twinward BreakGlass");
        bytes32 kind = keccak256(
            "BreakGlass(bytes32 twin,address opener,uint40 until,bytes32 reason,uint256 nonce,uint40 deadline)"
        );
        IBreakGlass.Claim memory claim = IBreakGlass.Claim(twin, LATER, MODEL);
        bytes32 said_ = keccak256(abi.encode(kind, claim.twin, holder, claim.until, claim.reason, 0, LATER));
        refused(
            relayer,
            abi.encodeWithSelector(IBreakGlass.SignatureInvalid.selector, holder, inDomain(domain, said_))
        );
        breakGlass.relayOpen(claim, holder, LATER, "", nobody());
    }
}
