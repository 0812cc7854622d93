"""What the annotations of a hook say."""

import pytest

from gitops_operator.model.hooks import BadHookError, DeletePolicy, Hook, hook_of
from gitops_operator.model.operation import Phase

OURS, ARGO, HELM = "gitops-operator.io/hook", "argocd.argoproj.io/hook", "helm.sh/hook"


def phases(annotations: dict[str, str]) -> set[Phase]:
    hook = hook_of(annotations)
    assert hook is not None
    return set(hook.phases)


def test_an_object_without_such_annotations_is_no_hook() -> None:
    assert hook_of({"gitops-operator.io/sync-wave": "1", OURS: " , "}) is None


@pytest.mark.parametrize("name", [OURS, ARGO])
def test_several_words_are_several_phases(name: str) -> None:
    assert phases({name: "PreSync, PostSync"}) == {Phase.PRE_SYNC, Phase.POST_SYNC}


def test_helms_words_mean_installation_and_upgrade_alike() -> None:
    assert phases({HELM: "pre-install,post-upgrade"}) == {Phase.PRE_SYNC, Phase.POST_SYNC}


def test_our_word_beats_argo_cds_and_that_beats_helms() -> None:
    assert phases({HELM: "post-install", ARGO: "SyncFail", OURS: "Sync"}) == {Phase.SYNC}
    assert phases({HELM: "post-install", ARGO: "SyncFail"}) == {Phase.SYNC_FAIL}


@pytest.mark.parametrize("annotations", [{OURS: "Skip"}, {ARGO: "Skip"}, {HELM: "test"}, {HELM: "pre-rollback"}])
def test_some_hooks_are_never_applied(annotations: dict[str, str]) -> None:
    assert hook_of(annotations) == Hook(frozenset())


def test_a_hook_for_tests_and_upgrades_is_one_for_upgrades() -> None:
    assert phases({HELM: "test,pre-upgrade"}) == {Phase.PRE_SYNC}


def test_the_crds_of_helm_2_are_ordinary_objects() -> None:
    assert hook_of({HELM: "crd-install"}) is None


def test_unknown_words_are_named_with_those_that_are_known() -> None:
    with pytest.raises(BadHookError, match=r"hook: 'Later', 'PreSink' means nothing; known are .*PostSync") as caught:
        hook_of({ARGO: "PreSink,Later,Sync"})
    assert caught.value.annotation == ARGO


def test_skip_beside_another_word_contradicts_it() -> None:
    with pytest.raises(BadHookError, match="Skip means never, and PreSync says when"):
        hook_of({OURS: "Skip,PreSync"})


@pytest.mark.parametrize(
    "annotations,phase",
    [({OURS: "PreDelete"}, Phase.PRE_DELETE), ({HELM: "post-delete,test"}, Phase.POST_DELETE)],
)
def test_hooks_of_a_deletion_run_in_phases_of_their_own(annotations: dict[str, str], phase: Phase) -> None:
    found = hook_of(annotations)
    assert found is not None
    assert found.phases == {phase}


@pytest.mark.parametrize(
    "name,text,expected",
    [
        ("gitops-operator.io/hook-delete-policy", "HookSucceeded,HookFailed", {"HookSucceeded", "HookFailed"}),
        ("argocd.argoproj.io/hook-delete-policy", "BeforeHookCreation", {"BeforeHookCreation"}),
        ("helm.sh/hook-delete-policy", "before-hook-creation,hook-succeeded", {"BeforeHookCreation", "HookSucceeded"}),
        ("unrelated", "", {"BeforeHookCreation"}),
    ],
)
def test_delete_policies_are_read_from_all_three(name: str, text: str, expected: set[str]) -> None:
    assert hook_of({OURS: "Sync", name: text}) == Hook(frozenset({Phase.SYNC}), frozenset(map(DeletePolicy, expected)))


def test_an_unknown_delete_policy_is_an_error() -> None:
    with pytest.raises(BadHookError, match="'Never' means nothing"):
        hook_of({OURS: "Sync", "gitops-operator.io/hook-delete-policy": "Never"})
