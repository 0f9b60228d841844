"""The best that numpy and SciPy do with many cells at once; three ways each for walls and channels.
Arrays are [node][cell], so that every call works on all cells; one thread."""
import json
import sys

import numpy as np
from problem import SIGMA, channel_error, median_time, read_problem, say, wall_error_m
from scipy.linalg import expm
from scipy.linalg.lapack import dgtsv

p = read_problem()
with open(sys.argv[2]) as file:
    reference = json.load(file)
ledge_reference = np.array(reference["ledge_m"])
mass_reference = np.array(reference["mass_kg"])
HEAT = p.ledge["density"] * p.ledge["heat"]
K = p.ledge["conductivity"]
capacity, conductance, outer_G, joint_R = p.lining()
LINING, LEDGE = len(capacity), p.ledge["nodes"]
SIZE = LINING + LEDGE


class Walls:
    """Walls of `cells` cells, bath level first."""

    def __init__(self, cells):
        self.cells = cells
        parts = [p.steady(height) for height in (0, 1)]
        self.T = np.concatenate([np.repeat(t[:, None], cells, 1) for t, _, _ in parts], axis=1)
        self.s = np.concatenate([np.full(cells, s) for _, s, _ in parts])
        self.shell = np.concatenate([np.full(cells, a) for _, _, a in parts])
        self.transfer = np.repeat(p.transfer, cells)
        self.v = np.zeros(2 * cells)
        self.F = np.zeros((SIZE + 1, 2 * cells))
        self.C = np.zeros((LEDGE + 1, 2 * cells))
        self.G = conductance[:, None]
        self.perC = p.dt / capacity[:, None]
        self.face = (HEAT * np.arange(1, LEDGE) / LEDGE / 2)[:, None]
        self.D = np.zeros((SIZE, 2 * cells))

    def ends(self):
        return [self.s[0], self.s[self.cells]]

    def outside(self):
        a = self.shell
        radiated = p.emissivity * SIGMA * (a**4 - p.ambient**4)
        slope = outer_G + p.outside + 4 * p.emissivity * SIGMA * a**3
        self.shell = a + (outer_G * (self.T[0] - a) - p.outside * (a - p.ambient) - radiated) / slope
        return outer_G * (self.T[0] - self.shell)

    def explicit(self, superheat, half_steps):
        """Method of lines, Euler; the thin steel takes two steps where one is unstable."""
        T, F = self.T, self.F
        g = K * LEDGE / self.s
        np.subtract(T[1:], T[:-1], out=F[1:-1])
        F[LINING + 1 : -1] *= g
        F[LINING] /= joint_R + 0.5 / g
        F[-1] = g * (8 * p.liquidus - 9 * T[-1] + T[-2]) / 3
        v = (F[-1] - self.transfer * superheat) / p.latent
        np.maximum(v, (p.ledge["least"] - self.s) / p.dt, out=v)
        C = self.C
        np.add(T[LINING + 1 :], T[LINING:-1], out=C[1:-1])
        C[1:-1] *= self.face
        C[1:-1] *= v
        C[0] = 0.0
        C[-1] = HEAT * p.liquidus * v
        C += F[LINING:]
        grown = self.s + p.dt * v
        D = self.D[LINING:]
        np.subtract(C[1:], C[:-1], out=D)
        D *= p.dt * LEDGE / HEAT / grown
        T[LINING:] *= self.s / grown
        T[LINING:] += D
        self.s = grown
        inner = F[LINING].copy()
        for _ in range(half_steps):
            F[LINING] = inner
            np.subtract(T[1:LINING], T[: LINING - 1], out=F[1:LINING])
            F[1:LINING] *= self.G
            F[0] = self.outside()
            D = self.D[:LINING]
            np.subtract(F[1 : LINING + 1], F[:LINING], out=D)
            D *= self.perC / half_steps
            T[:LINING] += D

    def matrix(self, superheat):
        """Implicit system: lower, diagonal, upper, right hand side, [node][wall]."""
        T, s = self.T, self.s
        middle = s + 0.5 * p.dt * self.v
        g = K * LEDGE / middle
        walls = len(s)
        G = np.empty((SIZE - 1, walls))
        G[: LINING - 1] = self.G
        G[LINING - 1] = 1 / (joint_R + 0.5 / g)
        G[LINING:] = g
        sweep = self.face * self.v
        a = self.shell
        slope = p.outside + 4 * p.emissivity * SIGMA * a**3
        source = p.outside * p.ambient + 4 * p.emissivity * SIGMA * a**4
        source -= p.emissivity * SIGMA * (a**4 - p.ambient**4)
        share = outer_G / (outer_G + slope)
        lower = np.zeros((SIZE, walls))
        upper = np.zeros((SIZE, walls))
        diagonal = np.empty((SIZE, walls))
        right = np.empty((SIZE, walls))
        rate = 1 / self.perC
        own = HEAT / p.dt / LEDGE
        diagonal[:LINING] = rate
        diagonal[LINING:] = own * (s + p.dt * self.v)
        np.multiply(T[:LINING], rate, out=right[:LINING])
        np.multiply(T[LINING:], own * s, out=right[LINING:])
        diagonal[:-1] += G
        diagonal[1:] += G
        np.negative(G, out=upper[:-1])
        np.negative(G, out=lower[1:])
        diagonal[LINING:-1] -= sweep
        upper[LINING:-1] -= sweep
        diagonal[LINING + 1 :] += sweep
        lower[LINING + 1 :] += sweep
        diagonal[0] += share * slope
        right[0] += share * source
        diagonal[-1] += 3 * g
        lower[-1] -= g / 3
        diagonal[-1] += 0
        right[-1] += (8 / 3 * g + HEAT * self.v) * p.liquidus
        self.robin = (source, slope)
        return lower, diagonal, upper, right, g

    def moved(self, g, superheat):
        T = self.T
        source, slope = self.robin
        self.shell = (outer_G * T[0] + source) / (outer_G + slope)
        conducted = g * (8 * p.liquidus - 9 * T[-1] + T[-2]) / 3
        v = (conducted - self.transfer * superheat) / p.latent
        np.maximum(v, (p.ledge["least"] - self.s) / p.dt, out=v)
        self.s = self.s + p.dt * v
        self.v = v

    def thomas(self, superheat):
        """Elimination node by node, all walls at once."""
        lower, diagonal, upper, right, g = self.matrix(superheat)
        for i in range(1, SIZE):
            factor = lower[i] / diagonal[i - 1]
            diagonal[i] -= factor * upper[i - 1]
            right[i] -= factor * right[i - 1]
        T = self.T
        T[-1] = right[-1] / diagonal[-1]
        for i in range(SIZE - 2, -1, -1):
            np.multiply(upper[i], T[i + 1], out=T[i])
            np.subtract(right[i], T[i], out=T[i])
            T[i] /= diagonal[i]
        self.moved(g, superheat)

    def lapack(self, superheat):
        """All walls as one tridiagonal system."""
        lower, diagonal, upper, right, g = self.matrix(superheat)
        *_, x, info = dgtsv(
            lower.T.reshape(-1)[1:], diagonal.T.reshape(-1), upper.T.reshape(-1)[:-1],
            right.T.reshape(-1), 1, 1, 1, 1,
        )
        assert info == 0
        self.T = np.ascontiguousarray(x.reshape(-1, SIZE).T)
        self.moved(g, superheat)


