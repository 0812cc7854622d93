"""What an Application sets over a kustomization: the same edits that `kustomize edit` would make, in memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gitops_operator.model.packaging import Kustomize, Patch

ORIGINS = "originAnnotations"
_KEPT = "*"

Content = dict[str, Any]


class OverrideError(Exception):
    """Something of `source.kustomize` that cannot be done; the message says what and why."""


def edited(kustomization: Mapping[str, Any], overrides: Kustomize) -> Content:
    """A kustomization with the overrides of an Application, and with the request to say where each object is from.

    Raises:
        OverrideError: an override contradicts the kustomization, or cannot be understood.
    """
    texts = (
        ("namePrefix", overrides.name_prefix),
        ("nameSuffix", overrides.name_suffix),
        ("namespace", overrides.namespace),
    )
    content = {**kustomization, **{field: value for field, value in texts if value}}
    _set_named(content, "images", [_image(text) for text in overrides.images])
    _set_named(content, "replicas", [{"name": one.name, "count": one.count} for one in overrides.replicas])
    _label(content, overrides)
    _annotate(content, overrides)
    _append(content, "components", overrides.components)
    _append(content, "patches", [_patch(patch) for patch in overrides.patches])
    if not says_origins(kustomization):
        _append(content, "buildMetadata", [ORIGINS])
    return content


def says_origins(kustomization: Mapping[str, Any]) -> bool:
    """Whether the objects keep what is said of their origin, because Git asks for it."""
    return ORIGINS in _listed(kustomization, "buildMetadata")


def _image(text: str) -> Content:
    """As `kustomize edit set image` reads it."""
    name, has_new, rest = text.partition("=")
    old, tag, digest = _taken_apart(rest if has_new else name)
    if not old or not name or not (has_new or tag or digest):
        message = (
            f"images: {text!r} says nothing to set; write name=new-name, name:tag, name@digest or name=new-name:tag"
        )
        raise OverrideError(message)
    names = {"name": name, "newName": old} if has_new else {"name": old}
    return names | {field: value for field, value in (("newTag", tag), ("digest", digest)) if value}


def _taken_apart(text: str) -> tuple[str, str, str]:
    """Name, tag and digest; a colon before the last slash belongs to the port of the registry."""
    text, _, digest = text.partition("@")
    head, slash, last = text.rpartition("/")
    last, _, tag = last.partition(":")
    return f"{head}{slash}{last}", tag, digest


def _set_named(content: Content, field: str, new: list[Content]) -> None:
    """Entries with these names are replaced, the others stay; `*` keeps what was there."""
    if not new:
        return
    entries = [entry for entry in _listed(content, field) if isinstance(entry, dict)]
    before = {entry.get("name"): entry for entry in entries}
    replaced = {entry["name"]: _kept(entry, before.get(entry["name"], {})) for entry in new}
    content[field] = [*(entry for entry in entries if entry.get("name") not in replaced), *replaced.values()]


def _kept(entry: Content, before: Content) -> Content:
    known = {field: before.get(field, "") if value == _KEPT else value for field, value in entry.items()}
    return {field: value for field, value in known.items() if value != ""}


def _label(content: Content, overrides: Kustomize) -> None:
    if not overrides.labels:
        return
    if not overrides.label_without_selector:
        _merge(content, "commonLabels", overrides.labels, "forceCommonLabels", force=overrides.force_labels)
        return
    there = {
        name for entry in _listed(content, "labels") if isinstance(entry, dict) for name in entry.get("pairs") or ()
    }
    _check_new(overrides.labels, there, "labels", "forceCommonLabels", force=overrides.force_labels)
    pairs = {"pairs": dict(overrides.labels), "includeTemplates": overrides.label_templates}
    _append(content, "labels", [pairs])


def _annotate(content: Content, overrides: Kustomize) -> None:
    if overrides.annotations:
        force = overrides.force_annotations
        _merge(content, "commonAnnotations", overrides.annotations, "forceCommonAnnotations", force=force)


def _merge(content: Content, field: str, new: Mapping[str, str], option: str, *, force: bool) -> None:
    before = content.get(field)
    before = before if isinstance(before, dict) else {}
    _check_new(new, before, field, option, force=force)
    content[field] = {**before, **new}


def _check_new(new: Mapping[str, str], there: Any, field: str, option: str, *, force: bool) -> None:
    twice = [name for name in new if name in there]
    if twice and not force:
        message = f"{', '.join(twice)} stands in {field} of the kustomization already; {option}: true replaces it"
        raise OverrideError(message)


def _append(content: Content, field: str, new: Any) -> None:
    if new:
        content[field] = [*_listed(content, field), *new]


def _listed(content: Mapping[str, Any], field: str) -> list[Any]:
    value = content.get(field)
    return value if isinstance(value, list) else []


def _patch(patch: Patch) -> Content:
    target = {name: value for name, value in patch.target.items() if value}
    parts = {"patch": patch.patch, "path": patch.path, "target": target, "options": dict(patch.options)}
    return {name: value for name, value in parts.items() if value}
