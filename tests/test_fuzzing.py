"""The rules for any input, tried in every test run; scripts/fuzz tries them for longer and by another method."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rules_for_any_input import RULES, SEEDS

if TYPE_CHECKING:
    from hypothesis.strategies import DataObject


@pytest.mark.parametrize("name", RULES)
@given(data=st.data())
def test_rule(name: str, data: DataObject) -> None:
    """It holds for random bytes, and for good input, whole or cut up and put together again."""
    pieces = [piece for seed in SEEDS[name] for piece in (seed, *seed.splitlines(keepends=True), *seed.split())]

    RULES[name](
        data.draw(st.binary() | st.lists(st.sampled_from(pieces) | st.binary(max_size=4), max_size=8).map(b"".join))
    )
