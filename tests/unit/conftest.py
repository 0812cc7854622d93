import time
from collections.abc import Generator

import pytest
from hypothesis import strategies as st

CAP = 2.0


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Two seconds cap a test of pure code; one that needs longer computes too much or belongs elsewhere.

    Seconds of this process, not of the clock: on a busy machine a test waits for its turn, and one that was cut off in
    the middle of drawing an example looks flaky. What hangs is ended by the time-out that all tests have.
    """
    before = time.process_time()
    result = yield
    spent = time.process_time() - before
    if spent > CAP and item.get_closest_marker("timeout") is None:
        pytest.fail(f"the test took {spent:.1f} s of the processor; the cap of pure code is {CAP} s")
    return result


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Hypothesis makes its table of all characters once in a checkout, which takes seconds: not inside a test."""
    if session.items and not session.config.option.collectonly:
        st.text().validate()