class Channels:
    """Rings of `cells` cells: dissolved and undissolved [node along the ring][cell]."""

    def __init__(self, cells):
        c = p.channel
        self.n = n = c["nodes"]
        self.ring = ring = 2 * n
        self.cells = cells
        self.both = np.empty((ring, 2 * cells))  # dissolved, then undissolved
        self.both[:, :cells] = c["start_kg"] / ring
        self.both[:, cells:] = c["start_solid_kg"] / ring
        step = c["length"] / n
        peclet = c["speed"] * step / c["diffusion"]
        bernoulli = peclet / np.expm1(peclet)
        self.ahead = p.dt * c["diffusion"] / step**2 * (bernoulli + peclet)
        self.behind = p.dt * c["diffusion"] / step**2 * bernoulli
        self.mix = (1 - np.exp(-2 * c["exchange"] * p.dt)) / 2
        weights = p.feeder_weights(n)
        self.feed = [np.nonzero(w)[0] for w in weights]
        self.shares = [w[i] for w, i in zip(weights, self.feed)]
        row = p.overlap(n)
        self.use = (np.concatenate([row, row[::-1]]) * c["use_kg_s"] * p.dt)[:, None]
        leaving = 1 + (c["dissolution"] + c["settling"]) * p.dt
        self.melting = c["dissolution"] * p.dt / leaving
        self.sinking = c["settling"] * p.dt / leaving
        self.full = c["saturation"] * c["bath"] / ring
        self.perBand = ring / (c["band"] * c["bath"])
        A = np.zeros((ring, ring))
        for i in range(ring):
            A[i, i] -= self.ahead + self.behind
            A[(i + 1) % ring, i] += self.ahead
            A[(i - 1) % ring, i] += self.behind
            A[i, i] -= c["exchange"] * p.dt
            A[ring - 1 - i, i] += c["exchange"] * p.dt
        self.propagator = expm(A)
        wave = 2 * np.pi * np.fft.rfftfreq(ring)
        symbol = self.ahead * (np.exp(-1j * wave) - 1) + self.behind * (np.exp(1j * wave) - 1)
        self.symbol = np.exp(symbol)[:, None]
        self.buffer = np.empty_like(self.both)
        self.flux = np.empty((ring + 1, 2 * cells))
        self.work = np.empty((ring, cells))

    def react(self, shots):
        c, cells = p.channel, self.cells
        dissolved, solid = self.both[:, :cells], self.both[:, cells:]
        for kg, nodes, shares in zip(shots, self.feed, self.shares):
            if kg > 0:
                for k, share in zip(nodes, shares):
                    for i in (k, self.ring - 1 - k):
                        dissolved[i] += c["prompt"] * share * kg
                        solid[i] += (1 - c["prompt"]) * share * kg
        dissolved -= self.use
        melted = np.subtract(self.full, dissolved, out=self.work)
        melted *= self.perBand
        np.clip(melted, 0, 1, out=melted)
        melted *= self.melting
        melted *= solid
        dissolved += melted
        np.maximum(dissolved, 0, out=dissolved)
        solid *= 1 - self.sinking
        solid -= melted

    def exchange(self):
        both = self.both
        change = np.subtract(both, both[::-1], out=self.buffer)
        change *= self.mix
        both -= change

    def dense(self, shots):
        """Transport and exchange as one matrix: exact in time, one BLAS call."""
        self.react(shots)
        np.matmul(self.propagator, self.both, out=self.buffer)
        self.both, self.buffer = self.buffer, self.both

    def fourier(self, shots):
        self.react(shots)
        self.both = np.fft.irfft(np.fft.rfft(self.both, axis=0) * self.symbol, self.ring, axis=0)
        self.exchange()

    def explicit(self, shots, substeps=2):
        self.react(shots)
        both, flux = self.both, self.flux
        for _ in range(substeps):
            np.multiply(both, self.ahead / substeps, out=flux[1:])
            flux[0] = flux[-1]
            back = np.multiply(both, self.behind / substeps, out=self.buffer)
            flux[1:-1] -= back[1:]
            flux[0] -= back[0]
            flux[-1] = flux[0]
            both -= flux[1:]
            both += flux[:-1]
        self.exchange()

    def mass(self):
        one = self.both[:, 0]
        return np.concatenate([one[: self.n], one[self.n :][::-1]])


