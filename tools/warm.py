"""Run a notebook's tests in a process of its own that has the large libraries imported already

`nbdev_test` in a new process spends several seconds on importing torch, diffusers and
transformers. Here one server imports them once and forks for every notebook (`forkserver` of
`multiprocessing`, so on Linux and macOS). What a notebook does stays in its process: it has its
own memory, process group and folder for temporary files. Cells are run or passed over by
`nbdev.test.test_nb`, the function behind `nbdev_test`."""

import contextlib
import json
import multiprocessing
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from multiprocessing.connection import wait
from pathlib import Path
from typing import NamedTuple

from project import ROOT, TOOLS

IMPORTED = [
    *('numpy', 'torch', 'transformers', 'diffusers', 'av', 'mediapy', 'matplotlib.pyplot'),
    'diffusers.pipelines.cogvideo.pipeline_cogvideox',
    'diffusers.pipelines.cogvideo.pipeline_cogvideox_image2video',
    'diffusers.pipelines.cogvideo.pipeline_cogvideox_video2video',
    'transformers.models.t5.modeling_t5',
    *('IPython.core.interactiveshell', 'execnb.shell', 'nbdev.test', 'fastcore.test'),
]


COLD = '#| cold'  # in a notebook: what it sets must be there before anything is imported


class Run(NamedTuple):
    """How a notebook's run went"""

    path: Path
    problem: str  # what was printed, if it failed; empty if all is well
    seconds: float  # by the clock
    processor_seconds: float  # of the notebook and the programs that it started
    cells: list[tuple[float, int, str]]  # processor seconds, number from 1, first line of code


def processor_seconds() -> float:
    """Of this process and of those that it started and waited for"""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def time_cells(cells: list) -> None:
    """Have execnb append (processor seconds, number, first line) of each cell that it runs"""
    from execnb.shell import CaptureShell

    run_cell = CaptureShell.cell

    def timed(self, cell, *args, **kwargs):
        start = processor_seconds()
        try:
            return run_cell(self, cell, *args, **kwargs)
        finally:
            code = [line for line in cell.source.splitlines() if not line.startswith('#')]
            first_line = code[0] if code else ''
            cells.append((processor_seconds() - start, cell.idx_ + 1, first_line))

    CaptureShell.cell = timed


def test_here(path: Path, flags: list[str], folder: Path) -> None:
    """Runs in the new process: test the notebook, leave 'output' and 'result' in `folder`"""
    os.setsid()
    output = os.open(folder / 'output', os.O_WRONLY | os.O_CREAT)
    os.dup2(output, 1)
    os.dup2(output, 2)
    multiprocessing.set_start_method(None, force=True)
    temporary = folder / 'temporary'
    temporary.mkdir()
    tempfile.tempdir = os.environ['TMPDIR'] = str(temporary)
    sys.path[:] = [place for place in sys.path if place != str(TOOLS)]
    from nbdev.test import test_nb

    cells = []
    time_cells(cells)
    passed, seconds = test_nb(path, skip_flags=flags, basepath=ROOT)
    if not seconds:
        print('its front matter says that it is not run')
    sys.stdout.flush()
    sys.stderr.flush()
    result = [bool(passed and seconds), processor_seconds(), cells]
    (folder / 'result').write_text(json.dumps(result), encoding='utf-8')
    os._exit(0)  # what a notebook left running must not hold up the end of its process


class Started:
    """A notebook that is being run, with a limit in seconds"""

    def __init__(self, server, path: Path, flags: list[str], limit: float):
        self.path, self.limit, self.begin = path, limit, time.monotonic()
        self.home = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.folder = Path(self.home.name)
        if COLD in path.read_text(encoding='utf-8'):
            server = multiprocessing.get_context('spawn')
        self.process = server.Process(target=test_here, args=(path, flags, self.folder))
        self.process.start()

    @property
    def seconds_left(self) -> float:
        """Until the limit"""
        return max(0.0, self.begin + self.limit - time.monotonic())

    def stop(self) -> None:
        """End the process with all that it started, and remove its folder"""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.kill()
        self.process.join()
        self.home.cleanup()

    def result(self) -> Run:
        """How it went; stops it if it still runs"""
        seconds = time.monotonic() - self.begin
        output, result = self.folder / 'output', self.folder / 'result'
        printed = output.read_text(encoding='utf-8', errors='replace') if output.exists() else ''
        late = self.process.is_alive()
        passed, processor, cells = False, 0.0, []
        if not late and result.exists():
            passed, processor, cells = json.loads(result.read_text(encoding='utf-8'))
        elif late:
            printed += f'\nstopped: it took longer than {self.limit} s'
        else:
            printed += f'\nits process ended by itself (status {self.process.exitcode})'
        self.stop()
        problem = '' if passed else printed.strip() or 'failed without a word'
        return Run(self.path, problem, seconds, processor, cells)


def run_all(paths: list[Path], flags: list[str], at_once: int, limit: float) -> Iterator[Run]:
    """Run notebooks, so many `at_once`; yields each when it ends, stops those after `limit` s"""
    server = multiprocessing.get_context('forkserver')
    if len(paths) > 1:  # one notebook imports what it needs
        server.set_forkserver_preload(IMPORTED)
    first = server.Process(target=int)  # does nothing, but waits until the imports are done
    first.start()
    first.join()
    waiting, running = list(paths), []
    try:
        while waiting or running:
            while waiting and len(running) < at_once:
                running.append(Started(server, waiting.pop(0), flags, limit))
            soonest = min(each.seconds_left for each in running)
            wait([each.process.sentinel for each in running], soonest)
            ended = [e for e in running if not e.process.is_alive() or not e.seconds_left]
            running = [each for each in running if each not in ended]
            for each in ended:
                yield each.result()
    finally:
        for each in running:
            each.stop()
