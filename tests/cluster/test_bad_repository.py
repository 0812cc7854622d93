"""What a user sees when the repository has a bad day, and that nothing is lost by it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from devcluster.git_server import GitServer
from tests.cluster.kube import Kube
from tests.cluster.operator import Operator, running
from tests.cluster.scene import Scene, config_map, deployment, playing

pytestmark = pytest.mark.cluster

FILES = {"one.yaml": config_map("one"), "two.yaml": config_map("two")}
BOTH = {"one", "two"}


@pytest.fixture(scope="module")
def operator(kubeconfig: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operator]:
    """One that is soon tired of a silent Git server."""
    folder = tmp_path_factory.mktemp("operator")
    with running(Operator(kubeconfig, folder, git_timeout=2, look_interval=5)) as operator:
        yield operator


@pytest.fixture
def bad_git(tmp_path: Path) -> Iterator[GitServer]:
    """A server of one's own to give a bad day."""
    with GitServer(tmp_path) as server:
        yield server


@pytest.fixture
def bad(kube: Kube, bad_git: GitServer, operator: Operator) -> Iterator[Scene]:
    with playing(kube, bad_git, operator) as scene:
        yield scene


def test_a_repository_that_is_not_there_is_named_and_followed_once_it_is(scene: Scene) -> None:
    missing = f"{scene.name}-missing"
    scene.create(source={"repoURL": scene.git.http_url(missing), "path": "."})
    scene.wait_condition("Ready", "RepositoryNotFound", missing, status="False")
    scene.git.create(missing).commit(FILES)
    scene.wait_ready()
    assert scene.config_maps() == BOTH


@pytest.mark.parametrize("status,reason", [(403, "AuthenticationFailed"), (500, "RepositoryUnreachable")])
def test_a_server_that_refuses_is_told_and_tried_again(bad: Scene, status: int, reason: str) -> None:
    bad.repository.commit(FILES)
    bad.git.refuse(status)
    bad.create()
    bad.wait_condition("Ready", reason, str(status), status="False")
    bad.git.recover()
    bad.wait_ready()


def test_a_server_that_hangs_harms_no_other_application(bad: Scene, scene: Scene) -> None:
    bad.repository.commit(FILES)
    bad.git.hang()
    bad.create()
    scene.follow(FILES)
    bad.wait_condition("Ready", "Timeout", status="False")
    scene.wait_at(scene.repository.commit({"one.yaml": config_map("one", key="new")}))
    bad.git.recover()
    bad.wait_ready()


def test_while_the_server_is_away_drift_is_still_healed(bad: Scene) -> None:
    bad.follow(FILES)
    bad.git.refuse(500)
    bad.wait_condition("SourceStale", "500", status="True")
    bad.kube.edit("ConfigMap", "one", bad.namespace, {"data": {"key": "mine"}})
    bad.wait_for(lambda: bad.data("one") == {"key": "git"}, "the value is healed")
    assert bad.is_ready()
    bad.git.recover()
    bad.wait_for(lambda: not bad.condition("SourceStale")["status"], "the warning goes")


def test_a_corrupt_commit_changes_nothing_and_the_next_good_one_counts(bad: Scene) -> None:
    bad.follow(FILES)
    bad.repository.commit({"one.yaml": config_map("one", key="broken")})
    bad.repository.corrupt()
    bad.wait_condition("SourceStale", status="True")
    assert bad.data("one") == {"key": "git"}
    files = {name: config_map(name.removesuffix(".yaml"), key="mended") for name in FILES}
    bad.wait_at(bad.repository.force_push(files))
    assert bad.data("one") == {"key": "mended"}


def test_a_force_push_is_followed(scene: Scene) -> None:
    scene.follow(FILES)
    sha = scene.repository.force_push({"one.yaml": config_map("one", key="rewritten")})
    scene.wait_at(sha)
    assert scene.config_maps() == {"one"}


def test_an_emptied_repository_prunes_nothing(scene: Scene) -> None:
    scene.follow(FILES)
    scene.repository.empty()
    condition = scene.wait_condition("Ready", "WouldPruneEverything", "allowEmpty", status="False")
    assert "2" in condition["message"]
    assert scene.stays(lambda: scene.config_maps() == BOTH)
    scene.wait_at(scene.repository.commit(FILES))


def test_a_folder_that_is_gone_prunes_nothing(scene: Scene) -> None:
    scene.follow({f"app/{name}": text for name, text in FILES.items()}, source={"repoURL": scene.url, "path": "app"})
    scene.repository.commit({"app": None, "elsewhere.yaml": config_map("one")})
    scene.wait_condition("Ready", "app", status="False")
    assert scene.stays(lambda: scene.config_maps() == BOTH)
    scene.repository.commit({f"app/{name}": text for name, text in FILES.items()})
    scene.wait_ready()


def test_a_repository_without_any_branch_prunes_nothing(bad: Scene) -> None:
    bad.follow(FILES)
    bad.repository.forget_everything()
    bad.wait_condition("SourceStale", "empty", status="True")
    assert bad.stays(lambda: bad.config_maps() == BOTH)
    bad.wait_at(bad.repository.commit({**FILES, "three.yaml": config_map("three")}))


def test_a_revision_that_does_not_exist_is_named_and_followed_once_it_does(scene: Scene) -> None:
    scene.repository.commit(FILES)
    scene.create(source={"repoURL": scene.url, "path": ".", "targetRevision": "release"})
    scene.wait_condition("Ready", "RevisionNotFound", "release", status="False")
    scene.repository.branch("release")
    scene.wait_ready()


def test_a_commit_that_vanishes_from_under_a_running_sync_gives_way_to_the_new_one(scene: Scene) -> None:
    scene.repository.commit({"web.yaml": deployment("web", 0, behaviour="slow"), "late.yaml": config_map("late", 1)})
    scene.create()
    scene.wait_condition("Ready", "Syncing", "web", status="False")
    sha = scene.repository.force_push({"late.yaml": config_map("late", key="new")})
    scene.wait_at(sha)
    assert scene.data("late") == {"key": "new"}
    assert scene.object("Deployment", "web") is None