def best(kind, make, ways, inputs, error, ours):
    results = []
    for name, advance in ways:
        one = make(1)
        for given in inputs:
            advance(one, given)
        worst = error(one)
        for cells in (32, 128, 512):
            many = make(cells)
            count = 60 if cells < 512 else 30

            def run():
                for given in inputs[:count]:
                    advance(many, given)

            run()
            us = 1e6 * median_time(run, 1.5) / count / cells / p.dt
            results.append({"part": kind, "way": name, "cells": cells, "us": us, "error": worst})
        say(f"  scipy {kind}, {name}: error {worst:.3g} (ours {ours:.3g}), "
            f"{min(r['us'] for r in results if r['way'] == name):.2f} us per cell-second")
    return results


results = best(
    "walls", Walls,
    [("method of lines, Euler", lambda w, s: w.explicit(s, 2)),
     ("elimination over nodes", lambda w, s: w.thomas(s)),
     ("LAPACK gtsv", lambda w, s: w.lapack(s))],
    list(p.superheat), lambda w: wall_error_m(p, w.ends(), ledge_reference),
    reference["ours_wall_m"],
)
results += best(
    "channels", Channels,
    [("dense propagator, BLAS", lambda c, f: c.dense(f)),
     ("Fourier", lambda c, f: c.fourier(f)),
     ("explicit, 2 substeps", lambda c, f: c.explicit(f))],
    list(p.feed), lambda c: channel_error(p, c.mass(), mass_reference),
    reference["ours_channel"],
)
print(json.dumps({"results": results}))
