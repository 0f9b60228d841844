"""The problem that every peer solves, read from the bench: side walls with a moving front at two
heights and alumina in two channels, for one kind of cell, with inputs that change every second.
Also the fine reference, and what a solution's error is."""
import json
import sys
import time

import numpy as np

SIGMA = 5.670374419e-8


class Problem:
    def __init__(self, given):
        self.dt = given["dt_s"]
        self.steps = given["steps"]
        self.layers = given["layers"]
        self.ledge = given["ledge"]
        self.transfer = np.array(given["transfer_W_m2K"])  # [height]
        self.outside = given["outside_W_m2K"]
        self.emissivity = given["emissivity"]
        self.ambient = given["ambient_K"]
        self.liquidus = given["liquidus_K"]
        self.superheat = np.array(given["superheat_K"])  # [step], mean of the step
        self.start_superheat = given["start_superheat_K"]
        self.channel = given["channel"]
        self.feed = np.array(given["feed_kg"])  # [step][feeder]
        self.ours = given["ours"]
        self.latent = self.ledge["density"] * (
            self.ledge["fusion"]
            + (self.ledge["liquid_heat"] - self.ledge["heat"])
            * (self.liquidus - self.ledge["reference"])
        )

    def lining(self, finer=1):
        """Capacities, conductances between volumes, outer half conductance, joint resistance."""
        capacity, conductance, behind, outer = [], [], 0.0, 0.0
        for layer in self.layers:
            count = layer["nodes"] * finer
            width = layer["thickness"] / count
            half = width / (2 * layer["conductivity"])
            if not capacity:
                outer = 1 / half
            else:
                conductance.append(1 / (behind + half))
            for i in range(count):
                capacity.append(layer["density"] * layer["heat"] * width)
                if i > 0:
                    conductance.append(layer["conductivity"] / width)
            behind = half + layer["joint"]
        return np.array(capacity), np.array(conductance), outer, behind

    def steady(self, height, finer=1):
        """Node temperatures, ledge and shell under the start's superheat."""
        capacity, conductance, outer, joint = self.lining(finer)
        flux = self.transfer[height] * self.start_superheat
        shell = 700.0
        for _ in range(200):
            lost = self.outside * (shell - self.ambient)
            lost += self.emissivity * SIGMA * (shell**4 - self.ambient**4)
            slope = self.outside + 4 * self.emissivity * SIGMA * shell**3
            shell += (flux - lost) / slope
        temperature = [shell + flux / outer]
        for g in conductance:
            temperature.append(temperature[-1] + flux / g)
        face = temperature[-1] + flux * joint
        thickness = self.ledge["conductivity"] * (self.liquidus - face) / flux
        count = self.ledge["nodes"] * finer
        share = (np.arange(count) + 0.5) / count
        nodes = face + (self.liquidus - face) * share
        return np.concatenate([temperature, nodes]), thickness, shell

    def overlap(self, nodes):
        """Share of the cell's use that each node of a row bears."""
        step = self.channel["length"] / nodes
        use = np.zeros(nodes)
        for centre in self.channel["anodes"]:
            low = (centre - self.channel["anode_length"] / 2) / step
            high = (centre + self.channel["anode_length"] / 2) / step
            edges = np.arange(nodes)
            inside = np.clip(np.minimum(high, edges + 1) - np.maximum(low, edges), 0, None)
            use += inside / inside.sum()
        return use / use.sum() / 2

    def anode_means(self, mass):
        """Alumina share under each anode from the dissolved kg of the ring [A][B by position]."""
        nodes = len(mass) // 2
        step = self.channel["length"] / nodes
        means = []
        for row in (mass[:nodes], mass[nodes:]):
            for centre in self.channel["anodes"]:
                low = (centre - self.channel["anode_length"] / 2) / step
                high = (centre + self.channel["anode_length"] / 2) / step
                edges = np.arange(nodes)
                inside = np.clip(np.minimum(high, edges + 1) - np.maximum(low, edges), 0, None)
                means.append((inside * row).sum() / inside.sum())
        return np.array(means) * 2 * nodes / self.channel["bath"]

    def feeder_weights(self, nodes):
        """[feeder][node of a row]: two nodes each, half of the feed per row."""
        step = self.channel["length"] / nodes
        weights = np.zeros((len(self.channel["feeders"]), nodes))
        for f, place in enumerate(self.channel["feeders"]):
            x = min(max(place / step - 0.5, 0), nodes - 1)
            left = min(int(x), nodes - 2)
            weights[f, left] = 0.5 - (x - left) / 2
            weights[f, left + 1] = (x - left) / 2
        return weights


def read_problem():
    with open(sys.argv[1]) as file:
        return Problem(json.load(file))


