"""One repository under watch: polls it for all Applications that follow it, and wakes those whose files changed."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
from collections.abc import Mapping

import pygit2

from gitops_operator.errors import SourceError
from gitops_operator.model.application import ApplicationKey, Source
from gitops_operator.model.push import Push
from gitops_operator.source.clone import Clone
from gitops_operator.source.environment import Environment
from gitops_operator.source.failures import Reason, again, failure
from gitops_operator.source.interests import Answer, Interest, Resolved, fold, is_news, resolved
from gitops_operator.source.mirror import Commit, Damaged, is_same
from gitops_operator.source.pushes import is_concerned, place_of
from gitops_operator.source.references import HEAD, is_full_sha
from gitops_operator.source.remote import Remote
from gitops_operator.source.resolver import Found, Resolver

_LOG = logging.getLogger(__name__)


class Watch:
    """Its methods belong to the event loop's thread."""

    def __init__(self, name: str, remote: Remote, environment: Environment) -> None:
        self._url = remote.url
        self._host = remote.host
        self._environment = environment
        self._clone = Clone(name, remote, environment)
        self._resolver = Resolver(self._clone, remote.url.shown, environment)
        self._interests: dict[ApplicationKey, Interest] = {}
        self._answers: dict[str, Answer] = {}
        self._nudged = asyncio.Event()
        self._failures = 0
        self.place, self.shown = place_of(remote.url), remote.url.shown
        self._looked_at = -math.inf
        self._soon: asyncio.TimerHandle | None = None
        self._is_told = False  # its pushes are told by webhooks, as far as is known

    @property
    def is_idle(self) -> bool:
        return not self._interests

    # What the Applications ask; none of it waits

    def answer(self, key: ApplicationKey, source: Source, revision: str) -> Resolved | None:
        """See Repositories.resolve."""
        interest = self._interest(key, source)
        if revision:
            return self._answer_pinned(interest, revision)
        answer = self._answers.get(interest.target)
        if answer is None:
            self._expect(interest)
            return None
        interest.told = answer
        if answer.resolved is None and answer.error is not None:
            raise again(answer.error)
        return answer.resolved

    def recall(self, key: ApplicationKey, revision: str) -> Resolved | None:
        """A commit, for an Application that has asked here for what it follows."""
        return self._answer_pinned(self._interests[key], revision)

    def release(self, key: ApplicationKey) -> None:
        """No operation of the Application names a revision any more."""
        interest = self._interests.get(key)
        if interest is not None:
            self._pin(interest, "")

    def note_reads(self, key: ApplicationKey, paths: frozenset[str]) -> None:
        interest = self._interests.get(key)
        if interest is None or interest.reads == paths:
            return
        interest.reads = paths
        if self._answers.get(interest.target, interest.told).sha != interest.told.sha:
            self._environment.wake(key)  # a commit came in between, and was compared without these paths

    def refresh(self, key: ApplicationKey) -> None:
        interest = self._interests.get(key)
        if interest is not None:
            interest.is_refreshing = True
            self._nudged.set()

    def pushed(self, push: Push) -> bool:
        """See Repositories.pushed. However many are told, there is one look in a while."""
        self._is_told = True
        known = {target: self._answers.get(target, Answer()).sha for target in self._targets()}
        if not any(is_concerned(target, push) or not sha for target, sha in known.items()):
            return False
        wait = self._looked_at + self._environment.limits.told_spacing - self._environment.clock()
        if wait <= 0:
            self._nudged.set()
        elif self._soon is None:
            self._soon = asyncio.get_running_loop().call_later(wait, self._nudged.set)
        return True

    def is_refreshing(self, key: ApplicationKey) -> bool:
        return key in self._interests and self._interests[key].is_refreshing

    def forget(self, key: ApplicationKey) -> None:
        self._interests.pop(key, None)

    def _interest(self, key: ApplicationKey, source: Source) -> Interest:
        target = source.target_revision or HEAD
        interest = self._interests.get(key)
        if interest is None or (interest.target, interest.path) != (target, source.path):
            refreshing = interest is not None and interest.is_refreshing
            interest = self._interests[key] = Interest(target, source.path, is_refreshing=refreshing)
        return interest

    def _answer_pinned(self, interest: Interest, revision: str) -> Resolved | None:
        """An operation keeps its own revision, whatever the branch does meanwhile."""
        self._pin(interest, revision)
        mirror = self._clone.mirror
        if mirror is not None and is_full_sha(revision):
            with contextlib.suppress(Damaged):
                commit = mirror.commit(revision.lower())
                if commit is not None:
                    return resolved(commit, revision)
        answer = self._answers.get(revision)
        if answer is None:
            self._expect(interest)
            return None
        if answer.resolved is None and answer.error is not None:
            is_gone = answer.error.reason == Reason.REVISION_NOT_FOUND
            raise again(answer.error, reason=Reason.REVISION_GONE.value if is_gone else "")
        return answer.resolved

    def _pin(self, interest: Interest, revision: str) -> None:
        """What was learnt for an operation serves that one alone: a later one that names the same branch looks anew."""
        before, interest.pin = interest.pin, revision
        if before == revision:  # as it is in nearly each pass, and there may be a thousand of them on one repository
            return
        wanted = {"", *(text for one in self._interests.values() for text in (one.target, one.pin))}
        if before not in wanted:
            self._answers.pop(before, None)

    def _expect(self, interest: Interest) -> None:
        if not interest.is_waiting:  # asking again while the look goes on is no reason for another one
            interest.is_waiting = True
            self._nudged.set()

    # What the poller does

    async def run(self) -> None:
        """Wait, look, tell; until cancelled."""
        loop = asyncio.get_running_loop()
        self._clone.on_damage = lambda: _from_any_thread(loop, self._nudged)
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._delay()):  # wait_for loses a cancellation that comes with a nudge
                    await self._nudged.wait()
            was_asked = self._nudged.is_set() or self._soon is not None
            self._begin()
            try:
                has_moved = await self._look()
                self._is_told = self._is_told and (was_asked or not has_moved)  # who is told finds nothing by polling
            except Exception:  # noqa: BLE001  # a poller that ended would leave its Applications waiting for ever
                _LOG.exception("the news of %s could not be told", self._url.shown)
                self._failures += 1

    def _begin(self) -> None:
        """Whatever asked for a look until now is answered by the one that begins."""
        self._nudged.clear()
        self._looked_at = self._environment.clock()
        if self._soon is not None:
            self._soon.cancel()
            self._soon = None

    def _delay(self) -> float | None:
        """Seconds until the next look; None is until somebody asks."""
        limits = self._environment.limits
        if self._failures:
            doubled = limits.interval / 8 * 2.0 ** min(self._failures - 1, 20)
            return self._environment.jittered(min(doubled, limits.backoff_limit))
        settled = all(is_full_sha(target) and self._answers.get(target, Answer()).sha for target in self._targets())
        stretch = limits.told_stretch if self._is_told else 1.0
        return None if settled else self._environment.jittered(limits.interval * stretch)

    def _targets(self) -> frozenset[str]:
        """What must be known: what the Applications follow, and their operations' revisions until those are clear."""
        pins = {interest.pin for interest in self._interests.values() if interest.pin}
        answers = {pin: self._answers.get(pin, Answer()) for pin in pins}
        unclear = {pin for pin, one in answers.items() if not one.sha and (one.error is None or one.error.transient)}
        return frozenset(unclear | {interest.target for interest in self._interests.values()})

    async def _look(self) -> bool:
        """Whether something that was known has become another commit."""
        if self._clone.is_damaged:
            self._answers.clear()  # their trees cannot be trusted
            for interest in self._interests.values():
                interest.is_waiting = True
        targets = self._targets()
        if not targets:
            return False
        before = self._answers
        asking = {key: one for key, one in self._interests.items() if one.is_waiting or one.is_refreshing}
        found, error = await self._ask(targets)
        self._failures = self._failures + 1 if error else 0
        await self._tell(asking, self._learn(targets, found, error))
        return any(before.get(target, Answer()).sha not in {"", one.sha} for target, one in self._answers.items())

    async def _ask(self, targets: frozenset[str]) -> tuple[Found, SourceError | None]:
        """What the targets mean, or why the repository cannot be read; then what it meant when it last could."""
        keep = frozenset(answer.sha for answer in self._answers.values() if answer.sha)
        deadline = self._environment.limits.deadline
        try:
            async with self._environment.slot(self._host), asyncio.timeout(deadline):
                return await self._resolver.resolve(targets, keep), None
        except SourceError as one:
            error = one
        except TimeoutError:
            error = failure(Reason.TIMEOUT, f"{self._url.shown} was not read within {deadline:.0f} seconds")
        except Exception as one:  # noqa: BLE001  # one repository must not stop the others, whatever it does to libgit2
            _LOG.exception("the repository %s could not be read", self._url.shown)
            error = failure(Reason.MIRROR_FAILED, f"{self._url.shown} could not be read: {type(one).__name__}")
        unknown = frozenset(target for target in targets if not self._answers.get(target, Answer()).sha)
        return dict(await self._resolver.remembered(unknown)), error

    def _learn(self, targets: frozenset[str], found: Found, error: SourceError | None) -> set[str]:
        """Take in what a look found; gives the targets of which something else is known than before."""
        wanted = self._targets() | {interest.pin for interest in self._interests.values()}
        answers = {target: answer for target, answer in self._answers.items() if target in wanted}
        for target in targets & wanted:
            one = found.get(target)
            commit = one if isinstance(one, Commit) else None
            why = one if isinstance(one, SourceError) else error
            is_local = commit is not None and is_full_sha(target)  # such a commit is never stale
            answers[target] = fold(answers.get(target, Answer()), commit, None if is_local else why, target)
        changed = {target for target, answer in answers.items() if answer is not self._answers.get(target)}
        self._answers = answers
        return changed

    async def _tell(self, asking: Mapping[ApplicationKey, Interest], changed: set[str]) -> None:
        """Wake whom the news concern: who asked, whose error came or went, whose files changed."""
        moved = await self._moved(changed)
        for key, interest in list(self._interests.items()):
            answer = self._answers.get(interest.target)
            if answer is None:
                continue  # it follows something else since the look began
            has_asked = asking.get(key) is interest
            is_concerned = is_news(interest, answer) if has_asked or not _asks(interest) else False
            if has_asked:
                interest.is_waiting = interest.is_refreshing = False
            if key in moved and answer.resolved:
                self._environment.observer.detected(key, answer.resolved.revision, answer.resolved.committed_at)
            if is_concerned or key in moved:
                self._environment.wake(key)

    async def _moved(self, changed: set[str]) -> set[ApplicationKey]:
        """The Applications that read other files than at the commit which they were told last."""
        mirror = self._clone.mirror
        behind = {
            key: (interest.told.sha, self._answers[interest.target].sha, interest.paths)
            for key, interest in self._interests.items()
            if interest.target in changed and interest.told.sha not in {"", self._answers[interest.target].sha}
        }
        if mirror is None or not behind:
            return set(behind)
        try:
            return await self._environment.in_thread(
                lambda: {key for key, (old, new, paths) in behind.items() if not is_same(mirror, old, new, paths)}
            )
        except (Damaged, SourceError, pygit2.GitError, OSError):
            return set(behind)


def _asks(interest: Interest) -> bool:
    return interest.is_waiting or interest.is_refreshing


def _from_any_thread(loop: asyncio.AbstractEventLoop, event: asyncio.Event) -> None:
    with contextlib.suppress(RuntimeError):  # the loop has ended
        loop.call_soon_threadsafe(event.set)
