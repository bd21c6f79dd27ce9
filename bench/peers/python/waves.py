"""Numbers that every competitor makes for itself, the same ones: see ../wave.mjs."""

import torch


def wave(*shape, seed, scale=1.0, offset=0.0, rise=0.0):
    size = 1
    for n in shape:
        size *= n
    i = torch.arange(size, dtype=torch.float64)
    values = offset + scale * torch.sin(0.1 + i * (0.73 + 0.19 * seed + rise * i))
    return values.to(torch.float32).reshape(shape)


def chirp(*shape, **options):
    return wave(*shape, rise=0.37, **options)


def checksum(values):
    flat = values.detach().contiguous().reshape(-1).to(torch.float64)
    i = torch.arange(flat.numel())
    weights = ((i * i & 0xFFFFFFFF) * 2654435761 & 0xFFFFFFFF).to(torch.float64) / 2**31 - 1
    return [(flat * weights).sum().item(), flat.abs().sum().item()]


class Work:
    """A work that is ready to run: one repetition of `steps` steps, and the checksums of the first ones."""

    def __init__(self, run, check, steps=1):
        self.run, self.check, self.steps = run, check, steps
