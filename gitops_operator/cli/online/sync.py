"""`kubectl gitops sync`: ask for a sync, watch it, say what came of it."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import json
from collections.abc import Callable, Mapping
from typing import Any

from gitops_operator.cli.console import Colour, Console
from gitops_operator.cli.exits import CommandError, Exit
from gitops_operator.cli.online.applications import edit_operation, key_named, key_of
from gitops_operator.cli.online.operation import Outcome, Running, Verdict
from gitops_operator.cli.online.reach import Reach, online
from gitops_operator.cli.online.screen import counts_in_words, took
from gitops_operator.cli.online.wait import limit_of
from gitops_operator.cli.online.words import age, colour_of, health_of, now, short
from gitops_operator.cli.tables import printable
from gitops_operator.errors import ClusterError
from gitops_operator.model.application import Application, ApplicationKey
from gitops_operator.model.kind import Kind
from gitops_operator.model.operation import Operation
from gitops_operator.model.parsing import parse_application
from gitops_operator.model.resource import Body
from gitops_operator.plan.windows import in_words, is_open, opens_at

_REVIEW = Kind("authentication.k8s.io", "v1", "SelfSubjectReview", "selfsubjectreviews", namespaced=False)


def run(arguments: argparse.Namespace, console: Console) -> Exit:
    async def work(reach: Reach) -> Exit:
        key, request = await key_named(arguments, reach), request_of(arguments, await who(reach))
        return await asked(reach, console, arguments, key, lambda _: request)

    return online(work, arguments, console)


async def asked(
    reach: Reach,
    console: Console,
    arguments: argparse.Namespace,
    key: ApplicationKey,
    request: Callable[[Body], Mapping[str, Any]],
) -> Exit:
    """Ask for what is wanted of the Application as it stands, unless something speaks against it, and watch it."""
    limit = limit_of(arguments.timeout)

    def wanted(body: Body) -> Mapping[str, Any]:
        _check(parse_application(body), replaces=arguments.replace)
        return request(body)

    before, written = await edit_operation(reach, key, wanted)
    if arguments.asynchronous:
        console.line(f"A sync of {key} is asked for.")
        return Exit.FINE
    running = Running(parse_application(before), parse_application(written))
    return _say(console, await _watched(reach, console, running, limit), limit)


def request_of(arguments: argparse.Namespace, username: str) -> dict[str, Any]:
    """The `operation` that the arguments of the command ask for."""
    sync: dict[str, Any] = {}
    if arguments.revision:
        sync["revision"] = arguments.revision
    if arguments.prune:
        sync["prune"] = True
    if arguments.options:
        sync["syncOptions"] = arguments.options
    if arguments.resources:
        sync["resources"] = [_resource(text) for text in arguments.resources]
    request: dict[str, Any] = {"initiatedBy": {"username": username}, "sync": sync}
    if arguments.retries is not None:
        request["retry"] = {"limit": arguments.retries}
    return request


def _resource(text: str) -> dict[str, str]:
    """One object as Argo CD's command line writes it."""
    parts = text.split(":")
    if len(parts) != 3 or not parts[1] or not parts[2].rpartition("/")[2]:
        raise CommandError(
            f"--resource {text!r} is not GROUP:KIND:[NAMESPACE/]NAME, such as apps:Deployment:web/frontend or :Secret:a"
        )
    namespace, _, name = parts[2].rpartition("/")
    resource = {"group": parts[0], "kind": parts[1], "namespace": namespace, "name": name}
    return {part: value for part, value in resource.items() if value}


