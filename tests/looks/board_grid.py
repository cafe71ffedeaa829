"""Write the rows of the day board as classes, because the content security policy allows no style attributes.

Run ``python -m tests.looks.board_grid`` after a change; a test compares.
"""

from pathlib import Path

TARGET = Path(__file__).resolve().parents[2] / "static" / "css" / "board-grid.css"

HEAD = """/* Rows of the day board, written by `python -m tests.looks.board_grid`. Loaded by the board alone.
   A board says how it is cut: .lanes-N (columns beside the hours) and .hours-N (whole hours shown, from the top).
   A block says where it stands: .at-M starts it M minutes after the first hour, .for-M makes it M minutes long
   (steps of five minutes). .plus-1 to .plus-4 move it down by single minutes, for the now-line. */
"""
STEP_MIN = 5
LONGEST_MIN = 24 * 60
MOST_LANES = 40


def _lines(rules: list[str], per_line: int = 8) -> str:
    return "\n".join(" ".join(rules[start : start + per_line]) for start in range(0, len(rules), per_line)) + "\n"


def board_css() -> str:
    """The whole file."""
    minutes = range(0, LONGEST_MIN, STEP_MIN)
    lanes = [f".lanes-{number}{{--lanes:{number}}}" for number in range(1, MOST_LANES + 1)]
    hours = [f".hours-{number}{{--rows:{number * 60 // STEP_MIN}}}" for number in range(1, 25)]
    starts = [f".at-{minute}{{grid-row-start:{minute // STEP_MIN + 1}}}" for minute in minutes]
    lengths = [f".for-{minute + STEP_MIN}{{grid-row-end:span {minute // STEP_MIN + 1}}}" for minute in minutes]
    single = [
        f".plus-{minute}{{margin-top:calc(var(--slot) * {minute / STEP_MIN:.1f})}}" for minute in range(1, STEP_MIN)
    ]
    return HEAD + "".join(_lines(rules) for rules in (lanes, hours, starts, lengths, single))


if __name__ == "__main__":
    TARGET.write_text(board_css())
