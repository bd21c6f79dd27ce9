"""Backpropagation through time by autograd: truncated on one area, and over whole sequences of an R-JEPA."""

import torch

from waves import Work, checksum, chirp, wave
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


NANO_V1 = [(8, (3, 16, 16)), (12, (8, 8, 8)), (16, (12, 4, 4)), (32, (16, 2, 2)), (32, (32,)), (32, (32,))]
TINY = [(8, (15, 32, 32)), (16, (8, 16, 16)), (32, (16, 8, 8)), (64, (32, 4, 4)), (64, (64,)), (64, (64,))]
STAGES = 3
GATES = ("wcc", "whc", "whh", "wch", "gcc", "ghc", "ghh", "gch")
DECAY = 1e-4


def state_shape(units, below, stage):
    return (units, below[1] // 2, below[2] // 2) if stage else (units,)


def jepa_params(layers, d, predicting, numbers, offsets={}, bent=False):
    """Leaf by leaf in the order of the library's tree: the areas bottom to top, then the readout of each that predicts."""
    leaves = []

    def leaf(*shape, scale, offset=0.0):
        leaves.append(numbers(*shape, seed=len(leaves) + 1, scale=scale, offset=offset).requires_grad_())
        return leaves[-1]

    def matrix(*shape, gain=1.0):
        fan = 1
        for k in shape[1:]:
            fan *= k
        return leaf(*shape, scale=gain * fan**-0.5)

    areas = []
    for a, (units, below) in enumerate(layers):
        kernel = (units, below[0], 3, 3) if a < STAGES else (units, *below)
        area = {}
        for name in ("h", "c"):
            area["K" + name] = matrix(*kernel, gain=1.2)
            area["b" + name] = leaf(units, scale=0.1)
        for name in GATES:
            area[name] = leaf(units, scale=0.1, offset=offsets.get(name, 0))
        areas.append(area)
    readouts = []
    for a in predicting:
        outputs = 1
        for n in state_shape(*layers[a], a < STAGES):
            outputs *= n
        readout = {"Wh": matrix(d, outputs), "WG": matrix(d, d), "bG": leaf(d, scale=0.1)}
        if bent and a == len(layers) - 1:
            readout |= {"Wb": matrix(d, 4 * d), "Wa": matrix(d, 4)}
        readouts.append(readout)
    return areas, readouts, leaves


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


def zero_states(layers, batch):
    shapes = [state_shape(units, below, a < STAGES) for a, (units, below) in enumerate(layers)]
    return [(torch.zeros(batch, *shape), torch.zeros(batch, *shape)) for shape in shapes]


def decay_of(areas, readouts):
    """The weights are the same in all steps: their decay is computed once for a sequence."""
    decayed = [area[k] for area in areas for k in ("Kh", "Kc")]
    decayed += [W for readout in readouts for name, W in readout.items() if name != "bG"]
    return sum((W * W).sum() for W in decayed) * DECAY


def sequences(sequence, leaves, steps):
    """A repetition is the loss and the gradient of one sequence."""

    def run():
        total = sequence()
        total.item()
        return total, torch.autograd.grad(total, leaves)

    def check():
        total, gradient = run()
        return [checksum(total), *(checksum(g) for g in gradient)]

    return Work(run, check, steps=steps)


def top(steps):
    """R-JEPA nano-v1, one stream, sequences of `steps` fixations from zero states; the top area predicts."""
    d, offsets = 16, {"gcc": 2, "ghc": -2, "ghh": 2, "gch": -2}
    areas, [readout], leaves = jepa_params(NANO_V1, d, [5], wave, offsets)
    patches = [wave(1, 3, 16, 16, seed=100 + t) for t in range(steps)]
    mean, scale = wave(32, seed=300, scale=0.1), wave(32, seed=301, scale=0.2, offset=1.5)

    def sequence():
        states = zero_states(NANO_V1, 1)
        loss, embedded = 0, None
        for t in range(steps):
            x = patches[t]
            for b, area in enumerate(areas):
                states[b] = advance(area, b < STAGES, *states[b], x)
                x = states[b][0]
            h = ((x - mean) * scale) @ readout["Wh"].T
            if t > 0:
                predicted = torch.addmm(readout["bG"], embedded, readout["WG"].T)
                loss = loss + ((predicted - h.detach()) ** 2).sum() / (d * (steps - 1))
            embedded = h
        return loss + decay_of(areas, [readout])

    return sequences(sequence, leaves, steps)


def features_of(saccade):
    length = (saccade * saccade).sum(1, keepdim=True).sqrt()
    return torch.cat([5 * saccade, torch.exp(-10 * length), torch.exp(-length / 0.3)], 1)


def everywhere(steps, batch):
    """R-JEPA tiny: every area predicts the next patch alone, the top one told the saccade; several streams have the mean of a batch."""
    d, top = 32, len(TINY) - 1
    areas, readouts, leaves = jepa_params(TINY, d, range(len(TINY)), chirp, bent=True)
    patches = [chirp(batch, 15, 32, 32, seed=100 + t) for t in range(steps)]
    features = [features_of(wave(batch, 2, seed=200 + t, scale=0.2)) for t in range(steps)]

    def standardization(a, seed):
        n = readouts[a]["Wh"].shape[1]
        mean = wave(n, seed=seed, scale=0.1) if batch == 1 else None
        return mean, wave(n, seed=seed + 1, scale=0.2, offset=1.5)

    recurrent = [standardization(a, 300 + 4 * a) for a in range(len(TINY))]
    fresh = [standardization(a, 302 + 4 * a) for a in range(len(TINY))]

    def embed(r, Wh, standardized, dim=0):
        mean, scale = standardized
        return ((r - (r.mean(dim, keepdim=True) if mean is None else mean)) * scale) @ Wh.T

    @torch.no_grad()
    def targets():
        """Of the patches alone, all steps in one pass, [T, B, d] for each area."""
        x, found = torch.cat(patches), []
        for a, (area, (h, c)) in enumerate(zip(areas, zero_states(TINY, steps * batch))):
            x, _ = advance(area, a < STAGES, h, c, x)
            found.append(embed(x.reshape(steps, batch, -1), readouts[a]["Wh"], fresh[a], dim=1))
        return found

    def predict(a, h, f):
        readout = readouts[a]
        predicted = torch.addmm(readout["bG"], h, readout["WG"].T)
        if a < top:
            return predicted
        bent = (f[:, :, None] * h[:, None, :]).flatten(1)
        return predicted + bent @ readout["Wb"].T + f @ readout["Wa"].T

    def sequence():
        states, wanted = zero_states(TINY, batch), targets()
        loss, embedded = 0, [None] * len(TINY)
        for t in range(steps):
            x = patches[t]
            for a, area in enumerate(areas):
                if t > 0:
                    error = predict(a, embedded[a], features[t]) - wanted[a][t]
                    loss = loss + (error * error).sum() / (batch * d * (steps - 1))
                states[a] = advance(area, a < STAGES, *states[a], x)
                x = states[a][0].detach()
                if t < steps - 1:
                    embedded[a] = embed(states[a][0].flatten(1), readouts[a]["Wh"], recurrent[a])
        return loss + decay_of(areas, readouts)

    return sequences(sequence, leaves, steps)


works = {"tbptt": tbptt, "rjepa": top, "rjepa areas": everywhere}
