// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title What operators may stop for a while: the giving of grants, and nothing else
interface IPausable {
    event Paused(address indexed by);
    event Resumed(address indexed by);

    /// @notice New grants are not taken while an operator has paused them, through whichever door.
    error GrantsPaused();
    /// @notice A pause lasts an hour at least, however early its end was announced. `pausedAt` zero: there is none.
    error ResumedTooEarly(uint40 pausedAt, uint256 present);

    /// @notice Stops new grants; by a pauser, at once. What was given stays: reads, revocations, consent and break-glass go
    /// on, and nothing that is signed is lost.
    function pause() external;

    /// @notice Lets grants be given again; by a resumer, as long after announcing it (`Operators.schedule`) as its role says,
    /// and not within an hour of the pause: nobody announces the end of one that has not begun (`ResumedTooEarly`).
    function resume() external;

    function paused() external view returns (bool);
}
