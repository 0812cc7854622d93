"""Manifests of other projects, which stand beside the checkout of who develops this and are never copied into it."""

from pathlib import Path

import pytest

from tests.cluster.operator import ROOT

PUBLISHED = ROOT.parent / "shared" / "fixtures" / "published"


def published(*paths: str) -> dict[str, str]:
    """These files by name; where the folder is absent the test is skipped, and says so."""
    if not PUBLISHED.is_dir():
        pytest.skip(f"the published manifests are not here: {PUBLISHED} is absent")
    return {Path(path).name: (PUBLISHED / path).read_text() for path in paths}
