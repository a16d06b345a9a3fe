import subprocess
import sys
from pathlib import Path

import machine
import pytest
import timing
import verify_networks
from all_benchmarks import page, section
from convolution_shapes import POINTWISE, RESNET18, SHAPES, flops
from kernel_times import report, together


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
