"""Products of matrices, convolutions and small ops."""

import torch
import torch.nn.functional as F

from waves import Work, checksum, wave


def computing(compute):
    return Work(compute, lambda: [checksum(t) for t in compute()])


def matmul(n):
    a, b = wave(n, n, seed=1), wave(n, n, seed=2)
    return computing(lambda: (a @ b,))


def add(n):
    a, b = wave(n, seed=1), wave(n, seed=2)
    return computing(lambda: (a + b,))


def conv(layout):
    def prepare(batch, channels, outputs, side):
        x = wave(batch, channels, side, side, seed=1).to(memory_format=layout)
        k = wave(outputs, channels, 3, 3, seed=2).to(memory_format=layout)

        def compute():
            with torch.no_grad():
                return (F.conv2d(x, k, padding=1),)

        return computing(compute)

    return prepare


def mlp(batch, inputs, hidden, classes):
    x = wave(batch, inputs, seed=1)
    target = torch.arange(batch) % classes
    params = [
        wave(hidden, inputs, seed=2, scale=inputs**-0.5),
        wave(hidden, seed=3, scale=0.1),
        wave(classes, hidden, seed=4, scale=hidden**-0.5),
        wave(classes, seed=5, scale=0.1),
    ]
    for p in params:
        p.requires_grad_()
    W, b, V, c = params

    def compute():
        loss = F.cross_entropy(F.linear(F.relu(F.linear(x, W, b)), V, c), target)
        return (loss, *torch.autograd.grad(loss, params))

    return computing(compute)


works = {
    "matmul": matmul,
    "add": add,
    "conv": conv(torch.channels_last),
    "conv, channels first": conv(torch.contiguous_format),
    "mlp": mlp,
}
