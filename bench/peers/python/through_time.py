"""Backpropagation through time by autograd: truncated on one area, and over whole sequences of an R-JEPA."""

import torch

from waves import Work, checksum, wave
from online import SAMPLES, mingru_params


def tbptt(n, batch, window):
    """One area of n units with n inputs; the record is transposed, and the state detached, every `window` steps."""
    params = [p.requires_grad_() for p in mingru_params(n, n)]
    Wz, bz, Wg, bg = params
    inputs = [wave(batch, n, seed=10 + k) for k in range(SAMPLES)]
    h, at, losses = torch.zeros(batch, n), 0, []

    def run():
        nonlocal h, at, losses
        total, losses = 0, []
        for _ in range(window):
            x = inputs[at % SAMPLES]
            z = torch.sigmoid(torch.addmm(bz, x, Wz.T))
            g = torch.tanh(torch.addmm(bg, x, Wg.T))
            h = (1 - z) * h + z * g
            loss = 0.5 * (h * h).sum()
            losses.append(loss.item())
            total = total + loss
            at += 1
        total.backward()
        h = h.detach()

    def check():
        run()
        return [checksum(torch.tensor(losses)), *(checksum(p.grad) for p in params)]

    return Work(run, check, steps=window)


AREAS = [(8, (3, 16, 16)), (12, (8, 8, 8)), (16, (12, 4, 4)), (32, (16, 2, 2)), (32, (32,)), (32, (32,))]
STATES = [(8, 8, 8), (12, 4, 4), (16, 2, 2), (32,), (32,), (32,)]
GATES = {"wcc": 0, "whc": 0, "whh": 0, "wch": 0, "gcc": 2, "ghc": -2, "ghh": 2, "gch": -2}
EMBEDDING, DECAY = 16, 1e-4


def jepa_params():
    """Leaf by leaf in the order of the library's tree: the areas bottom to top, then the readout."""
    leaves = []

    def leaf(*shape, scale, offset=0.0):
        leaves.append(wave(*shape, seed=len(leaves) + 1, scale=scale, offset=offset).requires_grad_())
        return leaves[-1]

    areas = []
    for units, below in AREAS:
        kernel = (units, below[0], 3, 3) if units < 32 else (units, *below)
        fan = 1
        for k in kernel[1:]:
            fan *= k
        area = {}
        for name in ("h", "c"):
            area["K" + name] = leaf(*kernel, scale=1.2 * fan**-0.5)
            area["b" + name] = leaf(units, scale=0.1)
        for name, offset in GATES.items():
            area[name] = leaf(units, scale=0.1, offset=offset)
        areas.append(area)
    d = EMBEDDING
    shapes = {"Wh": (d, 32), "WG": (d, d), "bG": (d,)}
    scales = {"Wh": 32**-0.5, "WG": d**-0.5, "bG": 0.1}
    readout = {name: leaf(*shape, scale=scales[name]) for name, shape in shapes.items()}
    return areas, readout, leaves


def advance(area, spatial, h, c, x):
    """The reciprocal gated circuit: both gates read the previous states, and a gate is 1 - sigmoid."""
    if spatial:
        gate = lambda v, w, g: torch.sigmoid(-(area[w][:, None, None] * v + area[g][:, None, None]))
        uh = torch.conv2d(x, area["Kh"], area["bh"], stride=2, padding=1)
        uc = torch.conv2d(x, area["Kc"], area["bc"], stride=2, padding=1)
    else:
        gate = lambda v, w, g: torch.sigmoid(-(area[w] * v + area[g]))
        flat = x.flatten(1)
        uh = torch.addmm(area["bh"], flat, area["Kh"].flatten(1).T)
        uc = torch.addmm(area["bc"], flat, area["Kc"].flatten(1).T)
    new_c = torch.tanh(gate(c, "wcc", "gcc") * c + gate(h, "whc", "ghc") * uc)
    new_h = torch.tanh(gate(h, "whh", "ghh") * h + gate(c, "wch", "gch") * uh)
    return new_h, new_c


def jepa(steps):
    """R-JEPA nano-v1, one stream, sequences of `steps` fixations from zero states."""
    areas, readout, leaves = jepa_params()
    patches = [wave(1, 3, 16, 16, seed=100 + t) for t in range(steps)]
    mean, scale = wave(32, seed=300, scale=0.1), wave(32, seed=301, scale=0.2, offset=1.5)
    decayed = [readout["WG"], readout["Wh"]] + [area[k] for area in areas for k in ("Kh", "Kc")]
    share = 1 / (steps - 1)

    def sequence():
        states = [(torch.zeros(1, *s), torch.zeros(1, *s)) for s in STATES]
        losses, embedded = [], None
        for t in range(steps):
            x, loss = patches[t], 0
            for b, area in enumerate(areas):
                states[b] = advance(area, b < 3, *states[b], x)
                x = states[b][0]
            h = ((x - mean) * scale) @ readout["Wh"].T
            if t > 0:
                predicted = torch.addmm(readout["bG"], embedded, readout["WG"].T)
                loss = loss + ((predicted - h.detach()) ** 2).sum() * (share / EMBEDDING)
                loss = loss + decay_of(t)
            embedded = h
            losses.append(loss)
        return losses

    def decay_of(t):
        # the weights are the same in all steps: their decay is computed once, at the end
        return sum((W * W).sum() for W in decayed) * DECAY if t == steps - 1 else 0

    def run():
        losses = sequence()
        total = sum(losses[1:], losses[0])
        total.item()
        return total, torch.autograd.grad(total, leaves)

    def check():
        total, gradient = run()
        return [checksum(total), *(checksum(g) for g in gradient)]

    return Work(run, check, steps=steps)


works = {"tbptt": tbptt, "rjepa": jepa}
