import argparse
import subprocess
import sys
import time
from pathlib import Path
from typing import cast

import all_benchmarks
import machine
import plugin_costs
import profile_check
import pytest
import timing
import torch
import training_times
import verify_networks
from all_benchmarks import page, section
from convolution_shapes import POINTWISE, RESNET18, SHAPES, flops
from kernel_times import report, together
from questions import Asked, resident_peak
from training_peer import Step


def run(wall: float, peak: int = 0) -> timing.Run:
    return timing.Run(status=0, wall=wall, cpu=2 * wall, peak=peak, output="")


def test_the_peaks_of_all_processes_are_added() -> None:
    assert timing.summed({1: 50, 2: 20}, largest=50) == 70


def test_a_process_that_grew_after_the_last_look_counts_with_its_last_size() -> None:
    assert timing.summed({1: 50, 2: 20}, largest=60) == 80
    assert timing.summed({}, largest=60) == 60


def test_a_watched_program_counts_with_its_children() -> None:
    allocate = "x = bytearray(100 << 20); import time; time.sleep(0.3)"
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {allocate!r}])"
    command = ["python3", "-c", f"{child}; {allocate}"]
    # From a small process: a program begins with the peak of the one that starts it.
    measure = (
        f"import timing; command = {command!r}; "
        "print(timing.run(command).peak, timing.run(command, watched=True).peak)"
    )
    output = subprocess.run(
        [sys.executable, "-c", measure],
        cwd=Path(timing.__file__).parent, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    alone, both = map(int, output.split())
    assert 100e6 < alone < 160e6
    assert both > 200e6


def test_quotients_are_formed_within_rounds() -> None:
    assert timing.quotients([4, 30, 8], [2, 3, 1]) == "8.0 (2.0–10.0)"  # noqa: RUF001


def test_a_table_is_one_of_markdown() -> None:
    assert timing.table([("", "ms"), ("conv", "1.5")]) == (
        "|      | ms  |\n|------|-----|\n| conv | 1.5 |"
    )


def test_what_verifications_take_is_held_against_both_scripts() -> None:
    chosen = {"float64": "script float64, NCHW", "float32": "script float32, NCHW"}
    runs = {
        "cnn-verify float64": [run(1), run(2), run(1)],
        "script float64, NCHW": [run(8), run(8), run(8)],
        "script float32, NCHW": [run(3), run(3), run(3)],
    }
    first = {
        "cnn-verify float64": run(9, peak=100_000_000),
        "script float64, NCHW": run(9, peak=450_000_000),
        "script float32, NCHW": run(9, peak=300_000_000),
    }
    headings, ours, *scripts = verify_networks.rows(first, runs, chosen)
    cells = dict(zip(headings, ours, strict=True))
    assert cells["peak MB"] == "100"
    assert cells["script float64 ÷ this, wall"] == "8.0 (4.0–8.0)"  # noqa: RUF001
    assert cells["script float64 ÷ this, memory"] == "4.5"
    assert cells["script float32 ÷ this, wall"] == "3.0 (1.5–3.0)"  # noqa: RUF001
    assert cells["script float32 ÷ this, memory"] == "3.0"
    assert all(row[4:] == ("",) * 4 for row in scripts)


def test_operations_of_a_convolution() -> None:
    # 2 images, 6 filters of 3 by 3 on 2 of 4 channels (2 groups), 5 by 4 windows.
    assert flops((2, 4, 9, 7, 6, 3, 2, 1, 2)) == 2 * 2 * 6 * (5 * 4) * 2 * 9


def test_resnet18_has_twenty_convolutions_of_1_8_billion_multiplications() -> None:
    sizes = dict(SHAPES)
    assert sum(RESNET18.values()) == 20
    # He et al. (2015), table 1: 1.8e9 multiplications for an image.
    total = sum(count * flops(sizes[name]) for name, count in RESNET18.items())
    assert total / 2 / 8 == pytest.approx(1.8e9, rel=0.02)
    assert "resnet50 64-256 1x1" in POINTWISE
    assert "resnet50 256-512 1x1 s2" not in POINTWISE


def test_shapes_are_summed_as_often_as_the_network_has_them() -> None:
    times = {
        (name, "f32", direction): ([own] * 3, [peer] * 3)
        for name, own, peer in (("a", 1.0, 2.0), ("b", 1.0, 8.0))
        for direction in ("fwd", "dX", "dW")
    }
    assert together({"a": 3, "b": 1}, "f32", times) == (3 * 2 + 8) / (3 + 1)


def test_the_share_of_the_peak_is_that_of_the_median() -> None:
    name, sizes = "1x1", (1, 10, 10, 10, 100, 1, 1, 0, 1)  # 200,000 operations
    times = {
        (name, "f32", d): ([0.01, 0.02, 0.04], [0.02, 0.02, 0.02]) for d in ("fwd", "dX", "dW")
    }
    row = report({name: sizes}, "f32", times, peak=20).splitlines()[4]
    # 2e5 operations in 0.02 ms are 10 GFLOP/s.
    assert [cell.strip() for cell in row.split("|")][1:5] == ["1x1", "0.020", "50", "1.00 ± 0.75"]


def test_facts_about_the_processor_and_the_memory() -> None:
    lscpu = "Model name:   AMD EPYC\nCPU(s):  2\nNUMA node0 CPU(s): 0,1\nL2 cache:  2 MiB"
    assert machine.processor(lscpu) == {"Processor": "AMD EPYC", "Processors": "2", "L2": "2 MiB"}
    assert machine.memory(["MemFree: 5 kB", "MemTotal:  24117248 kB"]) == "23 GiB"
    assert machine.said("no-such-program") == ""


def test_a_part_that_failed_says_so_on_the_page() -> None:
    good = section("## A", "tools/bench/a", "\n1 round\n\n| x |\n", 0)
    bad = section("## B", "tools/bench/b", "nothing", 1)
    text = page("2026-01-01", 0.25, "facts", [good, bad])
    assert text.startswith("# Benchmarks\n")
    assert "## A\n\nBy `tools/bench/a`: 1 round\n\n| x |\n\n## B" in text
    assert text.endswith("> Important: It ended with status 1.\n")
    assert text.count("Important") == 1
    assert "Warning" not in text


def test_a_page_of_a_busy_machine_warns() -> None:
    assert "> Warning: The machine was busy" in page("2026-01-01", 1.5, "facts", [])


@pytest.mark.parametrize(
    ("network", "parameters"),
    # The counts that torchvision and the papers give; LeNet-5's by hand: 156 + 2416 + 48120 +
    # 10164 + 850.
    [("lenet", 61_706), ("resnet18", 11_689_512), ("mobilenetv2", 3_504_872)],
)
def test_the_trained_networks_are_the_known_ones(network: str, parameters: int) -> None:
    assert Step(network, torch.float32, time.process_time).parameters() == parameters


def test_what_convolutions_put_out_is_counted() -> None:
    step = Step("lenet", torch.float64, time.process_time)
    assert step.convolved() == 64 * (6 * 28 * 28 + 16 * 10 * 10 + 120)


def test_a_step_of_the_peer_gives_every_parameter_a_gradient_in_both_layouts() -> None:
    step = Step("lenet", torch.float32, time.process_time)
    for layout in ("channels-last", "NCHW"):
        assert step.time(layout) > 0
        assert all(p.grad is not None and p.grad.any() for p in step.model.parameters())


class Answers:
    """Stands for a program, and answers from a list."""

    def __init__(self, **answers: float) -> None:
        self.answers = answers

    def ask(self, question: str) -> float:
        return self.answers[question]


def test_networks_that_are_not_the_same_are_not_timed() -> None:
    def why(**other: float) -> str:
        ours = Answers(**{"parameters": 5, "convolved": 7, "complete": 1} | other)
        theirs = Answers(parameters=5, convolved=7)
        return training_times.disagreement(cast(Asked, ours), cast(Asked, theirs))

    assert why() == ""
    assert why(convolved=8) == "convolved: 8 here, 7 in PyTorch"
    assert why(parameters=6) == "parameters: 6 here, 5 in PyTorch"
    assert why(complete=0) == "a parameter has no gradient"
    assert why(complete=float("nan")) == "a parameter has no gradient"


def test_a_row_of_training_forms_quotients_within_rounds() -> None:
    steps = training_times.Steps("NCHW", [2, 3, 1], [4, 30, 8], 5_000_000, 20_000_000)
    row = dict(zip(training_times.HEADINGS, training_times.row("lenet", steps), strict=True))
    assert row["PyTorch ÷ cnn-verify"] == "8.00 (2.00–10.00)"  # noqa: RUF001
    assert row["cnn-verify, peak MB"] == "5"
    assert row["PyTorch, peak MB"] == "20"


def test_a_program_is_asked_and_its_memory_watched() -> None:
    grow = "x = bytearray(200 << 20)\ndel x"
    answer = "import sys\nfor line in sys.stdin: print(len(line.split()), flush=True)"
    program = Asked([sys.executable, "-c", f"{grow}\n{answer}"], {})
    try:
        assert program.ask("two", "words") == 2
        assert program.peak_memory() > 200e6
        program.forget_peak()
        assert program.peak_memory() < 100e6
    finally:
        program.close()
    assert resident_peak("VmPeak:\t9 kB\nVmHWM:\t    12 kB\n") == 12


def test_a_program_that_says_no_number_is_named() -> None:
    program = Asked([sys.executable, "-c", "print('no')"], {})
    with pytest.raises(SystemExit, match="was asked 'step' and said 'no'"):
        program.ask("step")
    program.process.communicate()


def test_what_is_missing_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert timing.lacks("sys", "no_such_module")
    assert f"Missing in {sys.executable}: no_such_module." in capsys.readouterr().out
    assert not timing.lacks("sys")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("program", "module"),
    [
        ("kernel_times", "torch"),
        ("training_times", "torch"),
        ("jacobian_times", "torch"),
        ("verify_networks", "h5py"),
        ("compare_files", "h5py"),
    ],
)
def test_a_part_without_its_peer_says_so_and_fails(program: str, module: str) -> None:
    hide = (
        "import importlib.util, runpy, sys\n"
        "found = importlib.util.find_spec\n"
        f"importlib.util.find_spec = lambda name: None if name == {module!r} else found(name)\n"
        f"sys.argv = [{program!r}, *{'--command true'.split() if module == 'h5py' else []!r}]\n"
        f"runpy.run_module({program!r}, run_name='__main__')\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", hide],
        cwd=Path(timing.__file__).parent, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 2, result.stderr
    assert f": {module}. Nothing was timed" in result.stdout


