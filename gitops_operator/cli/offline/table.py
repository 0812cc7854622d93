"""The commands that need no cluster: their rows in the table of commands."""

from __future__ import annotations

from gitops_operator.cli.command import BATCH, FILES, OUTPUT, Argument, Command, Completes, Group

LIVE = Argument(
    ("--live",),
    "a file of live objects, as `kubectl get -o yaml --show-managed-fields` prints them (- reads the standard input); "
    "may be given several times",
    {"action": "append", "metavar": "FILE", "default": []},
    Completes.FILE,
)
APP = Argument(
    ("--app",),
    "a file with the Application that the objects belong to: its destination, options and rules count",
    {"metavar": "FILE", "default": ""},
    Completes.FILE,
)
_LUA = Argument(
    ("--lua",),
    "a health rule in Argo CD's form (health.lua), which decides alone (- reads the standard input)",
    {"metavar": "SCRIPT", "default": ""},
    Completes.FILE,
)
_YAML_FIRST = Argument(OUTPUT.names, "yaml, json or table (default: yaml)", {**OUTPUT.options, "default": "yaml"})

SYNC_OPTION = Argument(
    ("--sync-option",),
    "a sync option, such as PruneFirst=true; may be given several times",
    {"metavar": "NAME=VALUE", "action": "append", "default": [], "dest": "sync_options"},
)

OFFLINE: tuple[Command, ...] = (
    Command(
        "parse",
        Group.OFFLINE,
        "Read manifests as the operator (and Kubernetes) reads them",
        "Reads YAML and JSON as Kubernetes does, several documents a file, and says everything that is wrong with them "
        "at once, with file, line and column. Objects of a List come one by one.",
        (FILES, BATCH, OUTPUT),
        (
            ("The objects of a file as JSON", "kubectl gitops parse -f deployment.yaml -o json"),
            ("Check what another tool prints", "helm template . | kubectl gitops parse -f -"),
        ),
        "offline.parse",
    ),
    Command(
        "render",
        Group.OFFLINE,
        "Render a folder as the operator would render the commit",
        "Reads the folder of an Application's source below ROOT (a checkout), as if it were committed as it is, and "
        "prints the objects that would be applied, without the operator's own annotations. Everything that is wrong "
        "with them is said at once, with file, line and column.",
        (
            Argument(
                ("root",),
                "the folder that holds the repository",
                {"metavar": "ROOT", "nargs": "?", "default": ""},
                Completes.FOLDER,
            ),
            APP,
            Argument(
                ("--path",), "the folder below ROOT, instead of the Application's", {"metavar": "PATH", "default": ""}
            ),
            Argument(("-R", "--recurse"), "read the folders below, too", {"action": "store_true"}),
            BATCH,
            _YAML_FIRST,
        ),
        (
            ("What an Application would apply from this checkout", "kubectl gitops render . --app apps/shop.yaml"),
            ("Check all manifests before a commit", "kubectl gitops render . --path deploy -R -o table"),
        ),
        "offline.render",
    ),
    Command(
        "health",
        Group.OFFLINE,
        "Say how well objects do",
        "Assesses objects as they were read from a cluster. Kinds without health have none, which counts as fine. The "
        "exit code is 1 where an object is Progressing, Missing, Degraded or Unknown.",
        (FILES, _LUA, BATCH, OUTPUT),
        (
            (
                "Everything of a namespace",
                "kubectl get deploy,sts,job,pvc -n shop -o yaml | kubectl gitops health -f -",
            ),
            ("Try a health rule", "kubectl get certificate -o yaml | kubectl gitops health -f - --lua health.lua"),
        ),
        "offline.health",
    ),
)
