"""OpenSSL.rand: the generator, seed files, and the entropy daemon's protocol over a real Unix socket."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import stat
import sys
import threading
import time
from pathlib import Path
from typing import Any, Callable, Iterator, List

import pytest

from OpenSSL import rand

READ_NOW, READ_WHEN_READY = 1, 2


class TestGenerator:
    @pytest.mark.parametrize("count", [0, 1, 50, 16385, 100_000])
    def test_bytes_gives_as_many_as_asked(self, count: int) -> None:
        drawn = rand.bytes(count)
        assert isinstance(drawn, bytes) and len(drawn) == count

    def test_two_draws_differ_and_use_every_byte_value(self) -> None:
        assert rand.bytes(32) != rand.bytes(32)
        assert len(set(rand.bytes(20_000))) == 256

    def test_bytes_refuses_what_is_no_count(self) -> None:
        for wrong in (None, "3", 2.0):
            with pytest.raises(TypeError):
                rand.bytes(wrong)  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="^num_bytes must not be negative$"):
            rand.bytes(-1)

    def test_status_is_the_int_one(self) -> None:
        assert rand.status() == 1 and type(rand.status()) is int

    @pytest.mark.parametrize("entropy", [0, 3, 3.0, 0.5, -1, 10**9, float("inf"), float("nan")])
    def test_add_takes_any_estimate(self, entropy: float) -> None:
        assert rand.add(b"abc", entropy) is None  # type: ignore[func-returns-value]
        assert rand.add(b"", entropy) is None  # type: ignore[func-returns-value]
        assert rand.status() == 1

    def test_add_and_seed_want_bytes(self) -> None:
        for wrong in ("text", None, 3, bytearray(b"x")):
            with pytest.raises(TypeError, match="^buffer must be a byte string$"):
                rand.add(wrong, 3)  # type: ignore[arg-type]
            with pytest.raises(TypeError, match="^buffer must be a string$"):
                rand.seed(wrong)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="^entropy must be an integer$"):
            rand.add(b"abc", "3")  # type: ignore[arg-type]
        assert rand.seed(b"abc") is None  # type: ignore[func-returns-value]

    def test_cleanup_leaves_a_working_generator(self) -> None:
        rand.seed(b"abc")
        assert rand.cleanup() is None  # type: ignore[func-returns-value]
        assert rand.status() == 1
        assert rand.bytes(16) != rand.bytes(16)

    def test_four_threads_draw_mix_and_renew_at_once(self) -> None:
        drawn: List[bytes] = []

        def work() -> None:
            for _ in range(100):
                rand.add(b"x", 0)
                rand.cleanup()
                drawn.append(rand.bytes(16))

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(set(drawn)) == 400

    def test_a_forked_child_draws_something_else(self) -> None:
        rand.bytes(1)
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.write(writer, rand.bytes(32))
            os._exit(0)
        mine = rand.bytes(32)
        os.close(writer)
        theirs = os.read(reader, 32)
        os.close(reader)
        os.waitpid(child, 0)
        assert len(theirs) == 32 and theirs != mine

    def test_screen_is_for_windows(self) -> None:
        assert hasattr(rand, "screen") is (sys.platform == "win32")

    def test_rand_is_there_without_an_import_of_its_own(self) -> None:
        import OpenSSL

        assert OpenSSL.rand is rand
        with pytest.raises(AttributeError, match="nothing"):
            OpenSSL.nothing  # type: ignore[attr-defined]

    def test_error_is_a_class_of_its_own(self) -> None:
        from OpenSSL import crypto

        assert issubclass(rand.Error, Exception)
        assert not issubclass(rand.Error, crypto.Error) and not issubclass(crypto.Error, rand.Error)


class TestFiles:
    @pytest.mark.parametrize("kind", [str, os.fsencode, Path])
    def test_write_then_load(self, tmp_path: Path, kind: Callable[[Any], Any]) -> None:
        name = tmp_path / "seed-\u00e9"
        assert rand.write_file(kind(str(name))) == 1024
        assert name.stat().st_size == 1024
        assert stat.S_IMODE(name.stat().st_mode) == 0o600
        assert rand.load_file(kind(str(name))) == 1024

    def test_each_written_file_is_another(self, tmp_path: Path) -> None:
        rand.write_file(tmp_path / "a")
        rand.write_file(tmp_path / "b")
        assert (tmp_path / "a").read_bytes() != (tmp_path / "b").read_bytes()

    def test_a_file_that_was_there_is_replaced_and_closed_to_others(self, tmp_path: Path) -> None:
        name = tmp_path / "seed"
        name.write_bytes(b"old" * 5000)
        name.chmod(0o644)
        assert rand.write_file(name) == 1024
        assert name.stat().st_size == 1024 and b"oldold" not in name.read_bytes()
        assert stat.S_IMODE(name.stat().st_mode) == 0o600

    @pytest.mark.parametrize(
        ("most", "read"), [(-1, 5000), (-(2**40), 5000), (0, 0), (1, 1), (4999, 4999), (5000, 5000), (2**40, 5000)]
    )
    def test_load_reads_at_most_so_many_and_all_for_a_negative_number(
        self, tmp_path: Path, most: int, read: int
    ) -> None:
        name = tmp_path / "seed"
        name.write_bytes(b"s" * 5000)
        assert rand.load_file(name, most) == read
        assert rand.load_file(name, maxbytes=most) == read

    def test_all_of_a_device_ends(self) -> None:
        assert rand.load_file("/dev/zero") == 2048
        assert rand.load_file("/dev/zero", 5) == 5
        assert rand.load_file("/dev/null") == 0

    def test_files_that_cannot_be_used(self, tmp_path: Path) -> None:
        missing = tmp_path / "none" / "seed"
        for function in (rand.load_file, rand.write_file):
            with pytest.raises(rand.Error) as caught:
                function(missing)
            assert caught.value.errno == errno.ENOENT
            assert caught.value.file == str(missing)
            assert caught.value.args == ([("system library", "", "No such file or directory")],)
        with pytest.raises(rand.Error) as caught:
            rand.load_file(tmp_path)
        assert caught.value.errno == errno.EISDIR

    def test_write_file_leaves_pipes_and_devices_alone(self, tmp_path: Path) -> None:
        fifo = tmp_path / "fifo"
        os.mkfifo(fifo)
        for name in (fifo, Path("/dev/null"), tmp_path):
            before = name.stat().st_mode
            with pytest.raises(rand.Error):
                rand.write_file(name)
            assert name.stat().st_mode == before

    def test_wrong_types(self, tmp_path: Path) -> None:
        for wrong in (None, 3, object()):
            with pytest.raises(TypeError):
                rand.load_file(wrong)  # type: ignore[arg-type]
            with pytest.raises(TypeError):
                rand.write_file(wrong)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="^maxbytes must be an integer$"):
            rand.load_file("x", "1")  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="null byte"):
            rand.load_file("a\0b")


class Daemon:
    """An entropy daemon on a Unix socket: `answer(connection, command, count)` per command, hang-up on False."""

    def __init__(self, path: Path, answer: Callable[[socket.socket, int, int], bool]) -> None:
        self.commands: List[tuple[int, int]] = []
        self._answer = answer
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                with connection:
                    self._talk(connection)

    def _talk(self, connection: socket.socket) -> None:
        while True:
            command = connection.recv(2, socket.MSG_WAITALL)
            if len(command) < 2:
                return
            self.commands.append((command[0], command[1]))
            if not self._answer(connection, command[0], command[1]):
                return


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Callable[[Callable[[socket.socket, int, int], bool]], Daemon]]:
    running: List[Daemon] = []

    def start(answer: Callable[[socket.socket, int, int], bool]) -> Daemon:
        running.append(Daemon(tmp_path / "egd", answer))
        return running[0]

    yield start
    for one in running:
        one.close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rand, "_EGD_TIMEOUT_MS", 300)


def plentiful(connection: socket.socket, command: int, count: int) -> bool:
    assert command == READ_NOW
    connection.sendall(bytes([count]) + b"e" * count)
    return True


class TestEgd:
    @pytest.mark.parametrize("kind", [str, os.fsencode, Path])
    def test_255_bytes_by_default(self, daemon: Any, tmp_path: Path, kind: Callable[[Any], Any]) -> None:
        egd = daemon(plentiful)
        assert rand.egd(kind(str(tmp_path / "egd"))) == 255
        assert egd.commands == [(READ_NOW, 255)]

    def test_as_many_as_asked_in_requests_of_255_at_most(self, daemon: Any, tmp_path: Path) -> None:
        egd = daemon(plentiful)
        assert rand.egd(str(tmp_path / "egd"), 600) == 600
        assert egd.commands == [(READ_NOW, 255), (READ_NOW, 255), (READ_NOW, 90)]
        assert rand.egd(str(tmp_path / "egd"), bytes=1) == 1
        assert rand.egd(str(tmp_path / "egd"), 0) == 0

    def test_a_daemon_that_has_less_is_asked_again(self, daemon: Any, tmp_path: Path) -> None:
        def ten_at_a_time(connection: socket.socket, command: int, count: int) -> bool:
            have = min(count, 10)
            connection.sendall(bytes([have]) + b"e" * have)
            return True

        egd = daemon(ten_at_a_time)
        assert rand.egd(str(tmp_path / "egd"), 25) == 25
        assert egd.commands == [(READ_NOW, 25), (READ_NOW, 15), (READ_NOW, 5)]

    def test_a_daemon_that_has_none_is_waited_for(self, daemon: Any, tmp_path: Path) -> None:
        def gathers(connection: socket.socket, command: int, count: int) -> bool:
            if command == READ_NOW:
                connection.sendall(b"\0")
                return True
            for _ in range(count):
                time.sleep(0.01)
                connection.sendall(b"e")
            return True

        egd = daemon(gathers)
        assert rand.egd(str(tmp_path / "egd"), 20) == 20
        assert egd.commands == [(READ_NOW, 20), (READ_WHEN_READY, 20)]

    def test_a_daemon_that_hangs_up(self, daemon: Any, tmp_path: Path) -> None:
        daemon(lambda connection, command, count: False)
        self.refused(tmp_path, "hung up")

    def test_a_daemon_that_hangs_up_in_its_answer(self, daemon: Any, tmp_path: Path) -> None:
        def half(connection: socket.socket, command: int, count: int) -> bool:
            connection.sendall(bytes([count]) + b"e" * (count // 2))
            return False

        daemon(half)
        self.refused(tmp_path, "hung up")

    def test_a_daemon_that_hangs_up_where_it_should_wait(self, daemon: Any, tmp_path: Path) -> None:
        def none(connection: socket.socket, command: int, count: int) -> bool:
            connection.sendall(b"\0" if command == READ_NOW else b"e")
            return command == READ_NOW

        daemon(none)
        self.refused(tmp_path, "hung up")

    def test_garbage(self, daemon: Any, tmp_path: Path) -> None:
        def garbage(connection: socket.socket, command: int, count: int) -> bool:
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            return True

        daemon(garbage)
        with pytest.raises(rand.Error, match="announced 72 bytes where 20"):
            rand.egd(str(tmp_path / "egd"), 20)

    def test_a_silent_daemon(self, daemon: Any, tmp_path: Path, impatient: None) -> None:
        daemon(lambda connection, command, count: True)
        began = time.monotonic()
        self.refused(tmp_path, "timed out", errno.ETIMEDOUT)
        assert 0.25 < time.monotonic() - began < 60

    def test_a_daemon_that_falls_silent_in_its_answer(self, daemon: Any, tmp_path: Path, impatient: None) -> None:
        def stalls(connection: socket.socket, command: int, count: int) -> bool:
            connection.sendall(bytes([count]) + b"e")
            return True

        daemon(stalls)
        self.refused(tmp_path, "timed out", errno.ETIMEDOUT)

    def test_a_daemon_that_drips_too_slowly(self, daemon: Any, tmp_path: Path, impatient: None) -> None:
        def drips(connection: socket.socket, command: int, count: int) -> bool:
            connection.sendall(bytes([count]))
            with contextlib.suppress(OSError):
                for _ in range(count):
                    time.sleep(0.1)
                    connection.sendall(b"e")
            return False

        daemon(drips)
        self.refused(tmp_path, "timed out", errno.ETIMEDOUT)

    def test_a_listener_that_never_accepts(self, tmp_path: Path, impatient: None) -> None:
        with socket.socket(socket.AF_UNIX) as listener, contextlib.ExitStack() as queued:
            listener.bind(str(tmp_path / "egd"))
            listener.listen(0)
            with contextlib.suppress(BlockingIOError):
                while True:
                    client = queued.enter_context(socket.socket(socket.AF_UNIX))
                    client.setblocking(False)
                    client.connect(str(tmp_path / "egd"))
            self.refused(tmp_path, "timed out", errno.ETIMEDOUT)

    def test_no_socket_or_none_that_listens(self, tmp_path: Path) -> None:
        self.refused(tmp_path, "No such file", errno.ENOENT)
        (tmp_path / "egd").write_bytes(b"")
        self.refused(tmp_path, "refused", errno.ECONNREFUSED)
        with pytest.raises(rand.Error) as caught:
            rand.egd("/" + "x" * 200)
        assert caught.value.errno == errno.ENAMETOOLONG

    def test_wrong_types(self) -> None:
        for wrong in (None, 3):
            with pytest.raises(TypeError):
                rand.egd(wrong)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="^bytes must be an integer$"):
            rand.egd("x", "1")  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="^bytes must not be negative$"):
            rand.egd("x", -1)

    def refused(self, tmp_path: Path, words: str, number: int | None = None) -> None:
        with pytest.raises(rand.Error, match=words) as caught:
            rand.egd(str(tmp_path / "egd"), 20)
        assert caught.value.errno == number
        assert caught.value.file == str(tmp_path / "egd")
        assert isinstance(caught.value.args[0], list)
