"""The data folder has one owner."""

import os
import socket
from pathlib import Path

import pytest

from adapters.embedded.folder import DataFolder, FolderHeld

STARTED_AT = "2026-01-31T12:00:00.000Z"


def test_the_second_owner_learns_who_holds_the_folder(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "new" / "data")

    with folder.acquire(STARTED_AT), pytest.raises(FolderHeld) as caught:
        DataFolder(folder.path).acquire("later")

    text = str(caught.value)
    assert f"process {os.getpid()} on {socket.gethostname()}, started at {STARTED_AT}" in text
    assert str(folder.path) in text


def test_a_folder_that_was_given_up_can_be_owned_again(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    lock = folder.acquire(STARTED_AT)
    lock.release()
    lock.release()

    with folder.acquire("later"), pytest.raises(FolderHeld, match="started at later"):
        folder.acquire("last")


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"not JSON"])
def test_whatever_the_lock_file_says_it_is_the_lock_that_counts(
    tmp_path: Path, content: bytes
) -> None:
    folder = DataFolder(tmp_path)
    (tmp_path / "owner.lock").write_bytes(content)

    with folder.acquire(STARTED_AT):
        (tmp_path / "owner.lock").write_bytes(content)
        with pytest.raises(FolderHeld, match="belongs to a running system"):
            folder.acquire("later")


def test_the_folder_is_its_users_own(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "data")
    folder.make()

    assert folder.path.stat().st_mode & 0o077 == 0
