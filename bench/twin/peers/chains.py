"""What the finite element peers share: chains of linear elements of unit length, one per wall, with
conductance, heat capacity and sweep per element; and rings of channels."""
import numpy as np
from problem import SIGMA


class Chains:
    """Walls of `cells` cells, bath level first; node 0 of a chain is the shell, the last the front."""

    def __init__(self, p, cells, finer=1):
        self.p, self.cells, self.walls = p, cells, 2 * cells
        widths, conductivity, heat, joints = [], [], [], []
        for layer in p.layers:
            count = round(layer["nodes"] * finer)
            for _ in range(count):
                widths.append(layer["thickness"] / count)
                conductivity.append(layer["conductivity"])
                heat.append(layer["density"] * layer["heat"])
                joints.append(0.0)
            # A contact is an element that resists and does not store.
            widths.append(0.0)
            conductivity.append(0.0)
            heat.append(0.0)
            joints.append(layer["joint"])
        self.lining = len(widths)
        self.ledge = round(p.ledge["nodes"] * finer)
        self.elements = self.lining + self.ledge
        self.nodes = self.elements + 1
        widths, conductivity = np.array(widths), np.array(conductivity)
        joints = np.array(joints)
        self.K = np.zeros((self.walls, self.elements))
        self.C = np.zeros_like(self.K)
        self.A = np.zeros_like(self.K)
        with np.errstate(divide="ignore", invalid="ignore"):
            self.K[:, : self.lining] = np.where(joints > 0, 1 / joints, conductivity / widths)
        self.C[:, : self.lining] = np.array(heat) * widths
        self.k = p.ledge["conductivity"]
        self.heat = p.ledge["density"] * p.ledge["heat"]
        self.middle = (np.arange(self.ledge) + 0.5) / self.ledge
        self.T = np.zeros((self.walls, self.nodes))
        self.s = np.zeros(self.walls)
        self.v = np.zeros(self.walls)
        self.transfer = np.repeat(p.transfer, cells)
        for wall in range(self.walls):
            height = wall // cells
            _, thickness, shell = p.steady(height)
            flux = p.transfer[height] * p.start_superheat
            self.s[wall] = thickness
            self.K[wall, self.lining :] = self.k * self.ledge / thickness
            drops = flux / self.K[wall]
            self.T[wall] = shell + np.concatenate([[0], np.cumsum(drops)])

    def prepare(self):
        """Elements for this step; the outside's slope and source at the shell."""
        p = self.p
        ahead = self.s + 0.5 * p.dt * self.v
        self.K[:, self.lining :] = (self.k * self.ledge / ahead)[:, None]
        self.C[:, self.lining :] = (self.heat * ahead / self.ledge)[:, None]
        self.A[:, self.lining :] = self.heat * self.v[:, None] * self.middle
        shell = self.T[:, 0]
        slope = p.outside + 4 * p.emissivity * SIGMA * shell**3
        lost = p.outside * (shell - p.ambient) + p.emissivity * SIGMA * (shell**4 - p.ambient**4)
        return slope, slope * shell - lost

    def move(self, superheat):
        p, T = self.p, self.T
        g = self.k * self.ledge / (self.s + 0.5 * p.dt * self.v)
        flux = g * (3 * T[:, -1] - 4 * T[:, -2] + T[:, -3]) / 2
        self.v = (flux - self.transfer * superheat) / p.latent
        self.v = np.maximum(self.v, (p.ledge["least"] - self.s) / p.dt)
        self.s = self.s + p.dt * self.v

    def ends(self):
        return [self.s[0], self.s[self.cells]]


class Ring:
    """Concentrations [kg/m] of a ring of both channels, dissolved and undissolved."""

    def __init__(self, p):
        c = p.channel
        self.p, self.n = p, c["nodes"]
        self.ring = 2 * self.n
        self.step = c["length"] / self.n
        self.dissolved = np.full(self.ring, c["start_kg"] / self.ring)
        self.solid = np.full(self.ring, c["start_solid_kg"] / self.ring)
        weights = p.feeder_weights(self.n)
        self.feed = np.concatenate([weights, weights[:, ::-1]], axis=1)
        row = p.overlap(self.n)
        self.use = np.concatenate([row, row[::-1]]) * c["use_kg_s"] * p.dt
        leaving = 1 + (c["dissolution"] + c["settling"]) * p.dt
        self.melting = c["dissolution"] * p.dt / leaving
        self.sinking = c["settling"] * p.dt / leaving
        self.full = c["saturation"] * c["bath"] / self.ring
        self.perBand = self.ring / (c["band"] * c["bath"])
        self.mix = (1 - np.exp(-2 * c["exchange"] * p.dt)) / 2

    def react(self, shots):
        c = self.p.channel
        self.dissolved -= self.use
        if shots.any():
            shot = shots @ self.feed
            self.dissolved += c["prompt"] * shot
            self.solid += (1 - c["prompt"]) * shot
        drive = np.clip((self.full - self.dissolved) * self.perBand, 0, 1)
        melted = self.melting * self.solid * drive
        self.dissolved = np.maximum(self.dissolved + melted, 0)
        self.solid = self.solid * (1 - self.sinking) - melted

    def exchange(self):
        for mass in (self.dissolved, self.solid):
            mass -= self.mix * (mass - mass[::-1])

    def mass(self):
        return np.concatenate([self.dissolved[: self.n], self.dissolved[self.n :][::-1]])
