"""The table of `diff/builtin.py`, from what an API server says of its kinds; a test compares the two."""

from collections.abc import Callable, Iterator, Mapping
from textwrap import fill
from typing import Any

Schema = dict[str, Any]
Fields = dict[str, tuple[str, str, str]]
"""Of each field of a type that matters: the mark of its form, the mark of its values, the type below."""

_SCALARS = {
    "io.k8s.apimachinery.pkg.api.resource.Quantity": "#",
    "io.k8s.apimachinery.pkg.apis.meta.v1.Time": "@",
    "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime": "@",
}
_LEFT_OUT = {"status", "managedFields"}
_WIDTH = 120
_NEVER_DESIRED = ("Review", "TokenRequest", "Event", "Eviction", "Scale", "Status", "ComponentStatus")


def table(get: Callable[[str], Schema]) -> str:
    """A line for each type with fields that are not plain; kinds are called by apiVersion and name."""
    schemas = dict(_schemas(get))
    types = {name: _fields(schemas, name) for name in schemas}
    roots = {name: kinds[0] for name in schemas if (kinds := list(_kinds(schemas[name])))}
    used = _reachable(types, roots)
    matter = _that_matter({name: types[name] for name in used}) | set(roots)
    names = {**_short_names(used), **roots}
    rows = {names[name]: " ".join(_words(types[name], matter, names)) for name in matter}
    return "\n".join(_line(name, words) for name, words in sorted(rows.items()))


def _line(name: str, words: str) -> str:
    return fill(
        f"{name}: {words}".strip(), _WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
    )


def _schemas(get: Callable[[str], Schema]) -> Iterator[tuple[str, Schema]]:
    for path, found in get("/openapi/v3")["paths"].items():
        group = path.partition("/")[2].partition("/")[0]
        is_builtin = path == "api/v1" or (path.startswith("apis/") and path.count("/") == 2 and _is_builtin(group))
        if is_builtin:
            yield from get(found["serverRelativeURL"])["components"]["schemas"].items()


def _is_builtin(group: str) -> bool:
    return "." not in group or group.endswith(".k8s.io")


def _kinds(schema: Schema) -> Iterator[str]:
    if "metadata" not in schema.get("properties", {}):
        return
    for kind in schema.get("x-kubernetes-group-version-kind", ()):
        if not kind["kind"].endswith(("List", *_NEVER_DESIRED)):
            yield "/".join(filter(None, (kind["group"], kind["version"], kind["kind"])))


def _fields(schemas: Mapping[str, Schema], name: str) -> Fields:
    properties = schemas[name].get("properties", {})
    return {
        field: _described(schemas, schema)
        for field, schema in properties.items()
        if field not in _LEFT_OUT and not (field == "metadata" and _kinds_first(schemas[name]))
    }


def _kinds_first(schema: Schema) -> str:
    return next(_kinds(schema), "")


def _described(schemas: Mapping[str, Schema], schema: Schema) -> tuple[str, str, str]:
    if schema.get("type") == "array":
        form = _list_form(schemas, schema)
        return form, *_value(schemas, schema["items"])
    inner = schema.get("additionalProperties")
    if inner is not None:
        is_atomic = schema.get("x-kubernetes-map-type") == "atomic"
        return "{!}" if is_atomic else "{}", *(_value(schemas, inner) if isinstance(inner, dict) else ("", ""))
    target = _target(schema)
    is_atomic = "atomic" in (schema.get("x-kubernetes-map-type"), schemas.get(target, {}).get("x-kubernetes-map-type"))
    return "!" if is_atomic else "", *_value(schemas, schema)


def _list_form(schemas: Mapping[str, Schema], schema: Schema) -> str:
    kind = schema.get("x-kubernetes-list-type")
    if kind == "map":
        properties = schemas[_target(schema["items"])]["properties"]
        return f"[{','.join(_key(key, properties[key]) for key in schema['x-kubernetes-list-map-keys'])}]"
    return "[=]" if kind == "set" else "[]"


def _key(name: str, schema: Schema) -> str:
    default = schema.get("default")
    return f"{name}={default}" if default else name


def _value(schemas: Mapping[str, Schema], schema: Schema) -> tuple[str, str]:
    if schema.get("format") == "byte":
        return "%", ""
    target = _target(schema)
    return _SCALARS.get(target, ""), target if "properties" in schemas.get(target, {}) else ""


def _target(schema: Schema) -> str:
    """The name of the type that a field refers to."""
    if "allOf" in schema:
        return _target(schema["allOf"][0])
    return str(schema.get("$ref", "")).rpartition("/")[2]


def _reachable(types: Mapping[str, Fields], roots: Any) -> set[str]:
    found: set[str] = set()
    todo = list(roots)
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += [target for _, _, target in types[name].values() if target]
    return found


def _that_matter(types: Mapping[str, Fields]) -> set[str]:
    """The types with a field that is not plain, or that leads to one."""
    matter: set[str] = set()
    while True:
        more = {
            name
            for name, fields in types.items()
            if any((form and form != "[]") or value or target in matter for form, value, target in fields.values())
        }
        if more == matter:
            return matter
        matter = more


def _short_names(names: set[str]) -> dict[str, str]:
    """The last word of a type's name; with its group and version where several have it."""
    last = [name.rpartition(".")[2] for name in names]
    return {
        name: word if last.count(word) == 1 else ".".join(name.split(".")[-3:])
        for name in names
        for word in [name.rpartition(".")[2]]
    }


def _words(fields: Fields, matter: set[str], short: Mapping[str, str]) -> Iterator[str]:
    for field, (form, value, target) in sorted(fields.items()):
        below = f":{short[target]}" if target in matter else ""
        if (form and form != "[]") or value or below:
            yield f"{field}{form}{value}{below}"


def cluster_scoped(get: Callable[[str], Schema]) -> frozenset[str]:
    """The kinds, by apiVersion and name, whose objects stand in no namespace."""
    groups = [get("/api/v1"), *(get(f"/apis/{group}") for group in _group_versions(get))]
    kinds: dict[str, bool] = {}
    for group in groups:
        for found in group["resources"]:
            if "/" not in found["name"] and "create" in found["verbs"] and "get" in found["verbs"]:
                kinds[f"{group['groupVersion']}/{found['kind']}"] = found["namespaced"]
    return frozenset(name for name, is_namespaced in kinds.items() if not is_namespaced)


def _group_versions(get: Callable[[str], Schema]) -> list[str]:
    groups = [group for group in get("/apis")["groups"] if _is_builtin(group["name"])]
    return [version["groupVersion"] for group in groups for version in group["versions"]]
