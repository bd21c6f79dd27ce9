"""Exact gradients forward in time, written by hand on tensors: what a user of torch would write."""

import torch

from waves import Work, checksum, wave

CHECKED = 5  # steps whose numbers are compared
SAMPLES = 16  # inputs that take turns


def mingru_params(n, m):
    scale = m**-0.5
    return (
        wave(n, m, seed=1, scale=scale),
        wave(n, seed=2, scale=0.1),
        wave(n, m, seed=3, scale=scale),
        wave(n, seed=4, scale=0.1),
    )


class Stream:
    """Steps on inputs that take turns; the checksums are of losses and gradients of the first steps."""

    def __init__(self, m, step, gradients):
        self.inputs = [wave(m, seed=10 + k) for k in range(SAMPLES)]
        self.at = 0
        self.step, self.gradients = step, gradients

    def run(self):
        loss = self.step(self.inputs[self.at % SAMPLES])
        self.at += 1
        return loss

    def check(self):
        losses = torch.tensor([self.run() for _ in range(CHECKED)])
        return [checksum(losses), *(checksum(g) for g in self.gradients())]


def online(n, m):
    """Out of place, as equations are written."""
    Wz, bz, Wg, bg = mingru_params(n, m)
    h = torch.zeros(n)
    Sz, Sg, Tz, Tg = torch.zeros(n, m), torch.zeros(n, m), torch.zeros(n), torch.zeros(n)
    Gz, Gg, gz, gg = torch.zeros(n, m), torch.zeros(n, m), torch.zeros(n), torch.zeros(n)

    def step(x):
        nonlocal h, Sz, Sg, Tz, Tg, Gz, Gg, gz, gg
        z = torch.sigmoid(Wz @ x + bz)
        g = torch.tanh(Wg @ x + bg)
        a = 1 - z
        dz = (g - h) * z * (1 - z)
        dg = z * (1 - g * g)
        h = a * h + z * g
        Sz = a[:, None] * Sz + torch.outer(dz, x)
        Sg = a[:, None] * Sg + torch.outer(dg, x)
        Tz = a * Tz + dz
        Tg = a * Tg + dg
        Gz = Gz + h[:, None] * Sz
        Gg = Gg + h[:, None] * Sg
        gz = gz + h * Tz
        gg = gg + h * Tg
        return (0.5 * (h * h).sum()).item()

    stream = Stream(m, step, lambda: (Gz, gz, Gg, gg))
    return Work(stream.run, stream.check)


def online_in_place(n, m):
    """No allocation in a step: in-place ops and out=."""
    Wz, bz, Wg, bg = mingru_params(n, m)
    h = torch.zeros(n)
    Sz, Sg, Tz, Tg = torch.zeros(n, m), torch.zeros(n, m), torch.zeros(n), torch.zeros(n)
    Gz, Gg, gz, gg = torch.zeros(n, m), torch.zeros(n, m), torch.zeros(n), torch.zeros(n)
    z, g, a, dz, dg, t = (torch.zeros(n) for _ in range(6))
    one, loss = torch.ones(n), torch.zeros(())
    columns, rows = a[:, None], h[:, None]

    def step(x):
        torch.addmv(bz, Wz, x, out=z).sigmoid_()
        torch.addmv(bg, Wg, x, out=g).tanh_()
        torch.sub(one, z, out=a)
        torch.sub(g, h, out=dz).mul_(z).mul_(a)
        torch.mul(g, g, out=dg).neg_().add_(1).mul_(z)
        torch.mul(z, g, out=t)
        h.mul_(a).add_(t)
        Sz.mul_(columns).addr_(dz, x)
        Sg.mul_(columns).addr_(dg, x)
        Tz.mul_(a).add_(dz)
        Tg.mul_(a).add_(dg)
        Gz.addcmul_(rows, Sz)
        Gg.addcmul_(rows, Sg)
        gz.addcmul_(h, Tz)
        gg.addcmul_(h, Tg)
        torch.dot(h, h, out=loss)
        return 0.5 * loss.item()

    stream = Stream(m, step, lambda: (Gz, gz, Gg, gg))
    return Work(stream.run, stream.check)


def rtrl(n, m):
    """Every state by every parameter of a vanilla network, dense: W, U and b side by side."""
    W = wave(n, m, seed=1, scale=m**-0.5)
    U = wave(n, n, seed=2, scale=n**-0.5)
    b = wave(n, seed=3, scale=0.1)
    h = torch.zeros(n)
    p = n * m + n * n + n
    M, G = torch.zeros(n, p), torch.zeros(p)
    units = torch.arange(n)

    def step(x):
        nonlocal h, M, G
        old = h
        h = torch.tanh(W @ x + U @ old + b)
        d = 1 - h * h
        M = (d[:, None] * U) @ M
        M[:, : n * m].view(n, n, m)[units, units] += torch.outer(d, x)
        M[:, n * m : n * (m + n)].view(n, n, n)[units, units] += torch.outer(d, old)
        M[:, n * (m + n) :].diagonal().add_(d)
        G = G + h @ M
        return (0.5 * (h * h).sum()).item()

    def gradients():
        return G[: n * m], G[n * m : n * (m + n)], G[n * (m + n) :]

    stream = Stream(m, step, gradients)
    return Work(stream.run, stream.check)


works = {"online": online, "online, in place": online_in_place, "rtrl": rtrl}
