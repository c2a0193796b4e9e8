"""The outbox: states, attempts, waits, and what a crash between any two steps leaves."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cx_analytics.contracts.errors import CxError, InputRefused
from cx_analytics.exchange.courier import LONGEST_WAIT_S, Courier, Patience
from cx_analytics.exchange.envelope import Parcel, as_json, as_zip, message_id, parcel_of
from cx_analytics.exchange.outbox import Message, Outbox, opened, read_pack, sending_alone
from cx_analytics.exchange.target import Reply, Send, parse_target

NOW = datetime(2026, 2, 1, 12)
FILES = {"defect.json": b'{"case_id": "d-1"}', "serials.csv": b"unit_id\r\nU1\r\n"}
TAKEN, AGAIN = Reply("taken", "200"), Reply("again", "503")
REFUSED, GONE = Reply("refused", "400"), Reply("unreachable", "no connection")


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    with opened(tmp_path / "outbox") as one:
        yield one


class Wire:
    """A sender that answers from a list, and a clock that only sleeping moves."""

    def __init__(self, *replies: Reply) -> None:
        self.replies, self.sent = list(replies), list[str]()
        self.now, self.slept = NOW, list[float]()

    def __call__(self, parcel: Parcel) -> Reply:
        self.sent.append(parcel.pack)
        return self.replies.pop(0)

    def clock(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)


def parcel(message: Message) -> Parcel:
    return parcel_of(message.pack, FILES, tag=message.tag)


def courier(outbox: Outbox, wire: Wire, tries: int = 3, send: Send | None = None) -> Courier:
    patience = Patience(tries, backoff_s=2.0)
    return Courier(outbox, parcel, send or wire, patience, wire.clock, wire.sleep, Random(1))


def queue(outbox: Outbox, *packs: str) -> None:
    for pack in packs:
        outbox.add(message_id(pack, FILES), pack, "t", "ab", at=NOW)


def states(outbox: Outbox) -> list[tuple[str, str, int]]:
    return [(one.pack, one.state, one.tries) for one in outbox.messages()]


def test_content_is_queued_once(outbox: Outbox) -> None:
    added = [outbox.add("m-1", "p", target, "ab", at=NOW) for target in ("t", "t", "u")]
    assert added == [True, False, True]


def test_the_id_is_of_the_content() -> None:
    one = message_id("p", FILES)
    assert message_id("p", dict(reversed(FILES.items()))) == one
    others = ({**FILES, "serials.csv": b""}, {"defect.jso": b"n" + FILES["defect.json"]})
    assert one not in {message_id("p", files) for files in others}
    assert message_id("q", FILES) != one


def test_sent_after_what_was_only_for_now(outbox: Outbox) -> None:
    queue(outbox, "p")
    wire = Wire(AGAIN, Reply("again", "429", wait_s=9.0), TAKEN)
    courier(outbox, wire).empty("t")
    assert states(outbox) == [("p", "sent", 3)]
    assert 1.0 <= wire.slept[0] <= 2.0
    assert wire.slept[1] == 9.0
    (message,) = outbox.messages()
    told = [(one["number"], one["outcome"], one["answer"]) for one in outbox.attempts(message)]
    assert told == [(1, "again", "503"), (2, "again", "429"), (3, "taken", "200")]


def test_dead_when_refused_or_tried_enough(outbox: Outbox) -> None:
    queue(outbox, "bad", "late", "good")
    wire = Wire(REFUSED, AGAIN, TAKEN, AGAIN, AGAIN)
    courier(outbox, wire).empty("t")
    assert states(outbox) == [("bad", "dead", 1), ("late", "dead", 3), ("good", "sent", 1)]
    courier(outbox, Wire()).empty("t")
    outbox.revive(outbox.messages("t", ("dead",)))
    courier(outbox, Wire(TAKEN, TAKEN)).empty("t")
    assert [state for _, state, _ in states(outbox)] == ["sent", "sent", "sent"]
    assert len(outbox.attempts(outbox.messages()[1])) == 4, "every attempt stays on record"


def test_a_target_that_is_not_there_is_asked_once_a_round(outbox: Outbox) -> None:
    queue(outbox, "p", "q", "r")
    wire = Wire(GONE, GONE, GONE)
    courier(outbox, wire).empty("t")
    assert wire.sent == ["p", "p", "p"]
    assert states(outbox) == [("p", "dead", 3), ("q", "dead", 3), ("r", "dead", 3)]


@given(st.integers(1, 100), st.floats(0, 1e4), st.integers())
def test_waits_grow_and_end(rounds: int, asked: float, seed: int) -> None:
    wait = Patience(5, 1.0).wait_s(rounds, asked, Random(seed))
    assert min(asked, LONGEST_WAIT_S) <= wait <= LONGEST_WAIT_S
    assert wait >= min(2.0 ** (rounds - 1) / 2, LONGEST_WAIT_S)
    assert wait == Patience(5, 1.0).wait_s(rounds, asked, Random(seed))


def test_acknowledged_by_the_receiver_of_this_target(outbox: Outbox) -> None:
    queue(outbox, "p")
    outbox.add(message_id("p", FILES), "p", "other", "cd", at=NOW)
    courier(outbox, Wire(TAKEN)).empty("t")
    said = {f"ack-{message_id('p', FILES)}-ab": ("held", NOW), "ack-m-0-ab": ("held", NOW)}
    assert [outbox.acknowledge(said), outbox.acknowledge(said)] == [1, 0]
    assert [(one.state, one.answer) for one in outbox.messages()] == [
        ("acknowledged", "held"),
        ("pending", None),
    ]
    outbox.revive(outbox.messages())
    assert outbox.messages()[0].state == "acknowledged", "nothing sends it once more"


class Crash(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("step", ["begin", "end", "_sent", "sleep"])
@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
def test_a_crash_anywhere_is_one_effect(
    tmp_path: Path, step: str, done: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At a receiver that honours the id; the store is opened anew, as by the next process."""
    effects = set[str]()
    answers = [AGAIN, TAKEN, TAKEN, TAKEN]

    def send(one: Parcel) -> Reply:
        reply = answers.pop(0)
        if reply is TAKEN:
            effects.add(one.message_id)
        return reply

    wire = Wire()
    owner: Any = {"begin": Outbox, "end": Outbox, "_sent": Courier, "sleep": Wire}[step]
    with opened(tmp_path) as outbox, monkeypatch.context() as patch:
        queue(outbox, "p")
        patch.setattr(owner, step, crashing(getattr(owner, step), done))
        with pytest.raises(Crash):
            courier(outbox, wire, send=send).empty("t")
    with opened(tmp_path) as outbox:
        assert outbox.add(message_id("p", FILES), "p", "t", "ab", at=NOW) is False
        courier(outbox, wire, send=send).empty("t")
        assert [state for _, state, _ in states(outbox)] == ["sent"]
    assert effects == {message_id("p", FILES)}


