"""torch as a competitor; ../serve.mjs says how it is asked."""

import json
import os
import sys
import time
import traceback

import online
import products
import through_time
import torch

WORKS = {**products.works, **online.works, **through_time.works}
torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
prepared = {}


def answer(request):
    if request.get("forget"):
        prepared.clear()
        return {}
    if request.get("versions"):
        return {"torch": torch.__version__}
    name, sizes, repetitions = request["work"], request["sizes"], request["repetitions"]
    if name not in WORKS:
        return {"missing": f'it has no work "{name}"'}
    key = (name, *sizes)
    if repetitions == 0:
        prepared[key] = WORKS[name](*sizes)
        return {"check": prepared[key].check()}
    work = prepared[key]
    run = work.run
    if repetitions > 1:
        run()
    start = time.perf_counter()
    for _ in range(repetitions):
        run()
    return {"ms": (time.perf_counter() - start) * 1000 / repetitions / work.steps}


for line in sys.stdin:
    try:
        found = answer(json.loads(line))
    except Exception:
        found = {"error": traceback.format_exc()}
    print(json.dumps(found), flush=True)
