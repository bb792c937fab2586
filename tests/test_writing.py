"""Files are replaced whole or not at all, and never outside of the project."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from prodlint.writing import CannotWrite, hindrance, replace_files

OLD, NEW = {"a": b"1\n", "b/c": b"2\r\n"}, {"a": b"one\n", "b/c": b"two\r\n"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    for path, data in OLD.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)
    return root


def content(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, so that one left behind is seen."""
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_files_get_their_new_content_and_keep_their_permissions(folder: Path) -> None:
    (folder / "b/c").chmod(0o751)
    replace_files(folder, OLD, NEW)
    assert content(folder) == NEW
    assert stat.S_IMODE((folder / "b/c").stat().st_mode) == 0o751


def test_a_file_that_has_changed_since_it_was_read_is_not_written_and_neither_are_the_others(folder: Path) -> None:
    (folder / "b/c").write_bytes(b"somebody else's\n")
    with pytest.raises(CannotWrite, match="b/c has changed since it was read; run prodlint again"):
        replace_files(folder, OLD, NEW)
    assert content(folder) == {"a": b"1\n", "b/c": b"somebody else's\n"}


def test_a_read_only_file_is_not_written_and_neither_are_the_others(folder: Path) -> None:
    (folder / "b/c").chmod(0o444)
    with pytest.raises(CannotWrite, match="b/c is read-only"):
        replace_files(folder, OLD, NEW)
    assert content(folder) == OLD


def test_a_file_that_is_gone_is_not_written(folder: Path) -> None:
    (folder / "b/c").unlink()
    with pytest.raises(CannotWrite, match="b/c cannot be written: No such file"):
        replace_files(folder, OLD, NEW)
    assert content(folder) == {"a": b"1\n"}


def test_nothing_is_written_through_a_link_to_a_file(folder: Path) -> None:
    outside = folder.parent / "outside"
    for target in (outside, folder / "a"):
        target.write_bytes(b"2\r\n")
        (folder / "b/c").unlink()
        (folder / "b/c").symlink_to(target)
        with pytest.raises(CannotWrite, match="b/c is a symbolic link"):
            replace_files(folder, {"b/c": b"2\r\n"}, {"b/c": b"new"})
        assert target.read_bytes() == b"2\r\n"
        assert (folder / "b/c").is_symlink()


def test_nothing_is_written_behind_a_link_to_a_folder(folder: Path) -> None:
    outside = folder.parent / "outside"
    (folder / "b").rename(outside)
    (folder / "b").symlink_to(outside)
    with pytest.raises(CannotWrite, match="b/c lies behind a symbolic link"):
        replace_files(folder, OLD, NEW)
    assert (outside / "c").read_bytes() == b"2\r\n"


@pytest.mark.parametrize("path", ["../outside", "b/../../outside", "b"])
def test_what_is_no_file_of_the_project_is_not_written(folder: Path, path: str) -> None:
    (folder.parent / "outside").write_bytes(b"x")
    assert hindrance(folder, path, b"x") is not None
    assert (folder.parent / "outside").read_bytes() == b"x"


def test_a_project_that_is_named_through_a_link_is_written(folder: Path) -> None:
    name = folder.parent / "name"
    name.symlink_to(folder)
    replace_files(name, OLD, NEW)
    assert content(folder) == NEW


def test_what_was_written_is_put_back_when_a_later_file_fails(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replace, calls = os.replace, []

    def full(source: str, target: str) -> None:
        calls.append(target)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        replace(source, target)

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(CannotWrite, match="b/c cannot be written: No space left on device; nothing was changed"):
        replace_files(folder, OLD, NEW)
    assert content(folder) == OLD
