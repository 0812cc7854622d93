"""The commands that look closer at one Application, or hold it: their rows in the table of commands."""

from __future__ import annotations

from gitops_operator.cli.command import OUTPUT, Argument, Command, Group
from gitops_operator.cli.offline.table import SYNC_OPTION
from gitops_operator.cli.online.flags import ASYNC, ONE, OPERATOR_NAMESPACE, SEVERAL, timeout

_WIDE = Argument(
    ("-o", "--output"),
    "table, wide, json or yaml (default: table)",
    {"choices": ("table", "wide", "json", "yaml"), "default": "table", "metavar": "FORMAT"},
)

CLOSE: tuple[Command, ...] = (
    Command(
        "plan",
        Group.CLUSTER,
        "Show what a sync would write, step by step, and what comes of it",
        "Compares as `diff` does and prints each write of a sync in its order, if all of them succeed, with what "
        "restarts and what is lost for good. The exit code is 0 where there is nothing to do, 1 where there is "
        "something, 2 where the sync would fail or that cannot be told.",
        (
            *ONE,
            Argument(
                ("--revision",),
                "plan a sync to this branch, tag or commit instead",
                {"metavar": "REVISION", "default": ""},
            ),
            Argument(("--prune",), "also delete what Git no longer has", {"action": "store_true"}),
            SYNC_OPTION,
            OPERATOR_NAMESPACE,
            OUTPUT,
        ),
        (
            ("What the next sync would do, and in which order", "kubectl gitops plan guestbook"),
            ("What a sync to another branch would do", "kubectl gitops plan guestbook --revision feature --prune"),
        ),
        "online.plan_app",
    ),
    Command(
        "why",
        Group.CLUSTER,
        "Say of each field that differs who wrote it, and what becomes of it",
        "Compares as `diff` does, and says more: of each field the line and commit of Git that want it, the live "
        "value, who owns that and since when, and what becomes of it: whether it will be reverted, stays, and for what "
        "reason, or does not count, and by which rule. Values of Secrets are masked. The exit code is 0 where nothing "
        "differs that counts, 1 where something does, 2 where that cannot be told.",
        (
            *ONE,
            Argument(("object",), "one object of it, such as Deployment/web", {"metavar": "KIND/NAME", "nargs": "?"}),
            OPERATOR_NAMESPACE,
            OUTPUT,
        ),
        (
            ("Everything that is not as Git wants it", "kubectl gitops why guestbook"),
            ("One object, with the fields that do not count", "kubectl gitops why guestbook Deployment/web"),
        ),
        "online.why",
    ),
    Command(
        "tree",
        Group.CLUSTER,
        "Show an Application's objects and what they made, with health",
        "Its objects, below each of them what it owns, by owner references and by what Kubernetes leaves to be "
        "inferred (the claims of a StatefulSet, the Endpoints of a Service). What you may not list is left out, with a "
        "warning.",
        (*ONE, OPERATOR_NAMESPACE, _WIDE),
        (
            ("Down to the Pods", "kubectl gitops tree guestbook"),
            ("With what there is to say of each", "kubectl gitops tree guestbook -o wide"),
        ),
        "online.tree",
    ),
    Command(
        "history",
        Group.CLUSTER,
        "Show the syncs of an Application that succeeded",
        "The newest first, as many as its revisionHistoryLimit keeps.",
        (*ONE, _WIDE),
        (("What ran here before", "kubectl gitops history guestbook"),),
        "online.history",
    ),
    Command(
        "rollback",
        Group.CLUSTER,
        "Go back to a version of the history, and stay there",
        "Syncs to the revision and the source of an entry of the history, without an ID to the version before the "
        "present one. What is newer in Git waits until you resume, or ask for a sync. What that version does not have "
        "is pruned where the sync policy prunes; claims and namespaces never are.",
        (
            *ONE,
            Argument(("entry",), "the number of an entry of its history", {"metavar": "ID", "type": int, "nargs": "?"}),
            Argument(("--prune",), "delete what it does not have, whatever the sync policy", {"action": "store_true"}),
            Argument(("--replace",), "end a sync that is running, and begin this one", {"action": "store_true"}),
            ASYNC,
            timeout("15m", "how long to watch"),
        ),
        (
            ("To the version before this one", "kubectl gitops rollback guestbook"),
            ("To a certain one, by its number in the history", "kubectl gitops rollback guestbook 7"),
        ),
        "online.rollback",
    ),
    Command(
        "suspend",
        Group.CLUSTER,
        "Stop acting on Applications, for a while or until they are resumed",
        "A suspended Application is looked at and reported, and nothing is done: no sync, no self-heal, no prune. A "
        "sync that runs stops where it is.",
        (
            *SEVERAL,
            Argument(
                ("--until",),
                "resume by itself then: a time (2030-01-07T08:00:00Z) or how long from now (2h)",
                {"metavar": "TIME", "default": ""},
            ),
            Argument(("--reason",), "what others shall read of it", {"metavar": "TEXT", "default": ""}),
        ),
        (
            ("For the time of a repair", "kubectl gitops suspend guestbook --until 2h --reason repair"),
            ("Everything of a team", "kubectl gitops suspend -A -l team=web"),
        ),
        "online.suspend",
    ),
    Command(
        "resume",
        Group.CLUSTER,
        "Act on suspended Applications again, or follow Git again",
        "Takes spec.suspend away: what has moved meanwhile is brought back as the sync policy says. After a rollback, "
        "or where a failed atomic sync was undone, the newest version of Git counts again.",
        SEVERAL,
        (
            ("After the repair", "kubectl gitops resume guestbook"),
            ("After a rollback, once Git is right", "kubectl gitops resume guestbook"),
        ),
        "online.resume",
    ),
    Command(
        "terminate",
        Group.CLUSTER,
        "End the sync that runs",
        "Has the operator end it before its next write, and delete the hooks that run; what was applied stays. A sync "
        "that was asked for and has not begun is taken back. The exit code is 1 where there is none.",
        (*ONE, timeout("1m", "how long to wait for the end")),
        (("A hook that never ends", "kubectl gitops terminate guestbook"),),
        "online.terminate",
    ),
)
