"""Progress lines of a long run: brief, and ever more rarely."""

from __future__ import annotations

from fellowship.cli.log_throttle import LogThrottle
from fellowship.models.limits.wait_note import WaitNote


def down(look: int, left: int) -> WaitNote:
    """What the gate of a server that is down says."""
    paused = f"paused, next look in {look} s, given up in {left} s"
    return WaitNote(paused, "no server at x; is it up?", down=True)


def test_a_dead_server_is_told_once_in_full_then_in_brief_ever_more_rarely() -> None:
    patience = LogThrottle("fellowship run r.yaml --into run")
    told = [
        (now, notes)
        for now in range(600)
        if (notes := patience.notes(now, "still", [down(9, 600 - now)]))
    ]
    assert [now for now, _ in told] == [0, 10, 30, 70, 150, 270, 390, 510]
    assert "is it up?" in told[0][1][0]
    assert "resume later with: fellowship run r.yaml --into run" in told[0][1][1]
    assert all(len("".join(notes)) < 60 for _, notes in told[1:])


def test_a_run_that_moves_says_so_every_ten_seconds() -> None:
    patience = LogThrottle()
    due = [now for now in range(1, 61) if patience.notes(now, now, []) is not None]
    assert due == [10, 20, 30, 40, 50, 60]
