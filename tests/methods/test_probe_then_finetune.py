"""Probe, then finetune: two stages, the first of the head alone."""

from __future__ import annotations

from dataclasses import replace

import torch
from support.recorder import Recorder, inputs, seconds

from w2s_bench.contract import requests
from w2s_bench.method import load_method
from w2s_bench.train.student_handle import StudentHandle


def test_the_two_stages() -> None:
    student = Recorder()
    load_method("probe-then-finetune", {"head_epochs": 3, "epochs": 2}).learn(student, inputs(seconds(0.4)))
    first, second = student.fits
    assert first["head_only"] and first["epochs"] == 3
    assert not second["fresh"] and second["epochs"] == 2 and not second.get("head_only", False)


def test_the_first_stage_moves_the_head_alone_and_the_second_goes_on_from_it() -> None:
    torch.set_num_threads(1)
    request = replace(requests.request("nlp", "naive"))
    student = StudentHandle(request, load_method("probe-then-finetune"))
    before = {n: p.detach().clone() for n, p in student.model.named_parameters()}
    head = set(map(id, student.model.head_parameters()))
    student.fit(student.inputs.weak, head_only=True, epochs=1)
    for name, p in student.model.named_parameters():
        assert torch.equal(p, before[name]) == (id(p) not in head), name
    model = student.model
    student.fit(student.inputs.weak, fresh=False)
    assert student.model is model
    assert all(not torch.equal(p, before[n]) for n, p in model.named_parameters() if id(p) in head)
