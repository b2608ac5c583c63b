"""Signals: the first is noted, the second does what it always does, and the handlers of others stay."""

import signal
import subprocess
import sys
import threading

import pytest

from minigan.runs.signals import NAMES, STATUS, Signals

numbers = pytest.mark.parametrize("number", [getattr(signal, name) for name in NAMES])


@pytest.fixture(autouse=True)
def defaults():
    before = {name: signal.getsignal(getattr(signal, name)) for name in NAMES}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for name in NAMES[1:]:
        signal.signal(getattr(signal, name), signal.SIG_DFL)
    yield
    for name, handler in before.items():
        signal.signal(getattr(signal, name), handler)


@numbers
def test_the_first_signal_is_noted(number):
    before = signal.getsignal(number)
    with Signals() as signals:
        assert signals.received is None
        signal.raise_signal(number)
        assert signals.received == number
    assert signal.getsignal(number) is before


@pytest.mark.parametrize(
    ("name", "wish", "urgent"),
    [("SIGINT", "interrupt", False), ("SIGTERM", "terminate", True), ("SIGHUP", "hangup", True)],
)
def test_what_a_signal_wishes(name, wish, urgent):
    number = getattr(signal, name)
    with Signals() as signals:
        assert (signals.wish, signals.urgent) == (None, False)
        signal.raise_signal(number)
    assert (signals.wish, signals.urgent) == (wish, urgent)
    assert STATUS[wish] == 128 + number


def test_the_second_ctrl_c_is_raised():
    with Signals() as signals:
        signal.raise_signal(signal.SIGINT)
        assert signals.received == signal.SIGINT
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_the_second_signal_ends_the_process(number):
    code = (
        "import signal, sys\n"
        "from minigan.runs.signals import Signals\n"
        "with Signals():\n"
        "    signal.raise_signal(int(sys.argv[1]))\n"
        "    print('alive', flush=True)\n"
        "    signal.raise_signal(int(sys.argv[1]))\n"
        "    print('still alive', flush=True)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(int(number))], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (-number, "alive\n")


@numbers
@pytest.mark.parametrize("handler", [signal.SIG_IGN, lambda number, frame: None], ids=["ignored", "own"])
def test_other_handlers_stay(number, handler):
    signal.signal(number, handler)
    with Signals() as signals:
        assert signal.getsignal(number) is handler
        signal.raise_signal(number)
        assert signals.received is None
    assert signal.getsignal(number) is handler


def test_in_another_thread_nothing_is_caught():
    seen = []

    def work():
        with Signals():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [signal.default_int_handler]
