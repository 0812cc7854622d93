from pathlib import Path

import pytest

from gitops_operator.settings import Settings, read_settings


def read(*arguments: str, **environment: str) -> Settings:
    return read_settings(arguments, {f"GITOPS_{name}": value for name, value in environment.items()})


def complaint(capsys: pytest.CaptureFixture[str], *arguments: str, **environment: str) -> str:
    with pytest.raises(SystemExit) as ended:
        read(*arguments, **environment)
    assert ended.value.code == 2
    return capsys.readouterr().err.splitlines()[-1].removeprefix("gitops-operator run: error: ")


def test_without_anything_the_defaults_hold() -> None:
    assert read() == Settings()


def test_a_flag_and_a_variable_mean_the_same() -> None:
    assert read("--poll-interval", "5") == read(POLL_INTERVAL="5") == Settings(poll_interval=5.0)


def test_the_flag_wins() -> None:
    assert read("--workers", "2", WORKERS="3").workers == 2


def test_an_empty_variable_is_no_variable() -> None:
    assert read(WORKERS="", LOG_LEVEL="") == Settings()


def test_lists_are_separated_by_commas() -> None:
    wanted = ("team-*", "apps")
    assert read("--application-namespaces", "team-*, apps,").application_namespaces == wanted
    assert read(APPLICATION_NAMESPACES="team-*,apps").application_namespaces == wanted


def test_folders_are_paths() -> None:
    assert read(DATA_FOLDER="/data").data_folder == Path("/data")


@pytest.mark.parametrize("word, expected", [("true", True), ("1", True), ("Yes", True), ("off", False), ("0", False)])
def test_a_switch_is_a_word_in_the_environment(word: str, *, expected: bool) -> None:
    assert read(ALLOW_FILE_URLS=word).allow_file_urls is expected


def test_a_switch_is_turned_off_by_a_flag() -> None:
    assert not read("--no-allow-file-urls", ALLOW_FILE_URLS="true").allow_file_urls
    assert read("--allow-file-urls").allow_file_urls


@pytest.mark.parametrize(
    "name, value, words",
    [
        ("workers", "0", "'0' is less than 1"),
        ("workers", "many", "'many' is no number"),
        ("poll-interval", "nan", "'nan' is less than 1"),
        ("look-interval", "-5", "'-5' is less than 1"),
        ("log-format", "xml", "'xml' is none of json, text"),
        ("log-level", "loud", "'loud' is none of debug, info, warning, error"),
    ],
)
def test_a_wrong_value_is_named_wherever_it_stands(
    name: str, value: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert complaint(capsys, f"--{name}={value}") == f"argument --{name}: {words}"
    variable = name.replace("-", "_").upper()
    assert complaint(capsys, **{variable: value}) == f"environment variable GITOPS_{variable}: {words}"


def test_a_switch_in_the_environment_that_is_no_word_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    words = "environment variable GITOPS_ALLOW_FILE_URLS: 'perhaps' is neither true nor false"
    assert complaint(capsys, ALLOW_FILE_URLS="perhaps") == words


def test_an_unknown_flag_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert complaint(capsys, "--worker", "3") == "unrecognized arguments: --worker 3"


def test_help_says_what_each_setting_means(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        read("--help")
    text = " ".join(capsys.readouterr().out.split())
    assert "--poll-interval" in text
    assert (
        "How often a repository is asked for new commits, give or take 10 %. (default: 60.0; environment: "
        "GITOPS_POLL_INTERVAL)" in text
    )


def test_a_leader_without_a_name_is_called_after_its_host_and_process() -> None:
    first = Settings().leader_name
    host, _, number = first.rpartition("_")
    assert host
    assert number.isdigit()
    assert Settings(identity="me").leader_name == "me"


def test_settings_hold_no_secret() -> None:
    secret_words = ("password", "token", "secret", "key")
    assert [name for name in Settings.__dataclass_fields__ if any(word in name for word in secret_words)] == []
