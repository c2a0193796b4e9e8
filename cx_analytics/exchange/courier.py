"""Emptying the outbox towards one target: rounds of attempts with growing waits between them.

Belongs here: what an answer does to a message, and how long to wait. Stays out: the wire. Time,
sleep and chance are handed in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from random import Random

from cx_analytics.contracts.errors import InputRefused
from cx_analytics.exchange.envelope import Parcel
from cx_analytics.exchange.outbox import Message, Outbox, State
from cx_analytics.exchange.target import Reply, Send

LONGEST_WAIT_S = 60.0


@dataclass(frozen=True)
class Patience:
    """How often a message is tried before it is dead, and the first wait between two rounds."""

    tries: int = 5
    backoff_s: float = 1.0

    def wait_s(self, rounds: int, asked_s: float, chance: Random) -> float:
        """Seconds after so many rounds: doubled each time, between half and all of it by chance.

        Chance keeps senders that failed together from coming back together. What the receiver
        asks for counts when it is longer.
        """
        doubled = self.backoff_s * 2.0 ** min(rounds - 1, 30)
        return min(LONGEST_WAIT_S, max(asked_s, doubled * (0.5 + chance.random() / 2)))


@dataclass(frozen=True)
class Courier:
    """Sends what is pending for one target.

    `parcel` makes the parcel of a message, or raises InputRefused when its pack cannot be sent.
    """

    outbox: Outbox
    parcel: Callable[[Message], Parcel]
    send: Send
    patience: Patience
    clock: Callable[[], datetime]
    sleep: Callable[[float], None]
    chance: Random

    def empty(self, target: str) -> None:
        """Try every pending message until it is sent or dead."""
        for rounds in range(1, self.patience.tries + 1):
            asked_s = self._round(self.outbox.messages(target, ("pending",)))
            if rounds == self.patience.tries or not self.outbox.messages(target, ("pending",)):
                return
            self.sleep(self.patience.wait_s(rounds, asked_s, self.chance))

    def _round(self, messages: list[Message]) -> float:
        """One attempt for each message; returns the longest wait that was asked for.

        A target that is not there at all fails the rest of the round at once: else each message
        would wait for its own time-out.
        """
        asked_s, gone = 0.0, None
        for message in messages:
            reply = self._attempt(message, gone)
            asked_s = max(asked_s, reply.wait_s)
            gone = reply if reply.outcome == "unreachable" else None
        return asked_s

    def _attempt(self, message: Message, gone: Reply | None) -> Reply:
        number = self.outbox.begin(message, at=self.clock())
        reply = gone or self._sent(message)
        state = self._state_after(message, reply)
        self.outbox.end(message, number, reply, state, at=self.clock())
        return reply

    def _sent(self, message: Message) -> Reply:
        try:
            return self.send(self.parcel(message))
        except InputRefused as error:
            return Reply("refused", str(error))

    def _state_after(self, message: Message, reply: Reply) -> State:
        if reply.outcome == "taken":
            return "sent"
        last = message.tries + 1 >= self.patience.tries
        return "dead" if reply.outcome == "refused" or last else "pending"