def reference_walls(p, finer=6):
    """Ledge of both heights at the end: fine volumes, and steps by an adaptive stiff solver."""
    from scipy.integrate import solve_ivp
    from scipy.sparse import diags

    capacity, conductance, outer, joint = p.lining(finer)
    lining, count = len(capacity), p.ledge["nodes"] * finer
    heat = p.ledge["density"] * p.ledge["heat"]
    k = p.ledge["conductivity"]
    faces = np.arange(1, count) / count
    ends = []
    for height, transfer in enumerate(p.transfer):
        start, thickness, shell_start = p.steady(height, finer)
        shell = [shell_start]

        def rates(t, y):
            s = y[-1]
            width = s / count
            for _ in range(4):
                a = shell[0]
                radiated = p.emissivity * SIGMA * (a**4 - p.ambient**4)
                slope = outer + p.outside + 4 * p.emissivity * SIGMA * a**3
                shell[0] = a + (outer * (y[0] - a) - p.outside * (a - p.ambient) - radiated) / slope
            flux = np.empty(lining + count + 1)
            flux[0] = outer * (y[0] - shell[0])
            flux[1:lining] = conductance * (y[1:lining] - y[: lining - 1])
            flux[lining] = (y[lining] - y[lining - 1]) / (joint + width / (2 * k))
            flux[lining + 1 : -1] = k / width * (y[lining + 1 : -1] - y[lining:-2])
            # Third order at the front: parabola through the last two volumes and the liquidus.
            a, b = y[-2], y[-3]
            flux[-1] = k / width * (8 * p.liquidus - 9 * a + b) / 3
            step = min(int(t / p.dt), p.steps - 1)
            v = (flux[-1] - transfer * p.superheat[step]) / p.latent
            rate = np.empty_like(y)
            rate[:lining] = (flux[1 : lining + 1] - flux[:lining]) / capacity
            inner = y[lining:-1]
            face = np.empty(count + 1)
            face[1:-1] = 0.5 * (inner[1:] + inner[:-1])
            face[0], face[-1] = 0.0, p.liquidus
            carried = heat * v * np.concatenate([[0], faces, [1]]) * face
            whole = flux[lining + 1 :] - flux[lining:-1] + carried[1:] - carried[:-1]
            rate[lining:-1] = (whole - heat * v / count * inner) / (heat * width)
            rate[-1] = v
            return rate

        size = lining + count + 1
        pattern = diags([np.ones(size - abs(d)) for d in (-2, -1, 0, 1, 2)], (-2, -1, 0, 1, 2)).tolil()
        pattern[:, -1] = 1
        pattern[lining:, -4:] = 1
        y = np.concatenate([start, [thickness]])
        # The inputs jump every second; blocks keep the solver from stepping over them.
        solution = solve_ivp(
            rates, (0, p.steps * p.dt), y, method="BDF", rtol=1e-7, atol=1e-7,
            jac_sparsity=pattern.tocsc(), max_step=4 * p.dt,
        )
        ends.append(solution.y[-1, -1])
    return np.array(ends)


def reference_channels(p, finer=8, substeps=8):
    """Dissolved kg of the ring at the end: fine nodes, transport exact in Fourier space."""
    c = p.channel
    nodes = c["nodes"] * finer
    step = c["length"] / nodes
    dt = p.dt / substeps
    ring = 2 * nodes
    wave = 2 * np.pi * np.fft.rfftfreq(ring)
    peclet = c["speed"] * step / c["diffusion"]
    bernoulli = peclet / np.expm1(peclet)
    ahead = c["diffusion"] / step**2 * (bernoulli + peclet)
    behind = c["diffusion"] / step**2 * bernoulli
    symbol = ahead * (np.exp(-1j * wave) - 1) + behind * (np.exp(1j * wave) - 1)
    move = np.exp(symbol * dt)
    mix = (1 - np.exp(-2 * c["exchange"] * dt)) / 2
    leaving = c["dissolution"] + c["settling"]
    gone = 1 - np.exp(-leaving * dt)
    weights = p.feeder_weights(nodes)
    feed = np.concatenate([weights, weights[:, ::-1]], axis=1)
    row = p.overlap(nodes)
    use = np.concatenate([row, row[::-1]]) * c["use_kg_s"] * dt
    dissolved = np.full(ring, c["start_kg"] / ring)
    solid = np.full(ring, c["start_solid_kg"] / ring)
    full = c["saturation"] * c["bath"] / ring
    band = c["band"] * c["bath"] / ring
    for n in range(p.steps):
        shot = (p.feed[n] @ feed) / substeps
        for _ in range(substeps):
            dissolved += c["prompt"] * shot - use
            solid += (1 - c["prompt"]) * shot
            drive = np.clip((full - dissolved) / band, 0, 1)
            lost = gone * solid
            dissolved += lost * (c["dissolution"] / leaving) * drive
            solid -= lost * (c["dissolution"] * drive + c["settling"]) / leaving
            both = np.fft.irfft(np.fft.rfft(np.stack([dissolved, solid])) * move, ring)
            exchanged = mix * (both - both[:, ::-1])
            dissolved, solid = both - exchanged
    return np.concatenate([dissolved[:nodes], dissolved[nodes:][::-1]])


def wall_error_m(p, ledges, reference):
    return float(np.max(np.abs(np.asarray(ledges) - reference)))


def channel_error(p, mass, reference):
    """Largest error of the alumina share at an anode."""
    return float(np.max(np.abs(p.anode_means(np.asarray(mass)) - p.anode_means(reference))))


def say(text):
    print(text, file=sys.stderr, flush=True)


def median_time(run, seconds, least=3):
    """Median of repeated runs within a time limit."""
    times, begun = [], time.process_time()
    while len(times) < least or (time.process_time() - begun < seconds and len(times) < 9):
        start = time.process_time()
        run()
        times.append(time.process_time() - start)
        if time.process_time() - begun > 2 * seconds:
            break
    return float(np.median(times))
