"""The scenes of a careful release: a migration that waits for an approval, and the way back."""

import json
import time

from devcluster.demo.kube import Body
from devcluster.demo.operator import NAMESPACE
from devcluster.demo.showing import Measure, gitops, greeting, kubectl, measure, title
from devcluster.demo.table import Table
from devcluster.demo.world import APPLICATIONS, World

_NAME = "waves"
_GREETING = ("Hello again", "Hello from new tables")
_MIGRATION = """\
apiVersion: batch/v1
kind: Job
metadata:
  name: migration
  annotations:
    gitops-operator.io/hook: PreSync
spec:
  template:
    spec:
      restartPolicy: Never
      containers:
        - name: migration
          image: postgres:17-alpine
          command: ["true"]
"""


def careful(world: World) -> list[Measure]:
    """A commit with a hook waits for an approval; then somebody goes back to the version before."""
    return [approved(world), rolled_back(world)]


def approved(world: World) -> Measure:
    """The plan is shown and approved: the migration runs first."""
    title("A commit with a migration, in an Application whose syncs somebody has to approve")
    _policy(world, "required")
    files = world.repository.files()
    settings = files["waves/settings.yaml"].replace(*_GREETING)
    changes = {"waves/settings.yaml": settings, "waves/migration.yaml": _MIGRATION}
    sha = world.repository.commit(changes, "Migrate, and greet")
    world.until(lambda: _status(world, "plan").get("revisions") == [sha], "the commit to wait for an approval")
    gitops(world, "plan", _NAME, "-n", NAMESPACE, seen=1)
    started, table = time.monotonic(), Table()
    gitops(world, "approve", _NAME, "-n", NAMESPACE)

    def is_well() -> bool:
        table.show([row := world.row(_NAME)])
        return row.is_well and sha.startswith(row.revision)

    world.until(is_well, "the approved commit to be Synced and Healthy")
    hooks = [f"{one['phase']} {one['name']}: {one['status']}" for one in _status(world, "operation").get("hooks", [])]
    print(f"hooks: {', '.join(hooks)}; greeting: {greeting(world)}", flush=True)
    return measure("approved → migrated, Synced and Healthy", time.monotonic() - started)


def rolled_back(world: World) -> Measure:
    """The version before comes back and stays until somebody resumes."""
    title("That was a mistake: back to the version before, and later on again")
    _policy(world, "none")
    started = time.monotonic()
    gitops(world, "rollback", _NAME, "-n", NAMESPACE)
    took = time.monotonic() - started
    print(f"greeting: {greeting(world)}   ({world.row(_NAME).message})", flush=True)
    gitops(world, "resume", _NAME, "-n", NAMESPACE)
    world.until(lambda: world.row(_NAME).is_well and greeting(world) == _GREETING[1], "Git to be followed again")
    print(f"greeting: {greeting(world)}", flush=True)
    return measure("rollback by one command", took)


def _policy(world: World, approval: str) -> None:
    patch = json.dumps({"spec": {"syncPolicy": {"approval": approval}}})
    kubectl(world, "patch", "gapp", _NAME, "-n", NAMESPACE, "--type", "merge", "-p", patch)


def _status(world: World, part: str) -> Body:
    found = world.kube.get(f"{APPLICATIONS}/{_NAME}") or {}
    stanza: Body = found.get("status", {}).get(part, {})
    return stanza