def test_calls_of_a_plugin_are_grouped_and_held_against_the_function() -> None:
    lines = ["a f32\t1\t2\t4\t4", "a f32\t2\t8\t4\t8", "a f32\t1\t3\t4\t6"]
    table = plugin_costs.calls(plugin_costs.grouped(lines)).splitlines()
    cells = [cell.strip() for cell in table[2].split("|")][1:-1]
    assert cells == [
        *("a f32", "1.0 (1.0–2.0)", "3.0 (2.0–8.0)", "3.00 (2.00–4.00)"),  # noqa: RUF001
        *("4.0 (4.0–4.0)", "6.0 (4.0–8.0)", "1.50 (1.00–2.00)"),  # noqa: RUF001
    ]


def test_every_part_has_a_program_and_is_told_what_was_chosen() -> None:
    options = argparse.Namespace(
        network=["lenet"], shapes=["odd"], size=16, threads=3, command="here", folder=None
    )
    bench = Path(timing.__file__).parent
    for name, (program, rounds, _, heading) in all_benchmarks.PARTS.items():
        assert (bench / name).exists()
        assert (bench / program).exists()
        assert rounds > 0
        assert heading.startswith("## ")
    assert all_benchmarks.chosen("training", options) == ["--network", "lenet"]
    assert all_benchmarks.chosen("compare", options) == ["--size", "16"]
    assert all_benchmarks.chosen("conv", options) == ["--only", "odd"]
    assert all_benchmarks.settings("plugin", options) == ["--command", "here"]
    assert all_benchmarks.settings("training", options) == ["--threads", "3"]


