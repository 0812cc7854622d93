from pathlib import Path

import pytest
from hypothesis import strategies as st

HERE = Path(__file__).parent
CAP = pytest.mark.timeout(2, func_only=True)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Two seconds cap a test of pure code; one that needs longer computes too much or belongs elsewhere."""
    for item in items:
        if HERE in item.path.parents and item.get_closest_marker("timeout") is None:
            item.add_marker(CAP)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Hypothesis makes its table of all characters once in a checkout, which takes seconds: not inside a test, where
    the cap would cut it off in the middle of drawing.
    """
    if session.items and not session.config.option.collectonly:
        st.text().validate()
