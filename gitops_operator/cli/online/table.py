"""The commands that talk to a cluster: their rows in the table of commands."""

from __future__ import annotations

from gitops_operator.cli.command import OUTPUT, Argument, Command, Group
from gitops_operator.cli.online.flags import ASYNC, ONE, OPERATOR_NAMESPACE, SEVERAL, timeout

_FORMS = Argument(
    ("-o", "--output"),
    "table, wide, json, yaml or name (default: table; one Application that is named: a screen)",
    {"choices": ("table", "wide", "json", "yaml", "name"), "default": "table", "metavar": "FORMAT"},
)
_WATCH = Argument(("-w", "--watch"), "go on with each change, until Ctrl-C", {"action": "store_true"})

ONLINE: tuple[Command, ...] = (
    Command(
        "get",
        Group.CLUSTER,
        "Show Applications, or one of them in detail",
        "Without names all Applications of the namespace in a table; with one name all that matters about it on a "
        "screen: what differs, what is not healthy, what the last sync did, what is waited for.",
        (*SEVERAL, _FORMS, _WATCH),
        (
            ("All Applications, and why they are not Ready", "kubectl gitops get -A -o wide"),
            ("One Application in detail", "kubectl gitops get guestbook -n gitops-operator"),
        ),
        "online.get",
    ),
    Command(
        "diff",
        Group.CLUSTER,
        "Show what differs between Git and the cluster, field by field",
        "Renders the Application from its own repository and compares it with what lives, as the operator does, with "
        "your own rights: each field with the line of Git that wants it, the live value, who wrote that and when. "
        "Values of Secrets are masked. The exit code is 0 where nothing differs, 1 where something does, 2 where that "
        "cannot be told.",
        (
            *ONE,
            Argument(
                ("--revision",),
                "compare with this branch, tag or commit instead",
                {"metavar": "REVISION", "default": ""},
            ),
            OPERATOR_NAMESPACE,
            OUTPUT,
        ),
        (
            ("What the next sync would change", "kubectl gitops diff guestbook"),
            ("What a sync to another branch would change", "kubectl gitops diff guestbook --revision feature"),
        ),
        "online.diff_app",
    ),
    Command(
        "sync",
        Group.CLUSTER,
        "Sync an Application now, and watch it",
        "Asks for a sync of the newest commit (or of --revision) and says what it does until it ends. Ctrl-C stops "
        "watching, and takes the request back if it has not begun.",
        (
            *ONE,
            Argument(
                ("--revision",),
                "sync this branch, tag or commit instead",
                {"metavar": "REVISION", "default": ""},
            ),
            Argument(("--prune",), "delete what Git no longer has, whatever the prune limit", {"action": "store_true"}),
            Argument(
                ("--option",),
                "a sync option for this sync, such as Replace=true; may be given several times",
                {"metavar": "NAME=VALUE", "action": "append", "default": [], "dest": "options"},
            ),
            Argument(
                ("--resource",),
                "sync only this object, without hooks; may be given several times; the namespace may be left out",
                {"metavar": "GROUP:KIND:[NAMESPACE/]NAME", "action": "append", "default": [], "dest": "resources"},
            ),
            Argument(
                ("--retries",),
                "how often to try again when it fails; -1 is for ever (default: the Application's own)",
                {"metavar": "NUMBER", "type": int, "default": None},
            ),
            Argument(("--replace",), "end a sync that is running, and begin this one", {"action": "store_true"}),
            ASYNC,
            timeout("15m", "how long to watch"),
        ),
        (
            ("Sync the newest commit", "kubectl gitops sync guestbook"),
            (
                "Go back to a tag, and delete what it does not have",
                "kubectl gitops sync guestbook --revision v1.4 --prune",
            ),
            ("One Deployment only", "kubectl gitops sync guestbook --resource apps:Deployment:web/frontend"),
        ),
        "online.sync",
    ),
    Command(
        "approve",
        Group.CLUSTER,
        "Approve the sync that waits for it",
        "Where syncPolicy.approval is required, each sync waits until somebody approves its plan. Says what the plan "
        "does and approves exactly that: should anything move before the sync begins, that is another plan, and waits "
        "again. With --digest only the plan that you have looked at is approved.",
        (
            *ONE,
            Argument(
                ("--digest",),
                "the digest of the plan (default: that of the plan that waits now)",
                {"metavar": "DIGEST", "default": ""},
            ),
        ),
        (
            ("Look at what would change, then approve it", "kubectl gitops diff shop; kubectl gitops approve shop"),
            ("Approve what was looked at, and nothing else", "kubectl gitops approve shop --digest 4f1c9a2e0b7d"),
        ),
        "online.approve",
    ),
    Command(
        "refresh",
        Group.CLUSTER,
        "Look at Git and cluster now",
        "Has the operator look for new commits at once instead of at its next poll, and says what it found. --hard "
        "also reads the manifests anew where nothing seems to have changed.",
        (
            *SEVERAL,
            Argument(("--hard",), "forget what was rendered before", {"action": "store_true"}),
            ASYNC,
            timeout("1m", "how long to wait for the look"),
        ),
        (
            ("After a push", "kubectl gitops refresh guestbook && kubectl gitops wait guestbook"),
            ("Everything of a team", "kubectl gitops refresh -A -l team=web"),
        ),
        "online.refresh",
    ),
    Command(
        "wait",
        Group.CLUSTER,
        "Wait until Applications are ready, synced, healthy or deleted",
        "Waits for the status to be about the newest spec, too, and for a refresh or sync that was asked for. With "
        "several Applications all must get there.",
        (
            *SEVERAL,
            Argument(
                ("--for",),
                "ready (synced and healthy), synced, healthy, idle (no sync runs), deleted, or condition=TYPE[=STATUS] "
                "(default: ready)",
                {"metavar": "GOAL", "default": "ready", "dest": "goal"},
            ),
            timeout("5m", "how long to wait"),
        ),
        (
            ("Until a deployment is through", "kubectl gitops wait guestbook --timeout=10m"),
            ("Until all of them are gone", "kubectl gitops wait -A -l team=web --for=deleted"),
        ),
        "online.wait",
    ),
    Command(
        "completion",
        Group.OTHER,
        "Print what a shell needs to complete kubectl-gitops",
        "For `kubectl gitops`, kubectl's own completion asks the program kubectl_complete-gitops, which is installed "
        "beside this one; nothing else is needed. What this prints completes kubectl-gitops when it is called by that "
        "name.",
        (Argument(("shell",), "bash, zsh or fish", {"choices": ("bash", "zsh", "fish"), "metavar": "SHELL"}),),
        (
            ("For this bash", "source <(kubectl gitops completion bash)"),
            ("For every fish", "kubectl gitops completion fish > ~/.config/fish/completions/kubectl-gitops.fish"),
        ),
        "completion",
    ),
)
