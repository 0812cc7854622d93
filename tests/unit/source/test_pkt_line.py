import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_operator.source.pkt_line import ProtocolError, ls_refs, peel, read_advertisement, read_ls_refs

MAIN = "a" * 40
TAG = "b" * 40


def packet(*lines: str) -> bytes:
    return b"".join(b"%04x" % (len(line.encode()) + 5) + line.encode() + b"\n" for line in lines) + b"0000"


def test_the_request_names_the_prefixes() -> None:
    assert ls_refs(["refs/tags/v1", "HEAD"]) == (
        b"0014command=ls-refs\n"
        b"001aagent=gitops-operator\n"
        b"0017object-format=sha1\n"
        b"0001"
        b"0009peel\n"
        b"000csymrefs\n"
        b"0014ref-prefix HEAD\n"
        b"001cref-prefix refs/tags/v1\n"
        b"0000"
    )


def test_an_answer_gives_commits_and_peels_tags() -> None:
    answer = packet(
        f"{MAIN} HEAD symref-target:refs/heads/main", f"{MAIN} refs/heads/main", f"{TAG} refs/tags/v1 peeled:{MAIN}"
    )
    assert read_ls_refs(answer) == {"HEAD": MAIN, "refs/heads/main": MAIN, "refs/tags/v1": MAIN}


def test_an_unborn_head_is_none() -> None:
    assert read_ls_refs(packet("unborn HEAD symref-target:refs/heads/main")) == {}


def test_a_server_of_version_2_waits_for_the_request() -> None:
    answer = packet("# service=git-upload-pack") + packet("version 2", "ls-refs=unborn", "object-format=sha1")
    assert read_advertisement(answer) is None


def test_an_old_server_advertises_all_it_has() -> None:
    answer = packet("# service=git-upload-pack") + packet(
        f"{MAIN} HEAD\0multi_ack symref=HEAD:refs/heads/main",
        f"{MAIN} refs/heads/main",
        f"{TAG} refs/tags/v1",
        f"{MAIN} refs/tags/v1^{{}}",
    )
    assert read_advertisement(answer) == {"HEAD": MAIN, "refs/heads/main": MAIN, "refs/tags/v1": MAIN}


def test_an_old_server_with_an_empty_repository_advertises_nothing() -> None:
    answer = packet("# service=git-upload-pack") + packet(f"{'0' * 40} capabilities^{{}}\0multi_ack")
    assert read_advertisement(answer) == {}


def test_sha256_repositories_are_refused_in_words() -> None:
    for answer in (packet("version 2", "object-format=sha256"), packet(f"{MAIN} HEAD\0object-format=sha256")):
        with pytest.raises(ProtocolError, match="SHA-256"):
            read_advertisement(answer)


def test_what_the_server_says_went_wrong_is_passed_on() -> None:
    with pytest.raises(ProtocolError, match="upload-pack: not our ref"):
        read_ls_refs(packet("ERR upload-pack: not our ref"))


@pytest.mark.parametrize(
    "answer", [b"", b"<html>", b"00", b"0099short0000", b"zzzz0000", b"0_090000", packet("no-space")]
)
def test_what_is_not_the_protocol_is_an_error(answer: bytes) -> None:
    with pytest.raises(ProtocolError):
        read_ls_refs(answer)


@given(st.binary(max_size=80))
def test_no_answer_breaks_the_reader(answer: bytes) -> None:
    for read in (read_ls_refs, read_advertisement):
        with contextlib.suppress(ProtocolError):
            read(answer)


def test_a_list_that_is_cut_off_is_an_error_and_not_shorter() -> None:
    answer = packet(f"{MAIN} refs/heads/main")
    with pytest.raises(ProtocolError, match="cut off"):
        read_ls_refs(answer[:-4])


def test_peeling_prefers_the_commit_of_a_tag() -> None:
    assert peel({"refs/tags/v1": TAG, "refs/tags/v1^{}": MAIN, "refs/heads/main": MAIN}) == {
        "refs/tags/v1": MAIN,
        "refs/heads/main": MAIN,
    }