def _check(application: Application, *, replaces: bool) -> None:
    """What a request would only wait for is said now."""
    key, suspend, operation = application.key, application.suspend, application.operation
    if application.is_going:
        raise CommandError(f"Application {key} is being deleted; there is nothing to sync")
    if application.problems:
        raise CommandError(f"Application {key} is not valid:\n" + "\n".join(application.problems), Exit.SEEN)
    if suspend is not None and (suspend.until is None or suspend.until > now()):
        why = f" ({suspend.reason})" if suspend.reason else ""
        raise CommandError(f"Application {key} is suspended{why}; take spec.suspend away first", Exit.SEEN)
    windows, moment = application.sync_policy.windows, now()
    if not is_open(windows, moment, manual=True):
        why = in_words(windows, moment, opens_at(windows, moment, manual=True))
        raise CommandError(f"Application {key} is outside its sync windows. {why}", Exit.SEEN)
    if replaces:
        return
    if operation is not None and operation.is_running:
        raise CommandError(f"{_running(key, operation)}; wait for it, or end it with --replace", Exit.SEEN)
    if application.request is not None:
        by = f" by {application.request.initiated_by}" if application.request.initiated_by else ""
        raise CommandError(f"a sync of {key} is asked for already{by}; wait for it, or use --replace", Exit.SEEN)


def _running(key: ApplicationKey, operation: Operation) -> str:
    by = f" by {operation.initiated_by}" if operation.initiated_by else ""
    place = f"{operation.cursor.phase} wave {operation.cursor.wave}"
    return f"a sync of {key} is running ({operation.trigger}{by}, for {age(operation.started_at, now())}, at {place})"


async def who(reach: Reach) -> str:
    """Who asks, as the cluster knows us; it may be too old to say."""
    try:
        answer = await reach.client.create(_REVIEW, "", {"apiVersion": _REVIEW.api_version, "kind": _REVIEW.kind})
    except ClusterError:
        return getpass.getuser()
    return str(((json.loads(answer.body).get("status") or {}).get("userInfo") or {}).get("username", ""))[:253]


async def _watched(reach: Reach, console: Console, asked: Running, limit: float | None) -> Outcome:
    try:
        async with asyncio.timeout(limit):
            return await asked.until_it_ends(reach, console)
    except (TimeoutError, asyncio.CancelledError) as ended:
        withdrawn = await asked.withdraw(reach)
        outcome = Outcome(Verdict.WITHDRAWN if withdrawn else Verdict.LEFT, asked.latest, asked.waits_for)
        if isinstance(ended, TimeoutError):
            return outcome
        _say(console, outcome, None)
        raise


def _say(console: Console, outcome: Outcome, limit: float | None) -> Exit:
    """What came of it, on one screen."""
    body = outcome.body
    if body is None:
        console.error("the Application was deleted meanwhile")
        return Exit.SEEN
    key, operation = key_of(body), parse_application(body).operation
    if outcome.verdict is Verdict.ENDED and operation is not None:
        return _say_end(console, body, operation)
    after = f" within {limit:g} s" if limit is not None and outcome.verdict is not Verdict.BLOCKED else ""
    if outcome.verdict is Verdict.LEFT:
        console.note(f"Not waited for any longer; the sync of {key} goes on: kubectl gitops wait --for=idle {key}")
    else:
        console.note(f"The sync of {key} did not begin{after}, and the request is taken back: {outcome.why}")
    return Exit.SEEN if outcome.verdict is Verdict.BLOCKED else Exit.TIMED_OUT


def _say_end(console: Console, body: Mapping[str, Any], operation: Operation) -> Exit:
    key, revision = key_of(body), short(operation.revisions[0]) if operation.revisions else ""
    to = f" to {revision}" if revision else ""
    done = counts_in_words(operation.counts)
    if operation.phase == "Succeeded":
        console.line(f"{console.paint('Synced', Colour.GREEN)} {key}{to} in {took(operation)}: {done}.")
        health = (body.get("status") or {}).get("health") or {}
        message = printable(str(health.get("message") or f"{health_of(body)}."))
        console.line(f"Health: {console.paint(message, colour_of(health_of(body)))}")
        return Exit.FINE
    so_far = f": {done}" if any(operation.counts) else ""
    console.line(f"{console.paint('Failed', Colour.RED)} to sync {key}{to} after {took(operation)}{so_far}.")
    console.line(printable(operation.message))
    if operation.retry_at:
        console.line("It will be tried again by itself.")
    return Exit.SEEN
