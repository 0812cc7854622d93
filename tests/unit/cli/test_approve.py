"""What `kubectl gitops approve` says of a plan."""

from gitops_operator.cli.online.approve import described


def test_a_plan_says_what_it_does_what_restarts_and_what_is_lost() -> None:
    plan = {
        "digest": "abc",
        "revisions": ["0123456789" * 4],
        "create": 1,
        "update": 0,
        "replace": 0,
        "prune": 2,
        "hooks": 1,
        "restarts": ["apps/Deployment web/front replaces its pods."],
        "losses": ["PersistentVolumeClaim web/data."],
    }
    assert list(described(plan)) == [
        "To 0123456: 1 to create, 2 to prune, 1 hooks to run.",
        "Restarts: apps/Deployment web/front replaces its pods.",
        "Lost for good: PersistentVolumeClaim web/data.",
    ]


def test_what_nothing_is_said_of_is_left_out() -> None:
    assert list(described({"digest": "abc", "revisions": ["0123456789" * 4], "create": 3})) == [
        "To 0123456: 3 to create."
    ]
