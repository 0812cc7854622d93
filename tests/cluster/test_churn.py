"""An hour's churn in ten minutes: afterwards the cluster equals Git, and nothing has leaked."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from random import Random

import pytest

from devcluster.cluster import DevCluster
from devcluster.git_server import GitServer
from devcluster.waiting import wait_until
from gitops_operator.source.libgit2 import OPEN_PACKS
from tests.cluster.churn_check import differences, excess, story_of, unready
from tests.cluster.churn_deeds import Churn
from tests.cluster.churn_fleet import Fleet
from tests.cluster.churn_pair import Sample, pair
from tests.cluster.installation import install
from tests.cluster.kube import Kube
from tests.cluster.operator import assert_no_bug

pytestmark = [pytest.mark.cluster, pytest.mark.soak]

SECONDS = float(os.environ.get("CHURN_SECONDS", "600"))
SEED = int(os.environ.get("CHURN_SEED") or Random().getrandbits(32))
BETWEEN = 0.6
STEP = 30.0
BEGINNING = SETTLING = 400.0
SILENCE = 20.0
GROWTH = 1.15
Say = Callable[[str], None]


@pytest.fixture
def churn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Churn]:
    """A cluster, a Git server and two operators that nobody else has."""
    folder, served = tmp_path_factory.mktemp("churn"), tmp_path_factory.mktemp("git")
    with ExitStack() as stack:
        cluster = stack.enter_context(DevCluster("churn"))
        git = stack.enter_context(GitServer(served))
        operators = stack.enter_context(pair(cluster, install(cluster), folder))
        yield Churn(cluster, Kube(cluster), git, operators, Fleet(git, Random(SEED)))


@pytest.mark.timeout(SECONDS + BEGINNING + SETTLING + 300)
def test_after_an_hours_churn_the_cluster_equals_git_and_nothing_has_leaked(
    churn: Churn, capsys: pytest.CaptureFixture[str]
) -> None:
    def say(text: str) -> None:
        with capsys.disabled():
            sys.stdout.write(f"churn: {text}\n")
            sys.stdout.flush()

    say(f"seed {SEED}, {SECONDS:.0f} s; repeat it with CHURN_SEED={SEED}")
    say(f"{begin(churn):.0f} s until {len(churn.fleet.members)} Applications were Ready")
    samples = suffer(churn, say)
    say(f"{settle(churn):.0f} s until all was well again")
    say(", ".join(f"{number} × {what}" for what, number in churn.done.most_common()))
    written_in_silence = listen(churn)
    samples.append(churn.sample())
    say(f"{len(churn.pair.writes())} writes, {churn.pair.of_applications()} to Applications; at the end {samples[-1]}")

    assert differences(churn.kube, churn.fleet) == []
    assert written_in_silence == 0
    assert churn.pair.problems() == {}
    for operator in churn.pair.operators:
        assert_no_bug(operator)
        assert operator.metric("gitops_queue_depth") == 0
    check_writes(churn)
    check_leaks(samples)


def begin(churn: Churn) -> float:
    """All Applications at once."""
    for member in churn.fleet.members:
        member.commit(*member.files)
        churn.create(member)
    return wait_well(churn, BEGINNING)


def wait_well(churn: Churn, timeout: float) -> float:
    def is_well() -> bool:
        churn.rest(0.5)
        return not unready(churn.kube, churn.fleet)

    return wait_until(is_well, "all are Ready", timeout=timeout, explain=lambda: str(unready(churn.kube, churn.fleet)))


def suffer(churn: Churn, say: Say) -> list[Sample]:
    """The churn itself; a sample and a line each half minute."""
    random, began = Random(SEED), time.monotonic()
    samples = [churn.sample()]
    while (left := began + SECONDS - time.monotonic()) > 0:
        churn.run(random, min(STEP, left), BETWEEN)
        samples.append(churn.sample())
        leader, waiting = churn.pair.leader(), len(unready(churn.kube, churn.fleet))
        say(
            f"{time.monotonic() - began:4.0f} s, {churn.done.total()} deeds, {len(churn.pair.writes())} writes; "
            f"{waiting} not Ready, {leader.name if leader else 'nobody'} leads; {samples[-1]}"
        )
    return samples


def settle(churn: Churn) -> float:
    churn.finish()
    return wait_well(churn, SETTLING)


def listen(churn: Churn) -> int:
    """How much is written while nothing happens."""
    time.sleep(3)  # Events and counts go out in the background
    before = len(churn.pair.writes()) + churn.pair.of_applications()
    time.sleep(SILENCE)
    return len(churn.pair.writes()) + churn.pair.of_applications() - before


def check_writes(churn: Churn) -> None:
    """A change of hands in the middle of a write may repeat it; nothing else does."""
    writes = churn.pair.writes()
    found = excess(writes, churn.fleet)
    stories = "\n".join(story_of(key, writes, churn.fleet) for key in found)
    assert sum(found.values()) <= churn.pair.turns(), stories
    if stories:
        sys.stdout.write(stories)


def check_leaks(samples: list[Sample]) -> None:
    """The first sample is of the quiet beginning, the last of the quiet end."""
    third = len(samples) // 3
    early, late = samples[: third + 1], samples[-third - 1 :]
    assert max(one.megabytes for one in late) <= GROWTH * max(one.megabytes for one in early), samples
    assert max(one.threads for one in late) <= max(one.threads for one in early) + 2, samples
    assert samples[-1].tasks <= 1.1 * samples[0].tasks + 5, samples
    assert samples[-1].sockets <= 1.1 * samples[0].sockets + 10, samples
    assert max(one.files for one in samples) <= OPEN_PACKS + 40, samples