def crashing(real: Callable[..., Any], done: bool) -> Callable[..., Any]:
    def crash(*given: Any, **named: Any) -> Any:
        if done:
            real(*given, **named)
        raise Crash

    return crash


def test_a_cut_off_attempt_stays_on_record(outbox: Outbox) -> None:
    queue(outbox, "p")
    (message,) = outbox.messages()
    outbox.begin(message, at=NOW)
    courier(outbox, Wire(TAKEN)).empty("t")
    told = [(one["number"], one["ended_at"] is None) for one in outbox.attempts(message)]
    assert told == [(1, True), (2, False)]


def test_one_sender_at_a_time(tmp_path: Path) -> None:
    with sending_alone(tmp_path), pytest.raises(CxError, match="another export"):  # noqa: SIM117
        with sending_alone(tmp_path):
            pass
    with sending_alone(tmp_path):
        pass


def test_a_store_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "outbox.sqlite").write_text("not a database, but long enough to look at" * 9)
    with pytest.raises(CxError, match="the outbox cannot be used"), opened(tmp_path):
        pass


def test_only_files_of_a_pack_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("unit_id\n")
    (tmp_path / ".DS_Store").write_text("")
    assert list(read_pack(tmp_path)) == ["a.csv"]
    (tmp_path / "b.csv").symlink_to("/etc/hostname")
    with pytest.raises(InputRefused, match=r"b\.csv"):
        read_pack(tmp_path)
    with pytest.raises(InputRefused, match="no longer there"):
        read_pack(tmp_path / "gone")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("more.csv", b"\xef\xbb\xbfcustomer_id\r\nC1\r\n"),
        ("more.json", b'{"rows": [{"session_id": "s"}]}'),
        ("more.json", b'[[{"latitude": 1.0}]]'),
    ],
)
def test_nothing_about_people_or_places_leaves(name: str, content: bytes) -> None:
    with pytest.raises(InputRefused, match="may not reach a factory"):
        parcel_of("p", {**FILES, name: content}, tag="ab")


def test_forms_for_the_wire_are_the_same_each_time() -> None:
    one = parcel_of("p", FILES, tag="ab")
    assert as_zip(one) == as_zip(parcel_of("p", FILES, tag="ab"))
    told = json.loads(as_json(one))
    assert (told["defect"], told["message_id"]) == ({"case_id": "d-1"}, one.message_id)
    assert told["acknowledge_as"] == f"ack-{one.message_id}-ab"


@pytest.mark.parametrize(
    ("given_text", "text", "path"),
    [
        ("HTTPS://Factory.example/Packs?x=1", "https://factory.example:443/Packs?x=1", None),
        ("http://[::1]:8080", "http://[::1]:8080/", "/"),
        ("mqtts://b/a%20b/c", "mqtts://b:8883/a%20b/c", "a b/c"),
        ("../inbox", "/w/inbox", "/w/inbox"),
        ("/in/*.zip", "/in/*.zip", "/in"),
    ],
)
def test_one_spelling_a_target(given_text: str, text: str, path: str | None) -> None:
    target = parse_target(given_text, base=Path("/w/here"))
    assert target.text == text
    assert path in (None, target.path)
    assert parse_target(text, base=Path("/elsewhere")) == target


@pytest.mark.parametrize(
    "text",
    ["", "http://", "http://h:0/", "http://h/a b", "http://h/#x", "http://[x/", "mqtt://h/a/#",
     "mqtt://h/", "ftp://h/", "http://ü.example/", "http://h:x/", "http://u:p@h/", "file:///x"],
)  # fmt: skip
def test_targets_that_cannot_be_meant(text: str) -> None:
    with pytest.raises(InputRefused):
        parse_target(text, base=Path("/w"))
