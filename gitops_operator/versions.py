"""Which version of an Application a pass is about: the newest, an operation's own, a request's, one that is kept."""

from __future__ import annotations

from dataclasses import replace

from gitops_operator.errors import RenderError
from gitops_operator.manifests import Manifests
from gitops_operator.model.application import Application, ApplicationKey
from gitops_operator.model.revision import CommitNote, Revision, stored_note
from gitops_operator.model.source_parsing import stored_source
from gitops_operator.plan import is_in_force, may_be_held, revision_to_retry
from gitops_operator.source.interests import Resolved
from gitops_operator.view import Desired


class Versions:
    """Rendered and stamped; of a commit that changes nothing for an Application it remembers the one that did."""

    def __init__(self, manifests: Manifests) -> None:
        self._manifests = manifests
        self._known: dict[ApplicationKey, tuple[str, Revision, CommitNote | None]] = {}

    async def desired(self, application: Application, newest: Resolved) -> tuple[Desired, str] | None:
        """What this pass is to bring about, and the inputs digest of the newest commit; None: that is not known yet.

        A running operation keeps its own commit, a request may name one, and one may be held; else it is the newest.

        Raises:
            SourceError: the operation's commit is gone, or there is no such revision.
            RenderError: what is wrong in the files.
        """
        held = may_be_held(application)
        if held is not None:
            newest_inputs = await self._inputs_of(application, newest, held.inputs)
            if is_in_force(held, application, newest_inputs):
                kept = await self._manifests.past(application, stored_source(held.source), held.revision)
                return None if kept is None else (replace(kept, held=held), newest_inputs)
        return await self._newest_desired(application, newest)

    async def _newest_desired(self, application: Application, newest: Resolved) -> tuple[Desired, str] | None:
        wanted = _wanted(application)
        if not wanted:
            self._manifests.release(application)
        is_newest = wanted in {"", newest.revision.sha}
        chosen = newest if is_newest else self._manifests.resolve(application, wanted)
        if chosen is None:
            return None
        desired = await self._manifests.desired(application, chosen)
        if desired is None:
            return None
        if chosen.revision.sha == newest.revision.sha:
            return self._with_known_revision(application, desired), desired.inputs
        return desired, await self._inputs_of(application, newest, desired.inputs)

    async def delete_hooks(self, application: Application) -> Desired | None:
        """What Git wanted when live was last equal to it, with the hooks of the deletion; None: it is not known yet.

        Raises:
            SourceError: that commit is gone, or the repository cannot be read.
            RenderError: what is wrong in the files.
        """
        stored = application.status["deleteHooks"]
        return await self._manifests.past(application, stored_source(stored["source"]), stored["revision"])

    async def _inputs_of(self, application: Application, newest: Resolved, otherwise: str) -> str:
        """A newer commit that cannot be rendered, or is not yet, supersedes nothing: it is told when its turn comes."""
        try:
            desired = await self._manifests.desired(application, newest)
        except RenderError:
            return otherwise
        return otherwise if desired is None else desired.inputs

    def _with_known_revision(self, application: Application, desired: Desired) -> Desired:
        """A commit that changes nothing the Application reads is not news: it stays at the one that did."""
        inputs, revision, note = self._known.get(application.key) or _stored(application)
        if revision.sha and inputs == desired.inputs and revision.ref == desired.revision.ref:
            return replace(desired, revision=revision, note=note)
        self._known[application.key] = (desired.inputs, desired.revision, desired.note)
        return desired

    def forget(self, key: ApplicationKey) -> None:
        """The Application is gone."""
        self._known.pop(key, None)


def _stored(application: Application) -> tuple[str, Revision, CommitNote | None]:
    """The inputs of the last sync and the revision that status names, for the first look after a restart."""
    operation, revisions = application.operation, (application.status.get("sync") or {}).get("revisions") or [""]
    if operation is None or operation.is_running:
        return "", Revision(""), None
    inputs = operation.synced if operation.resources else operation.inputs
    return inputs, Revision(revisions[0], application.source.target_revision), stored_note(application.status)


def _wanted(application: Application) -> str:
    """The revision that is not simply the newest one."""
    operation, request = application.operation, application.request
    if operation is not None and operation.is_running:
        return operation.revisions[0]
    return request.revision if request is not None else revision_to_retry(application)