def test_a_profile_counts_for_its_innermost_purpose() -> None:
    # As perf prints it: the innermost function first, addresses and libraries beside them.
    script = (
        "cnn-verify 7\n"
        "\t 55 product_any_f32_avx512 (/x/cnn-verify)\n"
        "\t 56 $s14StandardLayers16ConvolutionLayerPAAE5bound (/x/cnn-verify)\n"
        "\t 57 $s14StandardLayers16ConvolutionLayerPAAE8backward (/x/cnn-verify)\n"
        "\ncnn-verify 7\n\t 55 memcpy (/lib/libc.so.6)\n\t 56 nobody (/x/cnn-verify)\n"
        "\ncnn-verify 8\n\t 55 do_lookup_x (/lib/ld-linux-x86-64.so.2)\n"
        "\ncnn-verify 8\n\t 55 write (/lib/libc.so.6)\n"
        "\t 56 $s8HDF5File13CatalogueWalkV5visit (/x/cnn-verify)\n"
    )
    product, copy, loading, listing = found = profile_check.samples(script)
    readers = profile_check.confined(found)
    assert readers == {listing.process}
    assert profile_check.purpose(product, readers) == "bounds of rounding errors"
    assert profile_check.work(product) == "multiply-adds of products and convolutions"
    assert profile_check.purpose(copy, readers) == profile_check.REST
    assert profile_check.work(copy) == "copies and fills of libc"
    assert profile_check.purpose(loading, readers) == profile_check.CONFINED
    assert profile_check.purpose(listing, readers) == profile_check.CONFINED
    table = profile_check.shares(["a", profile_check.REST, "a", "b"], "for what")
    assert [row.split("|")[2].strip() for row in table.splitlines()[2:]] == [
        *("50.0 %", "25.0 %", "25.0 %"),
    ]
    assert table.splitlines()[-1].startswith("| the rest")
