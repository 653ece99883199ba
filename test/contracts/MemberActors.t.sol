// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMemberRegistry} from "../../contracts/members/IMemberRegistry.sol";
import {Consortium} from "./Consortium.sol";

/// @dev Members who decide random things with random signatures, and a plain memory of what must have come of it.
contract MemberActors is Consortium {
    struct Kept {
        uint256 key; // of the signer
        bool present;
    }

    Kept[] private _kept;
    uint16[] private _judging; // by bit, whose oracle
    uint64 public changes;
    uint256 private _drawn = 0x6000;

    constructor() {
        setUp();
        _kept.push(Kept(0x41, true));
        for (uint256 i = 0; i < 4; ++i) _judging.push(0);
    }

    // What they do

    /// @param signing members who sign, bit by bit; every other time just as many as must
    function decide(uint8 kind, uint8 which, uint256 signing, uint8 number, bool wellSigned) external {
        uint256 index = uint256(which) % (_kept.length + 1);
        (bytes memory call_, bool legal) = callOf(kind % 4, uint16(index), which);
        uint256 bits = wellSigned ? enough(signing) : signing % (1 << _kept.length);
        uint64 named = number % 8 == 0 ? changes + 1 : changes;
        bool must = legal && named == changes && count(bits) == quorum() && allPresent(bits);

        bytes[] memory calls = new bytes[](1);
        calls[0] = call_;
        bytes32[2][] memory signatures = sign(members.changeDigest(named, type(uint40).max, calls), bits);
        try members.carryOut(named, type(uint40).max, calls, bits, signatures) {
            check(must, "carried out what it must not");
            ++changes;
            keep(kind % 4, uint16(index), which);
        } catch {
            check(!must, "refused what it must take");
        }
    }

    function wait(uint16 seconds_) external {
        vm.warp(block.timestamp + seconds_);
    }

    // What is asked of them

    function size() external view returns (uint256) {
        return _kept.length;
    }

    function isKept(uint256 index) external view returns (bool, address) {
        return (_kept[index].present, vm.addr(_kept[index].key));
    }

    function registry() external view returns (IMemberRegistry) {
        return members;
    }

    function judging(uint256 bit) external view returns (uint16) {
        return _judging[bit];
    }

    function quorum() public view returns (uint256) {
        uint256 present = count(presentBits());
        return present - (present - 1) / 3;
    }

    function presentBits() public view returns (uint256 bits) {
        for (uint256 i = 0; i < _kept.length; ++i) if (_kept[i].present) bits |= 1 << i;
    }

    // One call, and whether it may be

    function callOf(uint8 kind, uint16 index, uint8 seed) private view returns (bytes memory, bool) {
        bool present = index < _kept.length && _kept[index].present;
        IMemberRegistry.Member memory next = someMembers()[0];
        next.signer = vm.addr(_drawn);
        if (kind == 0) return (abi.encodeCall(IMemberRegistry.addMember, (next)), true);
        if (kind == 1) return (abi.encodeCall(IMemberRegistry.changeMember, (index, next)), present);
        if (kind == 2) {
            // The first has the gateways.
            bool free = index != 0;
            for (uint256 i = 0; i < _judging.length; ++i) if (_judging[i] == index) free = false;
            return (abi.encodeCall(IMemberRegistry.removeMember, (index)), present && free);
        }
        IMemberRegistry.OracleKey[] memory set = someOracles(1 + (seed % 7));
        for (uint256 i = 0; i < set.length; ++i) set[i].member = index;
        uint8 bound_ = uint8((set.length - 1) / 3) + (seed % 5 == 0 ? 1 : 0);
        return (abi.encodeCall(IMemberRegistry.replaceOracles, (set, bound_)), present && seed % 5 != 0);
    }

    function keep(uint8 kind, uint16 index, uint8 seed) private {
        if (kind == 0) _kept.push(Kept(_drawn++, true));
        if (kind == 1) _kept[index].key = _drawn++;
        if (kind == 2) _kept[index].present = false;
        if (kind != 3) return;
        delete _judging;
        for (uint256 i = 0; i < 1 + (seed % 7); ++i) _judging.push(index);
    }

    function enough(uint256 seed) private view returns (uint256 bits) {
        bits = presentBits();
        uint256 needed = quorum();
        for (uint256 bit = seed % 64; count(bits) > needed; bit = (bit + 1) % 64) bits &= ~(1 << bit);
    }

    function allPresent(uint256 bits) private view returns (bool) {
        return bits & ~presentBits() == 0;
    }

    function sign(bytes32 digest, uint256 bits) private view returns (bytes32[2][] memory signatures) {
        signatures = new bytes32[2][](count(bits));
        uint256 next = 0;
        for (uint256 bit = 0; bit < _kept.length; ++bit) {
            if ((bits >> bit) & 1 == 0) continue;
            (bytes32 r, bytes32 vs) = vm.signCompact(_kept[bit].key, digest);
            signatures[next++] = [r, vs];
        }
    }

    function count(uint256 bits) private pure returns (uint256 found) {
        for (; bits != 0; bits &= bits - 1) ++found;
    }
}
