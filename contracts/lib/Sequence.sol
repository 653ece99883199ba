// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @dev The largest sequence that there is, 2⁵³ − 1, as in reading@1. Anybody may register a device and name sequences of
/// it, and all who follow the chain count in doubles: a larger one would stop every one of them.
uint64 constant SEQUENCE_MAX = 2 ** 53 - 1;
